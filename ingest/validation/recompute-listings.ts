import { join } from 'node:path'
import type { Database } from '../../helpers/postgres/database.ts'
import { queryFile } from '../../helpers/postgres/query-file.ts'
import type { Recomputation, Violation } from './check.ts'
import {
  endOf,
  type ListedSecurity,
  type ListingEnd,
  type ListingEvent,
  type RefusedEnd,
} from './listing-ends.ts'
import { compare, type Rational, rational, subtract } from './rational.ts'

const SQL = join(import.meta.dirname, 'sql')
/** A return is rounded to twelve decimals, from a quotient that was rounded at sixteen or more. */
const ROUNDING: Rational = { n: 5_001n, d: 10n ** 16n }
const EXACT: Rational = { n: 0n, d: 1n }

interface ListingRow extends ListedSecurity, Record<string, unknown> {
  readonly security_id: string
  readonly source_id: string
  readonly has_security: boolean
  readonly has_row: boolean
  readonly has_delisting: boolean
  readonly is_copied: boolean
  readonly security_type: string | null
  readonly currency: string | null
  readonly list_date: string | null
  readonly delist_date: string | null
  readonly is_listed: boolean | null
  readonly last_ticker_date: string | null
  readonly first_trade_date: string | null
  readonly last_trade_date: string | null
  readonly is_first_of_all: boolean | null
  readonly is_recent: boolean
  readonly last_close: string | null
  readonly listed_from: string | null
  readonly listed_from_evidence: string | null
  readonly listed_to: string | null
  readonly listed_to_evidence: string | null
  readonly listing_reason: string | null
  readonly end_date: string | null
  readonly has_stated_end: boolean | null
  readonly delisting_code: string | null
  readonly event_date: string | null
  readonly cash_per_share: string | null
  readonly shares_per_share: string | null
  readonly acquirer_security_id: string | null
  readonly value_per_share: string | null
  readonly value_date: string | null
  readonly delisting_return: string | null
  readonly delisting_return_reason: string | null
}
interface EventRow extends ListingEvent, Record<string, unknown> {
  readonly security_id: string
}
interface RefusedRow extends RefusedEnd, Record<string, unknown> {
  readonly security_id: string
}

export const listingsRecomputation: Recomputation = {
  name: 'listings-equal-recomputation',
  claim: 'listings and their ends, every row of the views, equal an independent recomputation',
  severity: 'hard',
  why:
    'How a listing ended and what its holders received decide the return of a delisted security. The ' +
    'recomputation uses exact fractions; a return may differ by the rounding to twelve decimals.',
  job: 'securities',
  is_acceptable: false,
  find: recomputeListings,
}

/** Every row of the two views of listings that is not what securities, bars and events give. */
async function recomputeListings(db: Database): Promise<Violation[]> {
  const rows = await db.rows<ListingRow>(queryFile(SQL, 'listing-rows'))
  const events = Map.groupBy(
    await db.rows<EventRow>(queryFile(SQL, 'listing-events')),
    ({ security_id }) => security_id,
  )
  const refused = Map.groupBy(
    await db.rows<RefusedRow>('select security_id::text, kind, ex_date from stocks_research.refused_events'),
    ({ security_id }) => security_id,
  )
  const seen = new Set<string>()
  const violations: Violation[] = []
  for (const row of rows) {
    const { security_id } = row
    const end = endOf(row, events.get(security_id) ?? [], refused.get(security_id) ?? [])
    const fault = seen.has(security_id) ? 'it is repeated' : faultOf(row, end)
    seen.add(security_id)
    if (fault === undefined) continue
    const { source_id: subject, delisting_code, event_date, delisting_return, delisting_return_reason } = row
    violations.push({
      subject,
      fault,
      security_id,
      delisting_code,
      event_date,
      delisting_return,
      delisting_return_reason,
    })
  }
  return violations
}

function faultOf(row: ListingRow, end: ListingEnd | undefined): string | undefined {
  if (!row.has_security) return 'no security gives it'
  if (!row.has_row) return 'it is missing from securities_listing_v'
  if (!row.is_copied) return 'it differs from its security or its bars'
  if (!isSpanRight(row, end)) return 'the span of the listing or its evidence differs'
  if (row.has_delisting !== (end !== undefined)) return 'delistings_v has it and should not, or the reverse'
  return end === undefined || isEndRight(row, end) ? undefined : 'the end of the listing differs'
}

function isSpanRight(row: ListingRow, end: ListingEnd | undefined): boolean {
  const { list_date, first_trade_date, last_trade_date } = row
  return (
    row.listed_from === (list_date ?? first_trade_date) &&
    row.listed_from_evidence === evidenceOfStart(row) &&
    row.listed_to === (end?.end_date ?? last_trade_date) &&
    row.listed_to_evidence === evidenceOfEnd(row, end) &&
    row.listing_reason === (end === undefined ? 'listed' : end.reason)
  )
}

function evidenceOfStart({ list_date, first_trade_date, is_first_of_all }: ListingRow): string {
  if (list_date !== null) return 'stated'
  if (first_trade_date === null) return 'not_known'
  return is_first_of_all === true ? 'window' : 'first_bar'
}

function evidenceOfEnd({ last_trade_date, is_recent }: ListingRow, end: ListingEnd | undefined): string {
  if (end?.has_stated_end === true) return 'stated'
  if (last_trade_date === null) return 'not_known'
  return is_recent && end === undefined ? 'window' : 'last_bar'
}

const isEndRight = (row: ListingRow, end: ListingEnd): boolean =>
  row.end_date === end.end_date &&
  row.has_stated_end === end.has_stated_end &&
  row.delisting_code === end.delisting_code &&
  row.event_date === end.event_date &&
  row.acquirer_security_id === end.acquirer_security_id &&
  row.shares_per_share === end.shares_per_share &&
  row.value_date === end.value_date &&
  row.delisting_return_reason === end.reason &&
  isWithin(row.cash_per_share, end.cash_per_share, EXACT) &&
  isWithin(row.value_per_share, end.value_per_share, EXACT) &&
  isWithin(row.delisting_return, end.delisting_return, ROUNDING)

function isWithin(stored: string | null, exact: Rational | null, limit: Rational): boolean {
  if (stored === null || exact === null) return stored === null && exact === null
  const difference = subtract(rational(stored), exact)
  const size = difference.n < 0n ? { n: -difference.n, d: difference.d } : difference
  return compare(size, limit) <= 0n
}
