import { DATASET_NAMES } from '../../../helpers/config/bootstrap.ts'
import { type Log, silentLog } from '../../../helpers/core/log.ts'
import type { Dataset } from '../../contract/job.ts'
import {
  type Ask,
  type Batch,
  type LocatedRecord,
  type Page,
  type Provider,
  SourceError,
  type SubjectEnd,
} from '../../contract/provider.ts'
import { hashFile, verifyUnchanged } from './bytes.ts'
import { eventsStatedOnce } from './events-in-rows.ts'
import { listFiles, stemOf } from './files.ts'
import { inputFiles } from './input-files.ts'
import { FOLDERS } from './layout.ts'
import { hasEvents, otherRows, pagesOf, type Readers } from './pages.ts'
import type { DeliveryFile, Part } from './parts.ts'
import { RebuiltPrices } from './rebuilt-prices.ts'
import { scopeOf } from './records.ts'
import { SplitEvidence, type SplitResult } from './split-evidence.ts'
import { tickersOf } from './tickers.ts'

/** Datasets that a delivery may lack: prices are enough. */
const OPTIONAL: readonly Dataset[] = ['corporate_actions', 'fundamentals', 'filings', 'fx_rates']

/**
 * A delivery: a folder of a vendor's files, one folder for each dataset, CSV (plain, gzip, zstd, zipped) or
 * Parquet, read by header name. `onSplits` is called with what the closes show at the splits.
 */
export function flatFiles(
  root: string,
  log: Log = silentLog(),
  onSplits: (result: SplitResult) => void = () => {},
): Provider {
  return {
    name: 'flat-files',
    datasets: DATASET_NAMES,

    async batches(ask) {
      // One batch: a dataset is all of its files together, and any of them may hold any subject.
      const { files } = await filesFor(root, ask).catch(() => ({ files: [] }))
      const bytes = files.reduce((sum, { size_bytes }) => sum + size_bytes, 0)
      return [
        {
          label: `${ask.dataset}, ${files.length} files`,
          subjects: ask.subjects,
          estimate: { requests: files.length, bytes },
        },
      ]
    },

    inputFiles: (ask) => inputFiles(root, ask),

    async *read(ask, batch, signal) {
      const readers = { tickers: tickersOf(ask.subjects), log }
      const { files, is_from_securities } = await filesFor(root, ask)
      const with_events = ask.dataset === 'corporate_actions' ? await filesWithEvents(root, readers) : []
      if (files.length + with_events.length === 0) {
        yield* absent(ask.dataset, batch, log)
        return
      }
      warnOfCopies(files, log)
      if (is_from_securities) {
        for (const file of files)
          for await (const page of readFile(file, batch, readers, signal))
            yield 'status' in page
              ? page
              : { ...page, records: page.records.map((each) => intervalOf(each, ask.first_session_date)) }
      } else if (ask.dataset === 'corporate_actions') {
        yield* readActions(files, with_events, batch, readers, signal)
      } else if (ask.dataset === 'prices_daily') {
        yield* readPrices(root, ask, files, batch, { ...readers, onSplits }, signal)
      } else for (const file of files) yield* readFile(file, batch, readers, signal)
    },
  }
}

/** The ends of a dataset that the delivery does not have; reported once. */
function* absent(dataset: Dataset, { subjects }: Batch, log: Log): Generator<SubjectEnd> {
  const folders = FOLDERS[dataset].map(({ name }) => `${name}/`)
  const rest = folders.length > 1 ? ' with files in any of them' : ' with a file in it'
  const reason = `The delivery has no ${folders.join(', ')}${rest}.`
  const status = OPTIONAL.includes(dataset) ? 'empty' : 'not_found'
  // Few payments are in another currency, and few vendors have filings: nobody misses them.
  if (dataset !== 'fx_rates' && dataset !== 'filings')
    log.warn(
      { dataset, folders, ...(status === 'empty' ? { expected: true } : {}) },
      'the delivery does not have this dataset',
    )
  for (const { item } of subjects) yield { item, status, reason }
}

