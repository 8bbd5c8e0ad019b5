import { join } from 'node:path'
import type { Database } from '../../helpers/postgres/database.ts'
import { queryFile } from '../../helpers/postgres/query-file.ts'
import type { Recomputation, Violation } from './check.ts'
import { compare, divide, ONE, type Rational, rational, subtract, ZERO } from './rational.ts'

const SQL = join(import.meta.dirname, 'sql')
/** Days between the end of a listing and the event that ended it. */
const DAYS_MAX = 10
const DAY_MS = 86_400_000
const PLAIN = /^[0-9]+(\.[0-9]+)?$/
/** The view rounds to twelve decimals, from a quotient that was rounded at sixteen or more. */
const ROUNDING: Rational = { n: 5_001n, d: 10n ** 16n }

export interface ListingRow extends Record<string, unknown> {
  readonly security_id: string
  readonly source_id: string
  readonly has_security: boolean
  readonly has_row: boolean
  readonly is_copied: boolean
  readonly currency: string | null
  readonly delist_date: string | null
  readonly last_close: string | null
  readonly delisting_kind: string | null
  readonly delisting_event_date: string | null
  readonly delisting_return: string | null
  readonly delisting_return_reason: string | null
}
export interface ListingEvent extends Record<string, unknown> {
  readonly security_id: string
  readonly kind: 'delisting' | 'merger'
  readonly ex_date: string
  readonly cash_amount: string | null
  readonly currency: string | null
  readonly reason: string | null
  readonly stated_kind: string | null
  readonly cash_rate: string | null
  readonly stock_rate: string | null
}
interface End {
  readonly delisting_kind: string | null
  readonly delisting_event_date: string | null
  readonly delisting_return: Rational | null
  readonly delisting_return_reason: string | null
}

export const listingsRecomputation: Recomputation = {
  name: 'listings-equal-recomputation',
  claim: 'listings, every row of the view, equal an independent recomputation',
  severity: 'hard',
  why:
    'How a listing ended and what its holders received decide the return of a delisted security. The ' +
    'recomputation uses exact fractions; a return may differ by the rounding to twelve decimals.',
  job: 'securities',
  is_acceptable: false,
  find: recomputeListings,
}

/** Every row of `securities_listing_v` that is not what securities, bars and events give. */
async function recomputeListings(db: Database): Promise<Violation[]> {
  const rows = await db.rows<ListingRow>(queryFile(SQL, 'listing-rows'))
  const events = await db.rows<ListingEvent>(queryFile(SQL, 'listing-events'))
  const bySecurity = Map.groupBy(events, ({ security_id }) => security_id)
  const seen = new Set<string>()
  const violations: Violation[] = []
  for (const row of rows) {
    const fault = faultOf(row, bySecurity.get(row.security_id) ?? [], seen.has(row.security_id))
    seen.add(row.security_id)
    if (fault === undefined) continue
    const { source_id: subject, security_id } = row
    const { delisting_kind, delisting_event_date, delisting_return, delisting_return_reason } = row
    violations.push({
      subject,
      view: 'securities_listing_v',
      fault,
      security_id,
      delisting_kind,
      delisting_event_date,
      delisting_return,
      delisting_return_reason,
    })
  }
  return violations
}

function faultOf(row: ListingRow, events: readonly ListingEvent[], is_repeated: boolean): string | undefined {
  if (!row.has_row) return 'it is missing'
  if (!row.has_security) return 'no security gives it'
  if (is_repeated) return 'it is repeated'
  if (!row.is_copied) return 'it differs from its security or its bars'
  // Two events of one kind and day are equally good: the view may show either.
  return endsOf(row, events).some((end) => isEqual(row, end)) ? undefined : 'the end of the listing differs'
}

/** How the listing ended, by each event that may have ended it. */
function endsOf({ currency, delist_date, last_close }: ListingRow, all: readonly ListingEvent[]): End[] {
  const events = all.filter(({ kind, ex_date }) =>
    // An acquirer may have the merger too, and stays listed.
    delist_date === null ? kind === 'delisting' : daysBetween(ex_date, delist_date) <= DAYS_MAX,
  )
  const mergers = events.filter(({ kind }) => kind === 'merger')
  const ranked = mergers.length > 0 ? mergers : events
  const last = ranked
    .map(({ ex_date }) => ex_date)
    .toSorted()
    .at(-1)
  if (last === undefined) {
    const delisting_return_reason = delist_date === null ? 'listed' : 'no_event_known'
    return [
      { delisting_kind: null, delisting_event_date: null, delisting_return: null, delisting_return_reason },
    ]
  }
  return ranked
    .filter(({ ex_date }) => ex_date === last)
    .map((event) => {
      const { kind, reason, stated_kind } = event
      const proceeds = proceedsOf(event, currency)
      return {
        delisting_kind: kind === 'merger' ? 'merger' : (reason ?? stated_kind ?? 'unknown'),
        delisting_event_date: last,
        delisting_return: returnOf(proceeds, last_close),
        delisting_return_reason: reasonOf(proceeds, last_close),
      }
    })
}

/** Cash per share, where holders received cash and nothing else; else null. */
function proceedsOf(event: ListingEvent, listed_currency: string | null): Rational | null {
  const { kind, cash_amount, currency, cash_rate, stock_rate } = event
  const amount = cash_amount ?? (cash_rate !== null && PLAIN.test(cash_rate) ? cash_rate : null)
  const has_stock = stock_rate !== null && !(PLAIN.test(stock_rate) && !/[1-9]/.test(stock_rate))
  const is_own_currency = currency === null || currency === listed_currency
  if (kind !== 'merger' || amount === null || has_stock || !is_own_currency) return null
  const cash = rational(amount)
  return compare(cash, ZERO) > 0n ? cash : null
}

function returnOf(proceeds: Rational | null, last_close: string | null): Rational | null {
  if (proceeds === null || last_close === null || !PLAIN.test(last_close)) return null
  const close = rational(last_close)
  return compare(close, ZERO) > 0n ? subtract(divide(proceeds, close), ONE) : null
}

function reasonOf(proceeds: Rational | null, last_close: string | null): string | null {
  if (last_close === null) return 'no_close'
  return proceeds === null ? 'proceeds_not_known' : null
}

function isEqual(row: ListingRow, end: End): boolean {
  return (
    row.delisting_kind === end.delisting_kind &&
    row.delisting_event_date === end.delisting_event_date &&
    row.delisting_return_reason === end.delisting_return_reason &&
    isRounded(row.delisting_return, end.delisting_return)
  )
}

function isRounded(stored: string | null, exact: Rational | null): boolean {
  if (stored === null || exact === null) return stored === null && exact === null
  const difference = subtract(rational(stored), exact)
  const size = difference.n < 0n ? { n: -difference.n, d: difference.d } : difference
  return compare(size, ROUNDING) <= 0n
}

const daysBetween = (a: string, b: string): number => Math.abs(Date.parse(a) - Date.parse(b)) / DAY_MS
