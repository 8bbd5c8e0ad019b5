import type { Database } from '../../helpers/postgres/database.ts'
import { type Action, adjust, type Factors, type RefusedEvent } from './adjust.ts'
import { type Columns, gathered, rowsOf } from './columns.ts'
import type { Violation } from './findings.ts'
import { isNear, type Rational, rational, toNumber } from './rational.ts'
import { batchesOf, readAhead } from './read-ahead.ts'
import { spinOffWorths } from './spin-offs.ts'

/** Securities read at once: bounds memory, whatever the universe. */
const SECURITIES_A_BATCH = 25
/** Factors agree to so many significant digits; the table keeps 60 decimals. */
const FACTOR_DIGITS = 38

interface SecurityRow extends Record<string, unknown> {
  readonly security_id: string
  readonly source_id: string
  readonly currency: string | null
  readonly last_listed: string | null
  readonly as_of: string
}
interface BarRow {
  readonly trade_date: string
  readonly close: string
  readonly volume: string | null
  readonly adj_close: string | null
  readonly total_return_close: string | null
  readonly adj_volume: string | null
}
const BAR_COLUMNS = [
  'trade_date',
  'close',
  'volume',
  'adj_close',
  'total_return_close',
  'adj_volume',
] as const
interface ActionRow extends Action, Record<string, unknown> {
  readonly security_id: string
  readonly ex_date: string
  readonly kind: string
  readonly cash_amount: string | null
  readonly split_from: string | null
  readonly split_to: string | null
  readonly currency: string | null
  readonly declared_date: string | null
  readonly action_key: string
}
interface RefusedRow extends RefusedEvent, Record<string, unknown> {
  readonly security_id: string
}
interface FactorRow extends Record<string, unknown> {
  readonly security_id: string
  readonly first_date: string
  readonly last_date: string
  readonly price_factor: string | null
  readonly total_return_factor: string | null
  readonly split_numerator: string | null
  readonly split_denominator: string | null
}

/** Every factor row and every row of the adjusted view that is not what exact fractions give. */
export async function recomputeFactors(db: Database): Promise<Violation[]> {
  const sessions = (
    await db.rows<{ day: string }>(
      'select session_date as day from stocks_research.trading_sessions order by 1',
    )
  ).map(({ day }) => day)
  const securities = await db.rows<SecurityRow>(SECURITIES)
  const worths = await spinOffWorths(db, sessions)
  const violations: Violation[] = []
  const read = async (batch: readonly SecurityRow[]) => {
    const ids = [batch.map(({ security_id }) => security_id)]
    return {
      batch,
      bars: new Map(
        (await db.rows<Columns<keyof BarRow> & { security_id: string }>(BARS, ids)).map((columns) => [
          columns.security_id,
          columns,
        ]),
      ),
      actions: Map.groupBy(await db.rows<ActionRow>(ACTIONS, ids), ({ security_id }) => security_id),
      refused: Map.groupBy(await db.rows<RefusedRow>(REFUSED, ids), ({ security_id }) => security_id),
      factors: Map.groupBy(await db.rows<FactorRow>(FACTORS, ids), ({ security_id }) => security_id),
    }
  }
  for await (const { batch, bars, actions, refused, factors } of readAhead(
    batchesOf(securities, SECURITIES_A_BATCH),
    read,
  )) {
    for (const security of batch) {
      const { security_id, source_id, as_of } = security
      // A factor row says what was known at the end of its run; a later bar has no row yet, and another check
      // says so.
      const columns = bars.get(security_id)
      const own =
        columns === undefined
          ? []
          : rowsOf<BarRow>(columns, BAR_COLUMNS).filter(({ trade_date }) => trade_date <= as_of)
      const events = (actions.get(security_id) ?? []).map((action) => {
        const worth = worths(action, as_of)
        return worth === null
          ? action
          : { ...action, worth: worth.amount, currency: worth.currency ?? action.currency }
      })
      const expected = adjust(
        { ...security, bars: own, actions: events, refused: refused.get(security_id) ?? [] },
        sessions,
        as_of,
      )
      violations.push(
        ...compareRows(security, own, expected),
        ...compareFactors(source_id, own, expected, factors.get(security_id) ?? []),
      )
    }
  }
  return violations
}