function warnOfCopies(files: readonly DeliveryFile[], log: Log): void {
  for (const group of Map.groupBy(files, ({ name }) => stemOf(name)).values())
    if (group.length > 1)
      log.warn(
        { files: group.map(({ name }) => name) },
        'by their names these files are one table: a record that is in several of them counts once',
      )
}

/** The files of a dataset. A delivery without intervals has those that follow from its securities. */
async function filesFor(
  root: string,
  { dataset, subjects }: Pick<Ask, 'dataset' | 'subjects'>,
): Promise<{ files: AskedFile[]; is_from_securities: boolean }> {
  const filers = new Set(subjects.map(({ cik }) => cik))
  const isAsked = (part: Part): boolean => {
    const scope = scopeOf(part)
    return scope === undefined || filers.has(scope)
  }
  const files = (await listFiles(root, FOLDERS[dataset]))
    .map((file) => ({ ...file, parts: file.parts.filter(isAsked), is_complete: file.parts.every(isAsked) }))
    .filter(({ parts }) => parts.length > 0)
  const is_from_securities = files.length === 0 && dataset === ('ticker_history' satisfies Dataset)
  return {
    files: is_from_securities ? await allFiles(root, 'securities') : files,
    is_from_securities,
  }
}

const allFiles = async (root: string, dataset: Dataset): Promise<AskedFile[]> =>
  (await listFiles(root, FOLDERS[dataset])).map((file) => ({ ...file, is_complete: true }))

/** A file, and those of its parts that may hold what is asked for. */
interface AskedFile extends DeliveryFile {
  readonly is_complete: boolean
}

/** Files of prices whose rows hold events. A file that cannot be read is the affair of the job for prices. */
async function filesWithEvents(root: string, readers: Readers): Promise<AskedFile[]> {
  const found: AskedFile[] = []
  for (const file of await allFiles(root, 'prices_daily').catch(() => [])) {
    const parts: Part[] = []
    for (const part of file.parts) if (await hasEvents(part, '', readers).catch(() => false)) parts.push(part)
    if (parts.length > 0) found.push({ ...file, parts, is_complete: parts.length === file.parts.length })
  }
  return found
}

/** The events of the folders, then those in rows of prices that the folders do not state. */
async function* readActions(
  files: readonly AskedFile[],
  with_events: readonly AskedFile[],
  batch: Batch,
  readers: Readers,
  signal: AbortSignal,
): AsyncGenerator<Page | SubjectEnd> {
  const once = eventsStatedOnce(readers.tickers)
  const rebuilt = rebuiltOf(with_events, readers)
  const isCashAdjusted = rebuilt !== undefined && unadjustingOf(with_events)?.cash === 'split'
  if (isCashAdjusted) {
    const splits = { ...readers, log: silentLog(), is_for_events: true }
    for (const file of [...files, ...with_events])
      for await (const page of readFile(file, batch, splits, signal))
        if (!('status' in page)) rebuilt.addSplits(page.records)
  }
  for (const file of files)
    for await (const page of readFile(file, batch, readers, signal)) {
      if (with_events.length > 0 && !('status' in page)) once.remember(page.records)
      yield page
    }
  for (const file of with_events)
    for await (const page of readFile(file, batch, { ...readers, is_for_events: true }, signal)) {
      if ('status' in page) yield page
      else {
        const records = once.remaining(page.records)
        yield { ...page, records: isCashAdjusted ? rebuilt.cash(records) : records }
      }
    }
}

/** How the prices of a delivery are rebuilt: a folder has one mapping. */
const unadjustingOf = (files: readonly AskedFile[]) => files[0]?.parts[0]?.mapping.unadjust

function rebuiltOf(files: readonly AskedFile[], { tickers }: Readers): RebuiltPrices | undefined {
  const how = unadjustingOf(files)
  return how === undefined ? undefined : new RebuiltPrices(tickers, how)
}

