import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { from as copyFrom } from 'pg-copy-streams'
import { PreconditionError } from '../../helpers/core/errors.ts'
import type { Database } from '../../helpers/postgres/database.ts'
import { queryFile } from '../../helpers/postgres/query-file.ts'
import type { Dataset, JobRow, SourcedJob, SourceRecord } from '../contract/job.ts'
import { type Provider, SourceError, type Subject } from '../contract/provider.ts'
import { corporateActions } from '../corporate-actions.ts'
import { identityOf, type KnownSecurity, loadKnownSecurities } from '../pipeline/identity.ts'
import { pricesDaily } from '../prices-daily.ts'

/** Counts of the records of the second source. `rows_read` is the sum of the others and of duplicates. */
export interface SecondSource {
  readonly rows_read: number
  readonly rows_kept: number
  /** Of securities that are not in the database. */
  readonly rows_skipped: number
  readonly rows_rejected: number
  /** Closes of one day that differ from each other. */
  readonly rows_contradicted: number
}

const SQL = join(import.meta.dirname, 'sql')
const WINDOW = { start_date: '0001-01-01', end_date: '9999-12-31' }
/** Every security: when a folder cannot be read, that holds for all of them. */
const ANYBODY = { item: '*', source_id: undefined, cik: undefined, ticker: undefined, tickers: [] }
const SPLITS = new Set(['split', 'stock_dividend'])

/**
 * Reads a second source into tables of its own, in one transaction; `name` is recorded with it. It replaces
 * an earlier second source. Its securities are matched by source_id, else by the ticker that its own
 * intervals give them on the day, or by the last ticker where its mapping says so.
 *
 * @throws SourceError for a file that cannot be read; an earlier second source then stays.
 */
export async function loadSecondSource(
  db: Database,
  provider: Provider,
  name: string,
  signal = new AbortController().signal,
): Promise<SecondSource> {
  return db.transaction(async (tx) => {
    const members = await tx.rows<{ source_id: string; ticker: string }>(
      'select source_id, ticker from stocks_research.securities',
    )
    if (members.length === 0)
      throw new PreconditionError(
        'No securities to compare a second source with. Run the jobs first: npm run ingest -- run all',
      )
    const known = await loadKnownSecurities(tx, members)
    const delivery = readDelivery(provider, name, known, signal)
    await tx.execute(queryFile(SQL, 'begin'))
    await copy(
      tx,
      'pg_temp.second_bars (security_id, trade_date, close)',
      delivery.rows(pricesDaily, (row) => [row['security_id'], row['trade_date'], row['close']]),
    )
    await copy(
      tx,
      'pg_temp.second_actions (security_id, ex_date, cash_amount, split_ratio)',
      delivery.rows(corporateActions, eventOf),
    )
    const { contradicted } = await tx.one<{ contradicted: number }>(queryFile(SQL, 'keep-closes'))
    await tx.execute(
      `insert into ingestion.second_events (security_id, ex_date, cash_amount, split_ratio)
       select * from pg_temp.second_actions order by 1, 2`,
    )
    const counts = {
      ...delivery.counts,
      rows_contradicted: contradicted,
      rows_kept: delivery.counts.rows_kept - contradicted,
    }
    await tx.rows(queryFile(SQL, 'record-source'), [
      name,
      delivery.sha256(),
      delivery.has.splits,
      delivery.has.dividends,
      counts.rows_read,
      counts.rows_kept,
      counts.rows_skipped,
      counts.rows_rejected,
      counts.rows_contradicted,
    ])
    await tx.execute('analyze ingestion.second_prices; analyze ingestion.second_events')
    return counts
  })
}

type Fields = readonly (string | null | undefined)[]

/** A payment or a split; other events are not compared. */
function eventOf(row: JobRow): Fields | undefined {
  const kind = row['kind'] ?? ''
  if (SPLITS.has(kind))
    return [row['security_id'], row['ex_date'], null, ratio(row['split_to'], row['split_from'])]
  return row['cash_amount'] == null
    ? undefined
    : [row['security_id'], row['ex_date'], row['cash_amount'], null]
}
// Sixteen digits are more than a comparison of ratios needs.
const ratio = (to: string | null | undefined, from: string | null | undefined): string =>
  (Number(to) / Number(from)).toFixed(16)

