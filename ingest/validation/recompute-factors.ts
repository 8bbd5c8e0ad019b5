import { join } from 'node:path'
import type { Database } from '../../helpers/postgres/database.ts'
import { queryFile } from '../../helpers/postgres/query-file.ts'
import { type Action, adjust, type Factors, type RefusedEvent } from './adjust.ts'
import { batchesOf, type Columns, gathered, readAhead, rowsOf } from './batches.ts'
import type { Recomputation, Violation } from './check.ts'
import { type Conversion, storedConversion } from './fx-conversions.ts'
import { isNear, multiply, type Rational, rational, toNumber } from './rational.ts'
import { spinOffWorths } from './spin-offs.ts'

const SQL = join(import.meta.dirname, 'sql')

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

export const factorsRecomputation: Recomputation = {
  name: 'factors-equal-recomputation',
  claim: 'factors, split ratios and the adjusted view equal an independent recomputation',
  severity: 'hard',
  why:
    'The recomputation goes bar by bar from the last to the first, in exact fractions, and shares nothing ' +
    'with the SQL of the factors. Factors agree to 38 digits, split ratios exactly, the view to its ' +
    'rounding.',
  job: 'adjustment-factors',
  is_acceptable: false,
  find: recomputeFactors,
}

/** Every factor row and every row of the adjusted view that is not what exact fractions give. */
async function recomputeFactors(db: Database): Promise<Violation[]> {
  const days = await db.rows<{ day: string }>(
    'select session_date as day from stocks_research.trading_sessions order by 1',
  )
  const sessions = days.map(({ day }) => day)
  const securities = await db.rows<SecurityRow>(queryFile(SQL, 'factor-securities'))
  const worths = await spinOffWorths(db, sessions)
  const conversion = await storedConversion(db)
  const violations: Violation[] = []
  const read = (batch: readonly SecurityRow[]): Promise<Batch> => readBatch(db, batch)
  const batches = batchesOf(securities, SECURITIES_A_BATCH)
  for await (const { batch, bars, actions, refused, factors } of readAhead(batches, read)) {
    for (const security of batch) {
      const { security_id, source_id, as_of } = security
      // A factor row holds what was known at the end of its run; a later bar has no row yet, which
      // one-factor-a-bar finds.
      const columns = bars.get(security_id)
      const own =
        columns === undefined
          ? []
          : rowsOf<BarRow>(columns, BAR_COLUMNS).filter(({ trade_date }) => trade_date <= as_of)
      const events = (actions.get(security_id) ?? []).map((action) => {
        const worth = worths(action, as_of)
        const valued =
          worth === null
            ? action
            : { ...action, worth: worth.amount, currency: worth.currency ?? action.currency }
        return convertedCash(valued, security.currency, conversion, as_of)
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

/** An event whose cash is in the currency of the prices, where the rate of its ex-date is known. */
export function convertedCash<E extends Action>(
  event: E,
  currency: string | null,
  conversion: Conversion,
  as_of: string,
): E {
  if (event.currency === null || currency === null || event.currency === currency) return event
  const amount = event.cash_amount === null ? event.worth : rational(event.cash_amount)
  const factor = conversion(event.currency, currency, event.ex_date, as_of)
  if (amount == null || factor === undefined) return event
  return { ...event, cash_amount: null, worth: multiply(amount, factor), currency }
}

interface Batch {
  readonly batch: readonly SecurityRow[]
  readonly bars: ReadonlyMap<string, Columns<keyof BarRow>>
  readonly actions: ReadonlyMap<string, readonly ActionRow[]>
  readonly refused: ReadonlyMap<string, readonly RefusedRow[]>
  readonly factors: ReadonlyMap<string, readonly FactorRow[]>
}

async function readBatch(db: Database, batch: readonly SecurityRow[]): Promise<Batch> {
  const ids = [batch.map(({ security_id }) => security_id)]
  const columns = gathered(BAR_COLUMNS)
  const bars = await db.rows<Columns<keyof BarRow> & { security_id: string }>(
    queryFile(SQL, 'factor-bars', { columns }),
    ids,
  )
  const actions = await db.rows<ActionRow>(queryFile(SQL, 'factor-actions'), ids)
  const refused = await db.rows<RefusedRow>(
    `select r.security_id::text, r.ex_date, r.kind, r.declared_date
     from stocks_research.refused_events r where r.security_id = any ($1::bigint[])`,
    ids,
  )
  const factors = await db.rows<FactorRow>(queryFile(SQL, 'factor-rows'), ids)
  return {
    batch,
    bars: new Map(bars.map((own) => [own.security_id, own])),
    actions: Map.groupBy(actions, ({ security_id }) => security_id),
    refused: Map.groupBy(refused, ({ security_id }) => security_id),
    factors: Map.groupBy(factors, ({ security_id }) => security_id),
  }
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
    const close = Number(bar.close)
    const volume = bar.volume === null || split == null ? null : Number(bar.volume) / split
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
    if (factors === undefined) continue // No bar is inside this interval.
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
