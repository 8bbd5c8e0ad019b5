import { ownText } from '../../helpers/core/text.ts'
import { holderOf } from '../contract/holder.ts'
import type { JobRow, ParseContext, Parsed, RejectKind, SourcedJob, SourceRecord } from '../contract/job.ts'
import type { LocatedRecord, Page, Subject, SubjectEnd } from '../contract/provider.ts'
import { DistinctKeys } from './distinct-keys.ts'

// Reads the pages of one batch and parses their records, and counts both in a `Tally`.

const CHUNK_BYTES = 64 * 1024
/** Of a character of JavaScript in UTF-8, at most. */
const CHARACTER_BYTES = 3

/**
 * Reads pages, parses their records, and gives the rows as text for `COPY`, chunk by chunk; counts everything
 * in `tally` on the way. At most one page and one chunk are in memory: what pulls the chunks sets the pace. A
 * line is written into its chunk at once: what waits as an object is copied by the collector of garbage.
 */
export async function* copyText(
  job: SourcedJob,
  pages: AsyncIterable<Page | SubjectEnd>,
  context: ParseContext,
  tally: Tally,
  onPage: () => void,
): AsyncGenerator<Buffer> {
  const columns = [...job.key, ...job.values]
  let chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES)
  let bytes = 0
  for await (const page of pages) {
    if ('status' in page) {
      tally.end(page)
      continue
    }
    const file = tally.file(page)
    for (const located of page.records) {
      const line = takeRecord(job, columns, located, file, context, tally)
      if (line === '') continue
      const bytes_max = line.length * CHARACTER_BYTES
      if (bytes + bytes_max > chunk.length) {
        if (bytes > 0) yield chunk.subarray(0, bytes)
        chunk = Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, bytes_max))
        bytes = 0
      }
      bytes += chunk.write(line, bytes)
    }
    tally.read_bytes += page.read_bytes ?? 0
    onPage()
  }
  if (bytes > 0) yield chunk.subarray(0, bytes)
}

/** One record: a line for `COPY`, or the empty string when it became no row. */
function takeRecord(
  job: SourcedJob,
  columns: readonly string[],
  located: LocatedRecord,
  file: FileTally,
  context: ParseContext,
  tally: Tally,
): string {
  const { record, line, malformed } = located
  tally.rows_read += 1
  file.read += 1
  const parsed = malformed === undefined ? job.parse(record, context) : malformedOf(job, located, context)
  if ('skipped' in parsed) {
    tally.rows_skipped += 1
    const item = parsed.item === undefined ? undefined : tally.items.get(parsed.item)
    if (item !== undefined) item.outside += 1
    return ''
  }
  if ('rejected' in parsed && parsed.kind === 'malformed') file.malformed += 1
  const item = parsed.item === undefined ? undefined : tally.items.get(parsed.item)
  if (item === undefined && parsed.item !== undefined && isKnown(parsed.item, context)) {
    // Of an item that this batch does not hold, e.g. one that an earlier attempt finished.
    tally.rows_skipped += 1
    return ''
  }
  if (item !== undefined) file.items.add(item.item)
  if ('rejected' in parsed) {
    if (parsed.off_session_date !== undefined) item?.off_session_dates.push(parsed.off_session_date)
    tally.reject({
      item: item?.item ?? null,
      kind: parsed.kind,
      reason: parsed.rejected,
      file: file.file,
      line,
      record,
    })
    return ''
  }
  if (item === undefined) return ''
  item.rows += 1
  item.files.add(file.archive_sha256)
  tally.rows_copied += 1
  tally.keys.take(item.item_no, parsed.row)
  return copyLine(columns, parsed.row, `${item.item_no}\t${file.file_no}\t${line}`)
}

/**
 * A record that the adapter rejected: of a security of the universe, of another one, or of an unknown one.
 */
function malformedOf(job: SourcedJob, located: LocatedRecord, { identity }: ParseContext): Parsed<JobRow> {
  const { record, malformed = '', is_readable } = located
  const rejected = { rejected: malformed, kind: 'malformed' as const }
  if (is_readable !== true || job.subject !== 'security') return rejected
  const holder = holderOf(record, record['ex_date'] ?? record['date'] ?? '', identity)
  if ('skipped' in holder) return holder
  return 'rejected' in holder ? rejected : { ...rejected, item: holder.source_id }
}

const isKnown = (item: string, { identity }: ParseContext): boolean =>
  identity.bySourceId(item) !== undefined || identity.hasFiler(item)

