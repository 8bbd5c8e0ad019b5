import { createHash } from 'node:crypto'
import { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { to as copyTo } from 'pg-copy-streams'
import type { Database } from '../postgres/database.ts'
import { databaseError } from '../postgres/lost.ts'

/**
 * A run of rows in key order. Where a run ends is decided by the key of its last row alone, not by counting,
 * so that a row which comes, goes or changes leaves every run but its own as it was.
 */
export interface Segment {
  /** Key of its last row, as COPY writes it, columns apart by a tab; "…" for the run that the table ends. */
  readonly last_key: string
  readonly rows: number
  /** First 16 hexadecimal digits of the SHA-256 of its rows. */
  readonly sha256: string
}

/**
 * About one row in so many ends a segment: narrow enough to look at by hand, few enough to keep in a
 * manifest.
 */
const ROWS_PER_SEGMENT = 4_096
const NEWLINE = 10
const TAB = 9

/**
 * Streams `copy (query) to stdout` through SHA-256. The first `keyColumns` columns are the key. Holds one
 * chunk in memory, whatever the size.
 */
export async function hashQuery(
  tx: Database,
  query: string,
  keyColumns: number,
): Promise<{ rows: number; sha256: string; segments: Segment[] }> {
  const whole = createHash('sha256')
  const segments: Segment[] = []
  let rows = 0
  let segment = createHash('sha256')
  let segmentRows = 0
  let rest: Buffer | undefined

  const cut = (last_key: string): void => {
    segments.push({ last_key, rows: segmentRows, sha256: segment.digest('hex').slice(0, 16) })
    segment = createHash('sha256')
    segmentRows = 0
  }
  const take = (bytes: Buffer): void => {
    let from = 0
    let line = 0
    for (;;) {
      const end = bytes.indexOf(NEWLINE, line)
      if (end === -1) break
      rows += 1
      segmentRows += 1
      if (keyColumns > 0 && hashKey(bytes, line, keyColumns) % ROWS_PER_SEGMENT === 0) {
        segment.update(bytes.subarray(from, end + 1))
        cut(bytes.toString('utf8', line, endOfKey(bytes, line, end, keyColumns)))
        from = end + 1
      }
      line = end + 1
    }
    if (line > from) segment.update(bytes.subarray(from, line))
    rest = line < bytes.length ? Buffer.from(bytes.subarray(line)) : undefined
  }
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      whole.update(chunk)
      take(rest === undefined ? chunk : Buffer.concat([rest, chunk]))
      done()
    },
  })
  try {
    await pipeline(tx.client().query(copyTo(`copy (${query}) to stdout`)), sink)
  } catch (error) {
    throw databaseError(`hash "${query.slice(0, 200)}"`, error, tx.client())
  }
  if (segmentRows > 0) cut('…')
  return { rows, sha256: whole.digest('hex'), segments }
}

function endOfKey(bytes: Buffer, from: number, end: number, columns: number): number {
  let position = from
  for (let column = 1; ; column += 1) {
    const tab = bytes.indexOf(TAB, position)
    if (tab === -1 || tab > end) return end
    if (column === columns) return tab
    position = tab + 1
  }
}

/**
 * FNV-1a, 32 bits, of the first columns of the line that begins at `from`: cheap, and even over short keys.
 * One pass: to search for the tabs first takes as long again. http://www.isthe.com/chongo/tech/comp/fnv/
 */
function hashKey(bytes: Buffer, from: number, columns: number): number {
  let hash = 0x81_1c_9d_c5
  let columns_left = columns
  for (let at = from; ; at += 1) {
    const byte = bytes[at] ?? NEWLINE
    if (byte === TAB) columns_left -= 1
    if (byte === NEWLINE || columns_left === 0) break
    hash = Math.imul(hash ^ byte, 0x01_00_01_93)
  }
  return (hash ^ (hash >>> 15)) >>> 0
}
