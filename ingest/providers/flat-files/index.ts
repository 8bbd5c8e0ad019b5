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
import { listFiles, stemOf } from './files.ts'
import { FOLDERS } from './layout.ts'
import { otherRows, pagesOf, type Readers } from './pages.ts'
import type { DeliveryFile, Part } from './parts.ts'
import { type LastHolder, scopeOf } from './records.ts'

/**
 * A delivery of flat files: one folder for each dataset, CSV (plain, gzip, zstd, zipped) or Parquet, read by
 * header name.
 */
export function flatFiles(root: string, log: Log = silentLog()): Provider {
  return {
    name: 'flat-files',
    datasets: ['securities', 'ticker_history', 'prices_daily', 'corporate_actions', 'fundamentals'],

    async batches(ask) {
      // Everything at once: a dataset is all of its files together, and any of them may hold any subject.
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

    async *read(ask, batch, signal) {
      const { files, is_from_securities } = await filesFor(root, ask)
      if (files.length === 0) {
        const folders = FOLDERS[ask.dataset].map(({ name }) => `${name}/`)
        const reason = `The delivery has no ${folders.join(', ')}${folders.length > 1 ? ' with files in any of them' : ' with a file in it'}.`
        for (const { item } of batch.subjects) yield { item, status: 'not_found', reason }
        return
      }
      const lastHolder = lastHolderOf(ask)
      const doubles = [...Map.groupBy(files, ({ name }) => stemOf(name)).values()].filter(
        (group) => group.length > 1,
      )
      for (const group of doubles)
        log.warn(
          { files: group.map(({ name }) => name) },
          'one table by their names: what all of them say is taken once',
        )
      for (const file of files) {
        for await (const page of readFile(file, batch, { lastHolder, log }, signal)) {
          yield 'status' in page || !is_from_securities
            ? page
            : { ...page, records: page.records.map((each) => intervalOf(each, ask.first_session_date)) }
        }
      }
    },
  }
}

function lastHolderOf({ subjects }: Ask): LastHolder {
  const holders = Map.groupBy(subjects, ({ ticker }) => ticker)
  return (ticker) => {
    const held = holders.get(ticker)
    return held === undefined ? undefined : held.length > 1 ? null : held[0]?.source_id
  }
}

/** The files of a dataset. Without intervals of its own a delivery has those that follow from its securities. */
async function filesFor(
  root: string,
  { dataset, subjects }: Ask,
): Promise<{ files: AskedFile[]; is_from_securities: boolean }> {
  const filers = new Set(subjects.map(({ cik }) => cik))
  const isAsked = (part: Part): boolean => {
    const scope = scopeOf(part)
    return scope === undefined || filers.has(scope)
  }
  const files = (await listFiles(root, FOLDERS[dataset]))
    .map((file) => ({ ...file, parts: file.parts.filter(isAsked), is_whole: file.parts.every(isAsked) }))
    .filter(({ parts }) => parts.length > 0)
  const is_from_securities = files.length === 0 && dataset === ('ticker_history' satisfies Dataset)
  return {
    files: is_from_securities
      ? (await listFiles(root, FOLDERS.securities)).map((file) => ({ ...file, is_whole: true }))
      : files,
    is_from_securities,
  }
}

/** A file, and those of its parts that may hold what is asked for. */
interface AskedFile extends DeliveryFile {
  readonly is_whole: boolean
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
        rows = Number.NaN // Already told.
      }
    }
    // Text is hashed while it is read; what is read here and there is hashed once more.
    if (file.parts.some(({ entry, kind }) => entry !== undefined || kind === 'parquet'))
      await verifyUnchanged(file, sha256)
    const { name, listed, is_whole } = file
    if (listed?.rows !== undefined && is_whole && !Number.isNaN(rows) && rows !== listed.rows)
      throw otherRows(name, rows, listed.rows)
  } catch (error) {
    if (!(error instanceof SourceError)) throw error
    yield* endsOf(file.parts, batch, error)
  }
}

/** What could not be read to its end may hold anything of a subject, so none of its subjects is complete. */
function* endsOf(parts: readonly Part[], batch: Batch, error: SourceError): Generator<SubjectEnd> {
  const scopes = new Set(parts.map(scopeOf))
  for (const { item, cik } of batch.subjects) {
    if (scopes.has(undefined) || scopes.has(cik))
      yield { item, status: 'failed', error_class: error.error_class, reason: error.message }
  }
}

/**
 * The ticker interval that follows from a record of the securities, for a delivery without intervals: its last
 * ticker over its whole listing. Earlier renames are unknown; the reason marks the row.
 */
function intervalOf({ record, line, malformed }: LocatedRecord, first_session_date: string): LocatedRecord {
  const list_date = record['list_date'] ?? null
  const interval = {
    source_id: record['source_id'] ?? null,
    ticker: record['ticker'] ?? null,
    valid_from: list_date ?? first_session_date,
    valid_to: record['delist_date'] ?? null,
    exchange_mic: record['exchange_mic'] ?? null,
    reason:
      list_date === null
        ? 'from the securities master, since the first session known'
        : 'from the securities master',
  }
  return malformed === undefined ? { record: interval, line } : { record: interval, line, malformed }
}
