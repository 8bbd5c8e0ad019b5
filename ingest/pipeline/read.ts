import type { JobRow, ParseContext, SourcedJob } from '../contract/job.ts'
import type { LocatedRecord, Page, SubjectEnd } from '../contract/provider.ts'
import type { FileTally, Tally } from './tally.ts'

const CHUNK_CHARACTERS = 256 * 1024

/**
 * Reads pages, parses their records, and gives the rows as text for `COPY`, chunk by chunk; counts everything
 * in `tally` on the way. At most one page and one chunk are in memory: what pulls the chunks sets the pace.
 */
export async function* copyText(
  job: SourcedJob,
  pages: AsyncIterable<Page | SubjectEnd>,
  context: ParseContext,
  tally: Tally,
  onPage: () => void,
): AsyncGenerator<string> {
  const columns = [...job.key, ...job.values]
  let chunk = ''
  for await (const page of pages) {
    if ('status' in page) {
      tally.end(page)
      continue
    }
    const file = tally.file(page)
    for (const located of page.records) {
      chunk += takeRecord(job, columns, located, file, context, tally)
      if (chunk.length < CHUNK_CHARACTERS) continue
      yield chunk
      chunk = ''
    }
    tally.read_bytes += page.read_bytes ?? 0
    onPage()
  }
  if (chunk !== '') yield chunk
}

/** One record: a line for `COPY`, or the empty string when it became no row. */
function takeRecord(
  job: SourcedJob,
  columns: readonly string[],
  { record, line, malformed }: LocatedRecord,
  file: FileTally,
  context: ParseContext,
  tally: Tally,
): string {
  tally.rows_read += 1
  file.read += 1
  const parsed =
    malformed === undefined ? job.parse(record, context) : { rejected: malformed, kind: 'malformed' as const }
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
  return copyLine(columns, parsed.row, `${item.item_no}\t${file.file_no}\t${line}`)
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
