import type { Database } from '../../helpers/postgres/database.ts'
import { firstAtOrAfter } from './adjust.ts'
import { divide, multiply, type Rational, rational } from './rational.ts'

/** Sessions within which what was spun off must have its first close. */
const SESSIONS_MAX = 10
const PLAIN = /^\d{1,20}(\.\d{1,20})?$/

/** What a spin-off gave for one old share. */
export interface Worth {
  readonly amount: Rational
  readonly currency: string | null
}
export interface SpinOff extends Record<string, unknown> {
  readonly security_id: string
  readonly ex_date: string
  readonly action_key: string
  readonly new_source_id: string | null
  readonly new_symbol: string | null
  readonly new_rate: string | null
  readonly source_rate: string | null
}
interface Close extends Record<string, unknown> {
  readonly security_id: string
  readonly source_id: string
  readonly currency: string | null
  readonly ticker: string | null
  readonly trade_date: string
  readonly close: string
}

/**
 * What was spun off without a stated value, told again apart from the SQL: the first close of the security
 * that was given out, times the shares of it for one old share. Answers for the key of an action and a day up
 * to which closes are known; null when that is not known.
 */
export async function spinOffWorths(
  db: Database,
  sessions: readonly string[],
): Promise<(action: Pick<SpinOff, 'security_id' | 'ex_date' | 'action_key'>, as_of: string) => Worth | null> {
  const untold = await db.rows<SpinOff>(UNTOLD)
  const closes = untold.length === 0 ? [] : await db.rows<Close>(CLOSES)
  const byKey = new Map(untold.map((each) => [keyOf(each), each]))
  return (action, as_of) => {
    const event = byKey.get(keyOf(action))
    if (event === undefined || !isPositive(event.new_rate) || !isPositive(event.source_rate)) return null
    const first = firstAtOrAfter(sessions, event.ex_date)
    const days = new Set(sessions.slice(first, first + SESSIONS_MAX).filter((day) => day <= as_of))
    const own = closes.filter(
      (close) =>
        days.has(close.trade_date) &&
        close.security_id !== event.security_id &&
        (event.new_source_id === null
          ? event.new_symbol !== null && close.ticker === event.new_symbol
          : close.source_id === event.new_source_id),
    )
    const given = own.toSorted((a, b) => (a.trade_date < b.trade_date ? -1 : 1))[0]
    if (given === undefined) return null
    const shares = divide(rational(event.new_rate), rational(event.source_rate))
    return { amount: multiply(rational(given.close), shares), currency: given.currency }
  }
}

const keyOf = ({
  security_id,
  ex_date,
  action_key,
}: Pick<SpinOff, 'security_id' | 'ex_date' | 'action_key'>): string =>
  `${security_id} ${ex_date} ${action_key}`
const isPositive = (text: string | null): text is string =>
  text !== null && PLAIN.test(text) && Number(text) > 0

const UNTOLD = `
  select a.security_id::text, a.ex_date, a.action_key, a.detail ->> 'new_source_id' as new_source_id, a.detail ->> 'new_symbol' as new_symbol,
    a.detail ->> 'new_rate' as new_rate, a.detail ->> 'source_rate' as source_rate
  from stocks_research.corporate_actions a where a.kind = 'spin_off' and a.cash_amount is null and a.split_to is null`
// Thirty days hold ten sessions, whatever the holidays.
const CLOSES = `
  select distinct p.security_id::text, s.source_id, s.currency, t.ticker, p.trade_date, p.close
  from (${UNTOLD}) u
  join stocks_research.prices_daily p on p.trade_date between u.ex_date and u.ex_date + 30
  join stocks_research.securities s on s.security_id = p.security_id
  left join stocks_research.ticker_history t on t.security_id = p.security_id and p.trade_date between t.valid_from and coalesce(t.valid_to, 'infinity')
  where s.source_id = u.new_source_id or t.ticker = u.new_symbol`