/** One line in the text format of `COPY`. */
function copyLine(columns: readonly string[], row: JobRow, head: string): string {
  let text = head
  for (const column of columns) {
    const value = row[column]
    text += value === null || value === undefined ? '\t\\N' : `\t${escapeCopy(value)}`
  }
  return `${text}\n`
}

const escapes: Record<string, string> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' }
const SPECIAL = /[\\\t\n\r]/
const escapeCopy = (value: string): string =>
  SPECIAL.test(value) ? value.replace(/[\\\t\n\r]/g, (each) => escapes[each] ?? each) : value

/** What a batch has seen of one of its items. */
export interface ItemTally {
  readonly item: string
  /** Position in the batch, from 0: the items of a group are a range of it. */
  readonly item_no: number
  rows: number
  /** Of the rows, those equal to another one: a page may be delivered twice. */
  copies: number
  outside: number
  rejected: number
  /** Of the rejected ones, those that are another company's. */
  foreign: number
  /** Of the rejected ones, the days on which the exchange was closed. */
  readonly off_session_dates: string[]
  readonly files: Set<string>
  end: SubjectEnd | undefined
}

/** What a batch has seen of one file or response. */
export interface FileTally {
  readonly file: string
  readonly file_no: number
  readonly archive_sha256: string
  read: number
  malformed: number
  readonly items: Set<string>
}

export interface Reject {
  readonly item: string | null
  readonly kind: RejectKind
  readonly reason: string
  readonly file: string
  readonly line: number | null
  readonly record: SourceRecord
}

function ownRecord(record: SourceRecord): SourceRecord {
  const own: Record<string, string | null> = {}
  // A record that comes from the stage has numbers too.
  for (const [field, text] of Object.entries(record))
    own[field] = typeof text === 'string' ? ownText(text) : text
  return own
}

/** Rejects of one batch that are listed one by one; beyond it they are counted, and the log says so. */
export const REJECTS_LISTED_MAX = 100_000

/** Counts one batch while it is read. */
export class Tally {
  readonly items: ReadonlyMap<string, ItemTally>
  readonly files = new Map<string, FileTally>()
  readonly rejects: Reject[] = []
  /** Which items may have a key twice. */
  readonly keys: DistinctKeys
  /** All that were rejected though they may be of a security of ours, where the job asks for them. */
  readonly refused: Reject[] = []
  rows_read = 0
  rows_skipped = 0
  rows_rejected = 0
  rows_copied = 0
  read_bytes = 0

  readonly #keeps_refused: boolean

  /** @param key the columns of the key of a row. */
  constructor(subjects: readonly Subject[], key: readonly string[], keeps_refused: boolean) {
    this.keys = new DistinctKeys(key)
    this.#keeps_refused = keeps_refused
    this.items = new Map(
      subjects.map(({ item }, item_no) => [
        item,
        {
          item,
          item_no,
          rows: 0,
          copies: 0,
          outside: 0,
          rejected: 0,
          foreign: 0,
          off_session_dates: [],
          files: new Set(),
          end: undefined,
        },
      ]),
    )
  }

  file({ file, archive_sha256 }: Page): FileTally {
    const known = this.files.get(file)
    if (known !== undefined) return known
    const tally = {
      file,
      file_no: this.files.size,
      archive_sha256,
      read: 0,
      malformed: 0,
      items: new Set<string>(),
    }
    this.files.set(file, tally)
    return tally
  }

  reject(reject: Reject): void {
    this.rows_rejected += 1
    const item = reject.item === null ? undefined : this.items.get(reject.item)
    if (item !== undefined) {
      item.rejected += 1
      if (reject.kind === 'foreign') item.foreign += 1
    }
    const isRefused = this.#keeps_refused && reject.kind !== 'foreign'
    const isListed = this.rejects.length < REJECTS_LISTED_MAX
    if (!isRefused && !isListed) return
    const kept = { ...reject, reason: ownText(reject.reason), record: ownRecord(reject.record) }
    if (isRefused) this.refused.push(kept)
    if (isListed) this.rejects.push(kept)
  }

  /**
   * An end of its own, from the provider or from the pipeline. A failure outweighs the others; the first one
   * is kept.
   */
  end(end: SubjectEnd): void {
    const item = this.items.get(end.item)
    if (item === undefined) return
    if (item.end === undefined || (end.status === 'failed' && item.end.status !== 'failed')) item.end = end
  }
}
