import { join } from 'node:path'
import type { Database } from '../../helpers/postgres/database.ts'
import { queryFile } from '../../helpers/postgres/query-file.ts'
import type { Window } from '../contract/job.ts'

const SQL = join(import.meta.dirname, 'sql')

/** A statement that goes on from the (security, session) pairs that should have a bar. */
export const onPairs = (name: string): string =>
  queryFile(SQL, name, { pairs: queryFile(SQL, 'coverage-pairs') })

/** Sessions in a row on which a listed security has no bar. */
export interface Gap {
  readonly source_id: string
  readonly ticker: string
  readonly first_date: string
  readonly last_date: string
  /** Sessions without a bar. */
  readonly missing: number
}

/** A security whose listing day no source has, with its first bar after the start of the window. */
export interface UnknownListing {
  readonly source_id: string
  readonly ticker: string
  readonly first_trade_date: string
  /** Sessions of the window before its first bar, under a ticker of its own. */
  readonly sessions: number
}

export interface Coverage {
  /**
   * Over the securities that have bars at all: (security, session) pairs inside listing, ticker interval and
   * window.
   */
  readonly total: {
    readonly expected: number
    readonly present: number
    readonly missing: number
    readonly ratio: number
  }
  /**
   * Not listed yet, or not delivered: it is not known which. Counted apart: among the gaps they would need a
   * threshold so wide that true gaps pass too.
   */
  readonly listing_unknown: readonly UnknownListing[]
  /** Their sessions, as a share of these and of all that were expected. */
  readonly listing_unknown_ratio: number
  /** Every missing pair, by security and run of sessions, the longest first. */
  readonly gaps: readonly Gap[]
  /** Securities that were listed in the window and have no bar in it: named here, not counted above. */
  readonly without_bars: readonly {
    readonly source_id: string
    readonly ticker: string
    readonly sessions: number
  }[]
}

/**
 * The bars that are missing, by name. An illiquid security has sessions without a trade: a gap is a finding,
 * not yet an error.
 */
export async function coverageOf(db: Database, window: Window): Promise<Coverage> {
  const values = [window.start_date, window.end_date]
  // Each reads all bars of the window; side by side where `db` has the connections.
  const [totals, gaps, listing_unknown] = await Promise.all([
    db.rows<{ source_id: string; ticker: string; expected: number; present: number }>(
      onPairs('coverage-by-security'),
      values,
    ),
    db.rows<Gap & Record<string, unknown>>(onPairs('coverage-gaps'), values),
    db.rows<UnknownListing & Record<string, unknown>>(onPairs('coverage-listing-unknown'), values),
  ])
  const unknown = listing_unknown.reduce((sum, { sessions }) => sum + sessions, 0)
  const covered = totals.filter(({ present }) => present > 0)
  const expected = covered.reduce((sum, each) => sum + each.expected, 0)
  const present = covered.reduce((sum, each) => sum + each.present, 0)
  return {
    total: { expected, present, missing: expected - present, ratio: expected === 0 ? 0 : present / expected },
    gaps,
    listing_unknown,
    listing_unknown_ratio: unknown === 0 ? 0 : unknown / (expected + unknown),
    without_bars: totals
      .filter((each) => each.present === 0)
      .map(({ source_id, ticker, expected: sessions }) => ({ source_id, ticker, sessions })),
  }
}
