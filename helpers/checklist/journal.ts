import { createHash } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { redactDeep } from '../core/redact.ts'
import { plainJson } from '../core/text.ts'
import type { JournalEntry, RunEvent } from './events.ts'

/** The hash that the first line names as its predecessor. */
const GENESIS = '0'.repeat(64)

/**
 * The fields that can carry text from outside. The others are the plan's own words, hashes and names of ours:
 * a password that happens to be a word of them must neither hide a box nor break the chain.
 */
const REDACTED_FIELDS = new Set([
  'identity',
  'message',
  'evidence',
  'errors',
  'fault',
  'note',
  'reasons',
  'narrowed',
])

/** The lines of a journal, and the first one that is wrong. */
export interface JournalReading {
  readonly entries: readonly JournalEntry[]
  /** Hash of the last good line. */
  readonly head: string
  /** The first wrong line, 1-based; undefined when the journal is intact. */
  readonly fault: { readonly line: number; readonly what: string } | undefined
  /** Bytes of the good lines. What follows is a torn tail when `is_torn`. */
  readonly good_bytes: number
  /** True when only the last line fails, and it has no end: the mark of a process that died while writing. */
  readonly is_torn: boolean
}

/**
 * An append-only file, one JSON object a line, each chained to the one before by SHA-256 and flushed to the
 * disk before the next act. Only the main process writes it.
 */
export class Journal {
  readonly file: string
  readonly #handle: number
  #seq: number
  #head: string
  #bytes: number

  private constructor(
    file: string,
    flag: 'ax' | 'a',
    { seq, head, bytes }: { seq: number; head: string; bytes: number },
  ) {
    this.file = file
    this.#handle = openSync(file, flag)
    this.#seq = seq
    this.#head = head
    this.#bytes = bytes
  }

  /** Starts a journal. Throws when the file exists: two runs never share one. */
  static create(file: string): Journal {
    mkdirSync(dirname(file), { recursive: true })
    return new Journal(file, 'ax', { seq: 0, head: GENESIS, bytes: 0 })
  }

  /** Continues the journal of a process that died, after cutting the line that it could not finish. */
  static recover(file: string, reading: JournalReading): Journal {
    const handle = openSync(file, 'r+')
    ftruncateSync(handle, reading.good_bytes)
    closeSync(handle)
    return new Journal(file, 'a', {
      seq: reading.entries.length,
      head: reading.head,
      bytes: reading.good_bytes,
    })
  }

  /**
   * Appends one event, redacted, and returns when it is on the disk. One that does not fit there leaves no
   * half line behind.
   */
  append(event: RunEvent, now = new Date()): JournalEntry {
    const clean = Object.entries(event).map(([name, value]) => [
      name,
      REDACTED_FIELDS.has(name) ? redactDeep<unknown>(value) : value,
    ])
    const body = {
      seq: this.#seq + 1,
      at: now.toISOString(),
      prev: this.#head,
      ...(Object.fromEntries(clean) as RunEvent),
    }
    const sha256 = hashOf(body)
    const line = Buffer.from(`${plainJson({ ...body, sha256 })}\n`)
    try {
      writeFileSync(this.#handle, line)
      fsyncSync(this.#handle)
    } catch (error) {
      truncateSync(this.file, this.#bytes)
      throw error
    }
    this.#bytes += line.length
    this.#seq += 1
    this.#head = sha256
    return { ...body, sha256 } as JournalEntry
  }

  close(): void {
    closeSync(this.#handle)
  }
}

/**
 * Reads and checks a journal: numbering, chain, hashes, complete lines. Throws for no content of the file.
 */
export function verifyJournal(file: string): JournalReading {
  return readJournal(readFileSync(file))
}

export function readJournal(bytes: Buffer): JournalReading {
  const entries: JournalEntry[] = []
  let head = GENESIS
  let good_bytes = 0
  const failed = (what: string, is_torn: boolean): JournalReading => ({
    entries,
    head,
    fault: { line: entries.length + 1, what },
    good_bytes,
    is_torn,
  })
  while (good_bytes < bytes.length) {
    const end = bytes.indexOf(0x0a, good_bytes)
    if (end === -1) return failed('it has no end: the process died while writing it', true)
    const line = bytes.subarray(good_bytes, end)
    const parsed = parseLine(line.toString('utf8'))
    if (parsed === undefined) return failed('it is not a JSON object', false)
    const { sha256, ...body } = parsed
    if (body.seq !== entries.length + 1)
      return failed(`its number is ${body.seq}, not ${entries.length + 1}`, false)
    if (body.prev !== head) return failed('it does not name the hash of the line before', false)
    // The bytes themselves are compared too, so that a changed one which parses to the same object is seen.
    if (sha256 !== hashOf(body) || !line.equals(Buffer.from(plainJson(parsed))))
      return failed('its hash does not match its content', false)
    entries.push(parsed)
    head = sha256
    good_bytes = end + 1
  }
  return { entries, head, fault: undefined, good_bytes, is_torn: false }
}

const hashOf = (body: object): string => createHash('sha256').update(plainJson(body)).digest('hex')

function parseLine(text: string): JournalEntry | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return value !== null && typeof value === 'object' && 'sha256' in value
      ? (value as JournalEntry)
      : undefined
  } catch {
    return undefined
  }
}