/** The prices, and an end for every security whose closes contradict the splits of the delivery. */
async function* readPrices(
  root: string,
  ask: Ask,
  files: readonly AskedFile[],
  batch: Batch,
  readers: Readers & { readonly onSplits: (result: SplitResult) => void },
  signal: AbortSignal,
): AsyncGenerator<Page | SubjectEnd> {
  const rebuilt = rebuiltOf(files, readers)
  const evidence = new SplitEvidence(readers.tickers, rebuilt !== undefined)
  const silent = { ...readers, log: silentLog() }
  const actions = { dataset: 'corporate_actions', subjects: ask.subjects } as const
  // A fault in these files is the affair of the job for corporate actions.
  const split_files = (await filesFor(root, actions).catch(() => ({ files: [] }))).files.filter(
    ({ folder }) => folder.name === 'splits',
  )
  const with_events = await filesWithEvents(root, silent)
  for await (const page of readActions(split_files, with_events, batch, silent, signal)) {
    if ('status' in page) continue
    evidence.addSplits(page.records)
    rebuilt?.addSplits(page.records)
  }
  for (const file of files)
    for await (const page of readFile(file, batch, readers, signal)) {
      if ('status' in page) {
        yield page
        continue
      }
      const records = rebuilt?.prices(page.records) ?? page.records
      if (!evidence.is_empty) evidence.addPrices(records)
      yield { ...page, records }
    }
  readers.onSplits({ ...evidence.result(), rebuilt: rebuilt?.splits_count })
  yield* evidence.ends(batch.subjects.map(({ item }) => item))
  if (rebuilt === undefined) return
  readers.log.info({ splits: rebuilt.splits_count }, 'prices are rebuilt from split-adjusted ones')
  yield* rebuilt.ends()
  if (split_files.length + with_events.length > 0) return
  const reason =
    'Its prices are adjusted for splits, and the delivery has no list of splits to rebuild them with. ' +
    'Deliver splits/, or unadjusted prices.'
  for (const { item } of batch.subjects) yield { item, status: 'failed', error_class: 'malformed', reason }
}

/** The pages of one file, and an end for every subject that a fault in it leaves incomplete. */
async function* readFile(
  file: AskedFile,
  batch: Batch,
  readers: Readers,
  signal: AbortSignal,
): AsyncGenerator<Page | SubjectEnd> {
  let rows = 0
  try {
    const sha256 = await hashFile(file)
    for (const part of file.parts) {
      signal.throwIfAborted()
      try {
        rows += yield* pagesOf(part, sha256, readers)
      } catch (error) {
        if (!(error instanceof SourceError)) throw error
        yield* endsOf([part], batch, error)
        rows = Number.NaN // Its fault is reported; the number of rows is not another one.
      }
    }
    // Text is hashed while it is read; files with random access are hashed once more.
    if (file.parts.some(({ entry, kind }) => entry !== undefined || kind === 'parquet'))
      await verifyUnchanged(file, sha256)
    const { name, listed, is_complete } = file
    if (listed?.rows !== undefined && is_complete && !Number.isNaN(rows) && rows !== listed.rows)
      throw otherRows(name, rows, listed.rows)
  } catch (error) {
    if (!(error instanceof SourceError)) throw error
    yield* endsOf(file.parts, batch, error)
  }
}

/** A part that could not be read to its end may hold records of any subject, so none of them is complete. */
function* endsOf(parts: readonly Part[], batch: Batch, error: SourceError): Generator<SubjectEnd> {
  const scopes = new Set(parts.map(scopeOf))
  for (const { item, cik } of batch.subjects) {
    if (scopes.has(undefined) || scopes.has(cik))
      yield { item, status: 'failed', error_class: error.error_class, reason: error.message }
  }
}

/**
 * The ticker interval that follows from a record of the securities, for a delivery without intervals: its
 * last ticker over its whole listing. Earlier renames are unknown; the reason marks the row.
 */
function intervalOf({ record, ...located }: LocatedRecord, first_session_date: string): LocatedRecord {
  const list_date = record['list_date'] ?? null
  const origin = 'from the securities master'
  const interval = {
    source_id: record['source_id'] ?? null,
    ticker: record['ticker'] ?? null,
    valid_from: list_date ?? first_session_date,
    valid_to: record['delist_date'] ?? null,
    exchange_mic: record['exchange_mic'] ?? null,
    reason: list_date === null ? `${origin}, since the first session known` : origin,
  }
  return { ...located, record: interval }
}
