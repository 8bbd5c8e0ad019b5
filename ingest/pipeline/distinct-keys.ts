import { ownText } from '../../helpers/core/text.ts'
import type { JobRow } from '../contract/job.ts'

/** Keys of one work item that are remembered at most: more, and the item is searched for duplicates in SQL. */
const KEYS_MAX = 200_000

/**
 * Tells, while rows stream by, which work items have each key once. Only the others, the suspects, are
 * searched for duplicates in SQL. An item whose keys ascend has no key twice, in whatever order the items
 * come; of an item whose rows come together, hashes of the keys are compared. Every other item is a suspect.
 * Equal keys have equal hashes; two keys with one hash only make their item a suspect.
 */
export class DistinctKeys {
  /** Positions of the items that may have a key twice. */
  readonly suspects = new Set<number>()
  readonly #columns: readonly string[]
  /** The greatest key of each item so far, except of the one whose rows are coming for the first time. */
  readonly #greatest = new Map<number, string>()
  #item_no = -1
  /** The row with the greatest key of the item whose rows are coming for the first time. */
  #row: JobRow | undefined
  #hashes: HashSet | undefined

  /** @param columns of the key, in its order. */
  constructor(columns: readonly string[]) {
    this.#columns = columns
  }

  /** Takes the key of the next row. */
  take(item_no: number, row: JobRow): void {
    if (item_no !== this.#item_no) this.#begin(item_no)
    if (this.#greatest.has(item_no)) this.#takeAgain(item_no, row)
    else this.#takeFirst(item_no, row)
  }

  /** A row of an item whose rows have come together so far. */
  #takeFirst(item_no: number, row: JobRow): void {
    const isNew = this.#hashes?.add(hashOf(this.#columns, row)) ?? false
    if (this.#row === undefined || isGreater(this.#columns, row, this.#row)) this.#row = row
    else if (!isNew) this.suspects.add(item_no)
    if (this.#hashes !== undefined && this.#hashes.size > KEYS_MAX) this.#hashes = undefined
  }

  /** A row of an item that other items have interrupted. */
  #takeAgain(item_no: number, row: JobRow): void {
    const key = keyText(this.#columns, row)
    if (key > (this.#greatest.get(item_no) ?? '')) this.#greatest.set(item_no, key)
    else this.suspects.add(item_no)
  }

  #begin(item_no: number): void {
    // Not the row itself: its texts are parts of the chunk that was read, and would keep it in memory.
    if (this.#row !== undefined) this.#greatest.set(this.#item_no, ownText(keyText(this.#columns, this.#row)))
    this.#item_no = item_no
    this.#row = undefined
    if (!this.#greatest.has(item_no)) this.#hashes = new HashSet()
  }
}

// Text in which null and a missing value are one.
const NULL_TEXT = '\\N'

/** The key of a row as one text, which is ordered as the columns are; a value never holds the separator. */
function keyText(columns: readonly string[], row: JobRow): string {
  let text = ''
  for (const column of columns) text += `${row[column] ?? NULL_TEXT}\u0000`
  return text
}

function isGreater(columns: readonly string[], row: JobRow, other: JobRow): boolean {
  for (const column of columns) {
    const value = row[column] ?? NULL_TEXT
    const than = other[column] ?? NULL_TEXT
    if (value !== than) return value > than
  }
  return false
}

/** A hash of 53 bits, never 0: FNV-1a, and beside it the mixing of MurmurHash3. */
function hashOf(columns: readonly string[], row: JobRow): number {
  let fnv = 0x81_1c_9d_c5
  let murmur = 0
  for (const column of columns) {
    const value = row[column] ?? NULL_TEXT
    for (let at = 0; at < value.length; at += 1) {
      const code = value.charCodeAt(at)
      fnv = Math.imul(fnv ^ code, 0x01_00_01_93)
      murmur = Math.imul(murmur ^ code, 0x5b_d1_e9_95)
      murmur = (murmur << 13) | (murmur >>> 19)
    }
    fnv = Math.imul(fnv, 0x01_00_01_93) // The end of a value.
    murmur = Math.imul(murmur ^ 0x10_000, 0x5b_d1_e9_95)
  }
  murmur = Math.imul(murmur ^ (murmur >>> 16), 0x85_eb_ca_6b)
  return ((fnv ^ (fnv >>> 15)) >>> 0) * 2 ** 21 + (murmur >>> 11) || 1
}

/** Hashes in one array with open addressing: eight to sixteen bytes for each, and no object. */
class HashSet {
  size = 0
  #slots = new Float64Array(64)

  /** Returns false when the hash is there. */
  add(hash: number): boolean {
    if (!put(this.#slots, hash)) return false
    this.size += 1
    if (this.size * 2 <= this.#slots.length) return true
    const larger = new Float64Array(this.#slots.length * 2)
    for (const each of this.#slots) if (each !== 0) put(larger, each)
    this.#slots = larger
    return true
  }
}

function put(slots: Float64Array, hash: number): boolean {
  const last = slots.length - 1
  let at = Math.floor(hash / 2 ** 21) & last
  for (; slots[at] !== 0; at = (at + 1) & last) if (slots[at] === hash) return false
  slots[at] = hash
  return true
}