function compareRows(
  { source_id, security_id }: SecurityRow,
  bars: readonly BarRow[],
  expected: readonly Factors[],
): Violation[] {
  const asNumbers = new Map(
    [...new Set(expected)].map((factors) => [
      factors,
      [factors.price, factors.total_return, factors.split].map((f) => (f === null ? null : toNumber(f))),
    ]),
  )
  return bars.flatMap((bar, index) => {
    const factors = expected[index]
    const [price, total_return, split] = (factors === undefined ? undefined : asNumbers.get(factors)) ?? []
    const [close, volume] = [
      Number(bar.close),
      bar.volume === null || split == null ? null : Number(bar.volume) / split,
    ]
    const isRight =
      agrees(bar.adj_close, price == null ? null : close * price, 1e-12) &&
      agrees(bar.total_return_close, total_return == null ? null : close * total_return, 1e-12) &&
      agrees(bar.adj_volume, volume, 1e-6)
    return isRight
      ? []
      : [
          {
            subject: source_id,
            table: 'prices_daily_adjusted_v',
            security_id,
            ...bar,
            price_factor: price ?? null,
            total_return_factor: total_return ?? null,
          },
        ]
  })
}

/** The view rounds to `unit`; a float keeps 15 digits. */
function agrees(value: string | null, expected: number | null, unit: number): boolean {
  if (value === null || expected === null) return value === null && expected === null
  return Math.abs(Number(value) - expected) <= unit + 1e-13 * Math.abs(expected)
}

function compareFactors(
  subject: string,
  bars: readonly BarRow[],
  expected: readonly Factors[],
  rows: readonly FactorRow[],
): Violation[] {
  const violations: Violation[] = []
  let bar = 0
  for (const row of rows) {
    while ((bars[bar]?.trade_date ?? '9999') < row.first_date) bar += 1
    const factors = (bars[bar]?.trade_date ?? '9999') <= row.last_date ? expected[bar] : undefined
    if (factors === undefined) continue // An interval between two bars multiplies nothing.
    const split =
      row.split_numerator === null || row.split_denominator === null
        ? null
        : `${row.split_numerator}/${row.split_denominator}`
    const expectedSplit = factors.split === null ? null : `${factors.split.n}/${factors.split.d}`
    if (
      isEqual(row.price_factor, factors.price) &&
      isEqual(row.total_return_factor, factors.total_return) &&
      split === expectedSplit
    )
      continue
    violations.push({
      subject,
      table: 'adjustment_factors',
      ...row,
      expected_price_factor: factors.price === null ? null : toNumber(factors.price),
      expected_total_return_factor: factors.total_return === null ? null : toNumber(factors.total_return),
      expected_split: expectedSplit,
    })
  }
  return violations
}

const isEqual = (value: string | null, expected: Rational | null): boolean =>
  value === null || expected === null
    ? value === null && expected === null
    : isNear(rational(value), expected, FACTOR_DIGITS)

// Factors were computed as of the end of the window of the run that last derived them.
const SECURITIES = `
  select s.security_id::text, s.source_id, s.currency,
    nullif(least(s.delist_date, (select max(coalesce(t.valid_to, 'infinity')) from stocks_research.ticker_history t where t.security_id = s.security_id)),
      'infinity')::text as last_listed,
    coalesce((select i.end_date from ingestion.items i where i.job = 'adjustment-factors' and i.item = s.source_id and i.status = 'ok' order by i.item_id desc limit 1),
      (select max(p.trade_date) from stocks_research.prices_daily p)) as as_of
  from stocks_research.securities s
  where exists (select from stocks_research.prices_daily p where p.security_id = s.security_id)
  order by s.security_id`
// Sorted before they are gathered: an order inside each aggregate would sort them once for each.
const BARS = `
  select r.security_id::text, ${gathered(BAR_COLUMNS)}
  from (
    select v.security_id, v.trade_date, v.close, v.volume, v.adj_close, v.total_return_close, v.adj_volume
    from stocks_research.prices_daily_adjusted_v v where v.security_id = any ($1::bigint[]) order by v.security_id, v.trade_date) r
  group by r.security_id`
const ACTIONS = `
  select a.security_id::text, a.ex_date, a.kind, a.cash_amount, a.split_from, a.split_to, a.currency, a.declared_date, a.action_key
  from stocks_research.corporate_actions a where a.security_id = any ($1::bigint[])`
const REFUSED = `
  select r.security_id::text, r.ex_date, r.kind, r.declared_date from stocks_research.refused_events r where r.security_id = any ($1::bigint[])`
const FACTORS = `
  select f.security_id::text, f.first_date, f.last_date, f.price_factor, f.total_return_factor, f.split_numerator, f.split_denominator
  from stocks_research.adjustment_factors f where f.security_id = any ($1::bigint[]) order by f.security_id, f.first_date`
