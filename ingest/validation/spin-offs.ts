import { join } from 'node:path'
import type { Database } from '../../helpers/postgres/database.ts'
import { queryFile } from '../../helpers/postgres/query-file.ts'
import { firstAtOrAfter } from './adjust.ts'
import { divide, multiply, type Rational, rational } from './rational.ts'

const SQL = join(import.meta.dirname, 'sql')
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
 * The values of spin-offs that have none, computed apart from the SQL: the first close of the security that
 * was given out, times its shares for one old share. The function that is returned takes the key of an action
 * and the day up to which closes are known; its result is null when the value is not known.
 */
export async function spinOffWorths(
  db: Database,
  sessions: readonly string[],
): Promise<(action: Pick<SpinOff, 'security_id' | 'ex_date' | 'action_key'>, as_of: string) => Worth | null> {
  const spin_offs = await db.rows<SpinOff>(queryFile(SQL, 'spin-offs-without-value'))
  const closes = spin_offs.length === 0 ? [] : await db.rows<Close>(queryFile(SQL, 'spin-off-closes'))
  const byKey = new Map(spin_offs.map((each) => [keyOf(each), each]))
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
    const [given] = own.toSorted((a, b) => (a.trade_date < b.trade_date ? -1 : 1))
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
