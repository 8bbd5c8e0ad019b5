import { type Log, silentLog } from '../../../helpers/log.ts'
import type { Dataset } from '../../pipeline/job.ts'
import {
  type Ask,
  type Batch,
  type LocatedRecord,
  type Page,
  type Provider,
  SourceError,
  type SubjectEnd,
} from '../../pipeline/provider.ts'
import { type DropFile, hashFile, listFiles, textOf } from './files.ts'
import { FOLDERS } from './layout.ts'
import { RecordSplitter } from './lines.ts'
import { type RecordMaker, recordMaker, scopeOf } from './records.ts'
import { intervalOf } from './ticker-intervals.ts'

const RECORDS_A_PAGE = 4_000

/** A drop of flat files: one folder for each dataset, CSV or gzipped CSV, read by header name. */
export function flatFiles(root: string, log: Log = silentLog()): Provider {
  return {
    name: 'flat-files',
    datasets: ['securities', 'ticker_history', 'prices_daily', 'corporate_actions', 'fundamentals'],

    async batches(ask) {
      // Everything at once: a dataset is all of its files together, and any of them may hold any subject.
      const { files } = await filesFor(root, ask).catch(() => ({ files: [] }))
      const bytes = files.reduce((sum, { size_bytes }) => sum + size_bytes, 0)
      return [{ label: `${ask.dataset}, ${files.length} files`, subjects: ask.subjects, estimate: { requests: files.length, bytes } }]
    },

    async *read(ask, batch, signal) {
      const { files, is_from_securities } = await filesFor(root, ask)
      if (files.length === 0) {
        const folders = FOLDERS[ask.dataset].map(({ name }) => `${name}/`)
        const reason = `The drop has no ${folders.join(', ')}${folders.length > 1 ? ' with files in any of them' : ' with a file in it'}.`
        for (const { item } of batch.subjects) yield { item, status: 'not_found', reason }
        return
      }
      for (const file of files) {
        signal.throwIfAborted()
        try {
          for await (const page of pagesOf(file, log)) {
            yield is_from_securities ? { ...page, records: page.records.map((each) => intervalOf(each, ask.first_session_date)) } : page
          }
        } catch (error) {
          if (!(error instanceof SourceError)) throw error
          yield* endsOf(file, batch, error)
        }
      }
    },
  }
}

/** The files of a dataset. Without intervals of its own a drop has those that follow from its securities. */
async function filesFor(root: string, { dataset, subjects }: Ask): Promise<{ files: DropFile[]; is_from_securities: boolean }> {
  const files = (await listFiles(root, FOLDERS[dataset])).filter((file) => {
    const scope = scopeOf(file)
    return scope === undefined || subjects.some(({ cik }) => cik === scope)
  })
  const is_from_securities = files.length === 0 && dataset === ('ticker_history' satisfies Dataset)
  return { files: is_from_securities ? await listFiles(root, FOLDERS.securities) : files, is_from_securities }
}

/** One file could not be read to its end: whatever it may hold of a subject is missing, so none of its subjects is complete. */
function* endsOf(file: DropFile, batch: Batch, error: SourceError): Generator<SubjectEnd> {
  const scope = scopeOf(file)
  for (const { item, cik } of batch.subjects) {
    if (scope === undefined || scope === cik) yield { item, status: 'failed', error_class: error.error_class, reason: error.message }
  }
}

async function* pagesOf(file: DropFile, log: Log): AsyncGenerator<Page> {
  const archive_sha256 = await hashFile(file)
  const splitter = new RecordSplitter()
  let maker: RecordMaker | undefined
  let records: LocatedRecord[] = []
  let [rows, paged_bytes] = [0, 0]
  const page = (read_bytes: number): Page => {
    const full = { file: file.name, archive_sha256, records, read_bytes: read_bytes - paged_bytes }
    rows += records.length
    paged_bytes = read_bytes
    records = []
    return full
  }

  for await (const { text, read_bytes } of withEnd(textOf(file, archive_sha256))) {
    for (const raw of splitter.take(text ?? '', text === undefined)) {
      if (maker === undefined) {
        maker = recordMaker(file, raw.fields ?? [raw.text])
        if (maker.unknown_columns.length > 0) log.info({ file: file.name, columns: maker.unknown_columns }, 'columns that nobody knows')
        continue
      }
      records.push(maker.make(raw))
      if (records.length >= RECORDS_A_PAGE) yield page(read_bytes)
    }
    if (text === undefined) yield page(read_bytes)
  }
  if (maker === undefined)
    throw new SourceError(`${file.name} is empty: not even a header row. Copy it again.`, { error_class: 'truncated' })
  if (file.listed?.rows !== undefined && file.listed.rows !== rows) {
    throw new SourceError(`${file.name} has ${rows} records; manifest.json says ${file.listed.rows}.`, { error_class: 'truncated' })
  }
}

/** The pieces, and a last one without text: the rest of the file is then a line. */
async function* withEnd(pieces: AsyncIterable<{ text: string; read_bytes: number }>) {
  let read_bytes = 0
  for await (const piece of pieces) {
    read_bytes = piece.read_bytes
    yield piece as { text: string | undefined; read_bytes: number }
  }
  yield { text: undefined, read_bytes }
}
