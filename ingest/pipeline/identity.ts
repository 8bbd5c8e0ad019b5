import { createHash } from 'node:crypto'
import { VerificationError } from '../../helpers/core/errors.ts'
import type { Database } from '../../helpers/postgres/database.ts'
import type { Holder, Identity } from '../contract/job.ts'
import type { UniverseMember } from '../universe/read.ts'

/** A ticker that a security held, days inclusive, `valid_to` null while it still does. */
export interface Interval {
  readonly ticker: string
  readonly valid_from: string
  readonly valid_to: string | null
}

/** What our own tables know of one member of the universe. */
export interface KnownSecurity extends Holder {
  readonly ticker: string
  /** False until the securities job has brought it in. */
  readonly is_in_master: boolean
  /** As the master has it, else as the universe says. */
  readonly cik: string | undefined
  /** Share class FIGI and id at a provider, as the universe says. */
  readonly figi?: string | undefined
  readonly provider_id?: string | undefined
  readonly tickers: readonly Interval[]
}

/**
 * The permanent identity of a security: the first 48 bits of SHA-256 of its source id, so that a rebuild
 * gives the same numbers whatever the order of loading. 48 bits stay exact in a JSON number;
 * `loadKnownSecurities` refuses a collision.
 */
export function securityIdOf(source_id: string): number {
  return createHash('sha256').update(source_id, 'utf8').digest().readUIntBE(0, 6)
}

/**
 * The members of the universe as `securities` and `ticker_history` know them now, in the order of the
 * universe.
 *
 * @throws VerificationError when two source ids claim one security_id.
 */
export async function loadKnownSecurities(
  db: Database,
  universe: readonly UniverseMember[],
): Promise<KnownSecurity[]> {
  const securities = await db.rows<{
    security_id: string
    source_id: string
    ticker: string
    cik: string | null
    delist_date: string | null
  }>(`select security_id::text, source_id, ticker, cik, delist_date from stocks_research.securities`)
  const intervals = await db.rows<{
    security_id: string
    ticker: string
    valid_from: string
    valid_to: string | null
  }>(
    `select security_id::text, ticker, valid_from, valid_to
     from stocks_research.ticker_history
     order by security_id, valid_from`,
  )
  const bySource = new Map(securities.map((row) => [row.source_id, row]))
  const byId = new Map(securities.map((row) => [Number(row.security_id), row.source_id]))
  const tickers = Map.groupBy(intervals, (row) => Number(row.security_id))
  return universe.map(({ source_id, ticker, cik, figi, provider_id }) => {
    const row = bySource.get(source_id)
    const security_id = row === undefined ? securityIdOf(source_id) : Number(row.security_id)
    const holder = byId.get(security_id)
    if (holder !== undefined && holder !== source_id) {
      throw new VerificationError(
        `"${source_id}" and "${holder}" have the same security_id ${security_id}. Nothing was changed; ` +
          'give one of them another source_id.',
      )
    }
    byId.set(security_id, source_id)
    return {
      security_id,
      source_id,
      ticker: row?.ticker ?? ticker,
      is_in_master: row !== undefined,
      cik: row?.cik ?? cik,
      figi,
      provider_id,
      delist_date: row?.delist_date ?? undefined,
      tickers: (tickers.get(security_id) ?? []).map(({ ticker, valid_from, valid_to }) => ({
        ticker,
        valid_from,
        valid_to,
      })),
    }
  })
}

/** Answers who is who, from memory: a job asks it once for each record. */
export function identityOf(known: readonly KnownSecurity[]): Identity {
  const bySource = new Map(known.map((security) => [security.source_id, security]))
  const byTicker = Map.groupBy(
    known.flatMap((holder) => holder.tickers.map((interval) => ({ holder, interval }))),
    ({ interval }) => interval.ticker,
  )
  const filers = new Set(known.flatMap(({ cik }) => (cik === undefined ? [] : [cik])))
  return {
    bySourceId: (source_id) => bySource.get(source_id),
    byTicker: (ticker, date) => byTicker.get(ticker)?.find(({ interval }) => covers(interval, date))?.holder,
    knowsTicker: (ticker) => byTicker.has(ticker),
    isListed: (holder, date) =>
      bySource.get(holder.source_id)?.tickers.some((interval) => covers(interval, date)) ?? false,
    hasFiler: (cik) => filers.has(cik),
  }
}

// Days as YYYY-MM-DD sort as text.
const covers = ({ valid_from, valid_to }: Interval, date: string): boolean =>
  valid_from <= date && (valid_to === null || date <= valid_to)