interface Interval {
  readonly ticker: string
  readonly valid_from: string
  readonly valid_to: string | null
}

function readDelivery(provider: Provider, name: string, ours: readonly KnownSecurity[], signal: AbortSignal) {
  const identity = identityOf(ours)
  // A history under a last ticker is matched with the securities that are requested.
  const subjects = ours.map((security): Subject => ({ ...security, item: security.source_id }))
  const hashes = new Set<string>()
  /** The kinds of event it has at all, also of other securities. */
  const has = { splits: false, dividends: false }
  const counts = { rows_read: 0, rows_kept: 0, rows_skipped: 0, rows_rejected: 0 }

  async function* records(dataset: Dataset): AsyncGenerator<{ record: SourceRecord; isMalformed: boolean }> {
    const ask = { dataset, subjects, window: WINDOW, first_session_date: WINDOW.start_date }
    const batch = { label: dataset, subjects: [ANYBODY], estimate: { requests: 0, bytes: 0 } }
    for await (const page of provider.read(ask, batch, signal)) {
      if ('status' in page) {
        if (page.status !== 'failed') continue // There is no such folder.
        throw new SourceError(
          `The second source ${name} cannot be read: ${page.reason} Nothing of it was stored.`,
          {
            error_class: 'malformed',
          },
        )
      }
      hashes.add(page.archive_sha256)
      for (const { record, malformed } of page.records) yield { record, isMalformed: malformed !== undefined }
    }
  }

  /** Its own intervals, by its own ids. */
  async function intervals(): Promise<Map<string, Interval[]>> {
    const found = new Map<string, Interval[]>()
    for await (const { record } of records('ticker_history')) {
      const { source_id, ticker, valid_from, valid_to } = record
      if (source_id == null || ticker == null) continue
      found.set(source_id, [
        ...(found.get(source_id) ?? []),
        { ticker, valid_from: valid_from ?? WINDOW.start_date, valid_to: valid_to ?? null },
      ])
    }
    return found
  }

  let known: Promise<Map<string, Interval[]>> | undefined
  async function* rows(
    job: SourcedJob,
    fieldsOf: (row: JobRow) => Fields | undefined,
  ): AsyncGenerator<string> {
    known ??= intervals()
    const tickers = await known
    const day = job === pricesDaily ? 'date' : 'ex_date'
    for await (const { record, isMalformed } of records(job.dataset)) {
      counts.rows_read += 1
      if (SPLITS.has(record['kind'] ?? '')) has.splits = true
      else if (record['cash_amount'] != null) has.dividends = true
      const date = record[day] ?? ''
      const held = tickers
        .get(record['source_id'] ?? '')
        ?.find(({ valid_from, valid_to }) => valid_from <= date && (valid_to === null || date <= valid_to))
      const ticker = record['ticker'] ?? held?.ticker
      const holder =
        identity.bySourceId(record['source_id'] ?? '') ??
        (ticker === undefined ? undefined : identity.byTicker(ticker, date))
      if (holder === undefined) {
        counts[isMalformed ? 'rows_rejected' : 'rows_skipped'] += 1
        continue
      }
      const parsed = isMalformed
        ? undefined
        : job.parse(
            { ...record, source_id: holder.source_id },
            // A bar of a closed day has no bar of ours to compare with.
            { identity, window: WINDOW, isSession: () => true, provider: 'second-source' },
          )
      if (parsed === undefined || !('row' in parsed)) {
        const isForeign = parsed !== undefined && ('skipped' in parsed || parsed.kind === 'foreign')
        counts[isForeign ? 'rows_skipped' : 'rows_rejected'] += 1
        continue
      }
      const fields = fieldsOf(parsed.row)
      counts[fields === undefined ? 'rows_skipped' : 'rows_kept'] += 1
      if (fields !== undefined) yield `${fields.map((field) => field ?? '\\N').join('\t')}\n`
    }
  }

  const sha256 = (): string =>
    createHash('sha256')
      .update([...hashes].toSorted().join('\n'))
      .digest('hex')
  return { rows, counts, has, sha256 }
}

async function copy(tx: Database, target: string, lines: AsyncIterable<string>): Promise<void> {
  await pipeline(Readable.from(lines), tx.client().query(copyFrom(`copy ${target} from stdin`)))
}
