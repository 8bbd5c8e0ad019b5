import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { FormatError, messageOf } from '../../helpers/core/errors.ts'
import { redact, redactDeep } from '../../helpers/core/redact.ts'
import {
  type Incoming,
  objectPath,
  openIncoming,
  readObject,
  type Storage,
  sha256,
  storeObject,
  writeWhole,
} from './objects.ts'

/**
 * The archive of responses: bodies by content under `objects/`, one small file for each response under
 * `responses/`.
 *
 *     objects/ab/abcd….zst                       a body, packed; `.raw` when it came packed (zip)
 *     responses/12/1234…/2026-01-02T03-04-05.678Z-abcd1234.json   what was asked and what was answered
 *
 * Every file is complete before a rename gives it its name. Any number of processes can therefore write at
 * once, and a killed one leaves only a partial file, which is never read. The entry is written after its
 * body, so that every entry has one.
 */
const entrySchema = z.strictObject({
  fingerprint: z.string().regex(/^[0-9a-f]{64}$/),
  provider: z.string().min(1),
  adapter_version: z.string().min(1),
  method: z.string(),
  url: z.string(),
  http_status: z.int(),
  headers: z.record(z.string(), z.string()),
  outcome: z.enum(['ok', 'empty', 'not_found']),
  fetched_at: z.iso.datetime(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  storage: z.enum(['zst', 'raw']),
  body_bytes: z.int().min(0),
})
export type ArchiveEntry = Readonly<z.infer<typeof entrySchema>>
export type Asked = Pick<
  ArchiveEntry,
  'fingerprint' | 'provider' | 'adapter_version' | 'method' | 'url' | 'http_status' | 'headers' | 'outcome'
>

// What later questions ask for: freshness, type, and how the provider counts. Nothing that could carry a
// session or a key.
const KEPT_HEADERS = new RegExp(
  `^(${[
    'content-type',
    'content-length',
    'content-encoding',
    'date',
    'etag',
    'last-modified',
    'age',
    'retry-after',
    'x-ratelimit-.*',
    'x-request-id',
  ].join('|')})$`,
)

export interface Archive {
  readonly directory: string
  /**
   * The newest response to a fingerprint, fetched at `since_at` (ISO 8601) or later; undefined when there is
   * none.
   */
  find(fingerprint: string, since_at?: string): Promise<ArchiveEntry | undefined>
  /** The body of an entry, proven by its hash. */
  body(entry: ArchiveEntry): Promise<Buffer>
  /** Where a body stored as it came lies. */
  path(entry: ArchiveEntry): string
  /** Stores a response. */
  store(asked: Asked, body: Buffer): Promise<ArchiveEntry>
  /** Begins a body too large for memory; `storeIncoming` makes it count. */
  incoming(): Promise<Incoming>
  storeIncoming(asked: Asked, incoming: Incoming): Promise<ArchiveEntry>
}

export function openArchive(directory: string): Archive {
  async function write(
    asked: Asked,
    object: { sha256: string; storage: Storage },
    body_bytes: number,
  ): Promise<ArchiveEntry> {
    const fetched_at = new Date().toISOString()
    const headers = Object.fromEntries(
      Object.entries(asked.headers).filter(([name]) => KEPT_HEADERS.test(name)),
    )
    const entry: ArchiveEntry = { ...redactDeep({ ...asked, headers }), fetched_at, ...object, body_bytes }
    const name = `${fetched_at.replaceAll(':', '-')}-${randomUUID().slice(0, 8)}.json`
    await writeWhole(join(folderOf(directory, asked.fingerprint), name), `${JSON.stringify(entry)}\n`)
    return entry
  }
  return {
    directory,
    async find(fingerprint, since_at) {
      const folder = folderOf(directory, fingerprint)
      const names = (await readdir(folder).catch(() => []))
        .filter((name) => name.endsWith('.json'))
        .toSorted()
      const newest = names.at(-1)
      if (newest === undefined) return undefined
      const entry = readEntry(join(folder, newest))
      return since_at !== undefined && entry.fetched_at < new Date(since_at).toISOString() ? undefined : entry
    },
    body: (entry) => readObject(directory, entry.sha256, entry.storage),
    path: (entry) => objectPath(directory, entry.sha256, entry.storage),
    store: async (asked, body) => write(asked, await storeObject(directory, body), body.length),
    incoming: () => openIncoming(directory),
    async storeIncoming(asked, incoming) {
      const { sha256: digest, storage, bytes } = await incoming.commit()
      return write(asked, { sha256: digest, storage }, bytes)
    },
  }
}

const folderOf = (root: string, fingerprint: string): string =>
  join(root, 'responses', fingerprint.slice(0, 2), fingerprint)

/** @throws FormatError when the file is not an entry. */
export function readEntry(file: string): ArchiveEntry {
  try {
    return entrySchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch (error) {
    throw new FormatError(
      `${file} is not an entry of a response archive: ${messageOf(error)}. ` +
        'Remove it, or restore the archive.',
      {
        cause: error,
      },
    )
  }
}

export interface Question {
  readonly method: string
  /** The official address, secrets and all: they are taken out here. */
  readonly url: string
  readonly body?: string | undefined
  /** Query parameters that carry a key: they are not part of the question. */
  readonly secret_parameters?: readonly string[] | undefined
  /**
   * Query parameters that name the present moment ("through today"): the same question tomorrow has another
   * value.
   */
  readonly volatile_parameters?: readonly string[] | undefined
}

/**
 * The address without secrets (to be shown), and the fingerprint: SHA-256 of method, address and SHA-256 of
 * the body. Secret parameters are left out of it, volatile ones are named without a value, so that a replay
 * finds them on any day.
 */
export function fingerprintOf(question: Question): { fingerprint: string; url: string } {
  const shown = new URL(question.url)
  shown.username = ''
  shown.password = ''
  for (const name of question.secret_parameters ?? [])
    if (shown.searchParams.has(name)) shown.searchParams.set(name, 'redacted')
  const asked = new URL(shown)
  for (const name of question.volatile_parameters ?? [])
    if (asked.searchParams.has(name)) asked.searchParams.set(name, '*')
  asked.searchParams.sort()
  asked.hash = ''
  const text = redact(`${question.method} ${asked.href}\n${sha256(question.body ?? '')}`)
  return { fingerprint: sha256(text), url: redact(shown.href) }
}
