import type { Database } from '../../postgres/database.ts'
import { DELIVERY, type Dialect } from '../../simulator/market/dialect.ts'
import { lastTicker, price } from '../../simulator/market/flat-files.ts'
import { parseDecimal, type Rational, toDecimal } from '../../simulator/market/rational.ts'
import type { Action, Security, World } from '../../simulator/market/types.ts'
import { delistingDifferences } from './differences-delistings.ts'
import { filingDifferences } from './differences-filings.ts'
import { fundamentalDifferences } from './differences-fundamentals.ts'
import { expectedAdjusted } from './expected-prices.ts'

/** Adjusted values are rounded on output alone; whatever is farther off is another number. */
const RELATIVE_MAX = 1e-10
const LISTED_MAX = 50

export interface Comparison {
  /** One sentence for each difference, at most fifty a kind; none is a database that equals the truth. */
  readonly differences: readonly string[]
  /** How much was compared: no difference means nothing if nothing was compared. */
  readonly compared: Readonly<
    Record<
      | 'securities'
      | 'intervals'
      | 'bars'
      | 'actions'
      | 'delistings'
      | 'delisting_returns'
      | 'filings'
      | 'facts'
      | 'look_ups',
      number
    >
  >
}

export interface ComparisonOptions {
  /** How the database names a security; by default its source_id in the delivery. */
  readonly nameOf?: (security: Security) => string
  /**
   * The way on which it came: a drop of flat files, which carries everything, or the free providers over
   * HTTP.
   */
  readonly dialect?: Dialect
}

/**
 * Compares a database that was filled from the world with its truth: identity, intervals, raw and adjusted
 * bars, actions, every vintage of every fact, and each quarter, TTM and YoY as known on each day of filing.
 * For tests alone: the product never sees the truth.
 */
export async function differencesFromTruth(
  db: Database,
  truth: World,
  { nameOf = (security) => security.source_id, dialect = DELIVERY }: ComparisonOptions = {},
): Promise<Comparison> {
  const world = dialect.reported(truth)
  const named = new Map(world.securities.map((security) => [nameOf(security), security]))
  const securities = await compareSecurities(db, named)
  const intervals = await compareIntervals(db, named)
  const bars = await compareBars(db, world, named)
  const actions = await compareActions(db, named, dialect)
  // An end that a way of delivery does not report as an event is an end all the same.
  const ended = new Map(truth.securities.map((security) => [nameOf(security), security]))
  const delistings = await delistingDifferences(db, truth, ended)
  const filings = await filingDifferences(db, world)
  const fundamentals = await fundamentalDifferences(db, world)
  const parts = [securities, intervals, bars, actions, delistings, filings, fundamentals]
  return {
    differences: parts.flatMap(({ differences }) => differences.slice(0, LISTED_MAX)),
    compared: {
      securities: securities.count,
      intervals: intervals.count,
      bars: bars.count,
      actions: actions.count,
      delistings: delistings.count,
      delisting_returns: delistings.returns,
      filings: filings.count,
      facts: fundamentals.facts,
      look_ups: fundamentals.look_ups,
    },
  }
}

interface Part {
  readonly differences: readonly string[]
  readonly count: number
}
type Named = ReadonlyMap<string, Security>

async function compareSecurities(db: Database, named: Named): Promise<Part> {
  const rows = await db.rows<{
    line: string
  }>(`select pg_catalog.concat_ws('|', source_id, ticker, name, exchange_mic, coalesce(security_type, '-'),
        coalesce(cik, '-'), coalesce(list_date::text, '-'), coalesce(delist_date::text, '-')) as line
      from stocks_research.securities`)
  const wanted = [...named].map(([name, { cik, list_date, delist_date, ...security }]) =>
    [
      name,
      lastTicker({ ...security, cik, list_date, delist_date }),
      security.name,
      security.exchange_mic,
      security.security_type ?? '-',
      cik ?? '-',
      list_date ?? '-',
      delist_date ?? '-',
    ].join('|'),
  )
  return lines(
    'security',
    wanted,
    rows.map(({ line }) => line),
  )
}

async function compareIntervals(db: Database, named: Named): Promise<Part> {
  const rows = await db.rows<{
    line: string
  }>(`select pg_catalog.concat_ws('|', s.source_id, t.ticker, t.valid_from,
        coalesce(t.valid_to::text, '-')) as line
    from stocks_research.ticker_history t join stocks_research.securities s using (security_id)`)
  const wanted = [...named].flatMap(([name, { tickers }]) =>
    tickers.map(({ ticker, valid_from, valid_to }) => [name, ticker, valid_from, valid_to ?? '-'].join('|')),
  )
  return lines(
    'ticker interval',
    wanted,
    rows.map(({ line }) => line),
  )
}

interface ViewRow extends Record<string, unknown> {
  readonly source_id: string
  readonly trade_date: string
  readonly ticker: string | null
  readonly raw: string
  readonly adj_open: string | null
  readonly adj_close: string | null
  readonly total_return_close: string | null
  readonly adj_volume: string | null
}

async function compareBars(db: Database, world: World, named: Named): Promise<Part> {
  const rows = await db.rows<ViewRow>(
    `select s.source_id, v.trade_date, v.ticker,
            v.adj_open, v.adj_close, v.total_return_close, v.adj_volume,
            pg_catalog.concat_ws(' ', round(v.open, 2), round(v.high, 2), round(v.low, 2), round(v.close, 2),
              v.volume) as raw
       from stocks_research.prices_daily_adjusted_v v join stocks_research.securities s using (security_id)`,
  )
  const left = new Map(rows.map((row) => [`${row.source_id} ${row.trade_date}`, row]))
  const differences: string[] = []
  let count = 0
  for (const [name, security] of named) {
    const expected = expectedAdjusted(world, security)
    for (const [index, bar] of security.bars.entries()) {
      count++
      const key = `${name} ${bar.date}`
      const row = left.get(key)
      const truth = expected[index]
      left.delete(key)
      if (row === undefined || truth === undefined) {
        differences.push(`The bar of ${key} is missing.`)
        continue
      }
      const raw = [bar.open_cents, bar.high_cents, bar.low_cents, bar.close_cents].map(price).join(' ')
      if (row.raw !== `${raw} ${bar.volume_shares}`)
        differences.push(`The bar of ${key} is ${row.raw}; traded were ${raw} ${bar.volume_shares}.`)
      const held = security.tickers.find(
        ({ valid_from, valid_to }) => valid_from <= bar.date && (valid_to === null || bar.date <= valid_to),
      )
      if (row.ticker !== held?.ticker)
        differences.push(`The ticker of ${key} is ${row.ticker}; it was ${held?.ticker}.`)
      const open = truth.price_factor === null ? null : scaled(truth.price_factor, bar.open_cents / 100)
      const volume = truth.share_multiple === null ? null : scaled(truth.share_multiple, bar.volume_shares)
      for (const [column, got, wanted, slack] of [
        ['adj_close', row.adj_close, numberOf(truth.adj_close), 0],
        ['total_return_close', row.total_return_close, numberOf(truth.total_return_close), 0],
        ['adj_open', row.adj_open, open, 0],
        // Shares may be rounded to whole ones.
        ['adj_volume', row.adj_volume, volume, 0.5],
      ] as const) {
        if (isFar(got, wanted, slack) && !(column === 'adj_volume' && wanted === null))
          differences.push(`${column} of ${key} is ${got}; it should be ${wanted}.`)
      }
    }
  }
  for (const key of left.keys()) differences.push(`Nobody traded ${key}, and there is a bar.`)
  return { differences, count }
}

const numberOf = (value: Rational | null): number | null =>
  value === null ? null : Number(toDecimal(value, 18))
const scaled = (factor: Rational, value: number): number => Number(toDecimal(factor, 18)) * value

function isFar(got: string | null, wanted: number | null, slack: number): boolean {
  if (got === null || wanted === null) return got !== wanted
  return Math.abs(Number(got) - wanted) > Math.max(slack, Math.abs(wanted) * RELATIVE_MAX)
}

async function compareActions(db: Database, named: Named, dialect: Dialect): Promise<Part> {
  const rows = await db.rows<{
    source_id: string
    ex_date: string
    kind: string
    cash_amount: string | null
    currency: string | null
    split_from: string | null
    split_to: string | null
    shares_per_share: string | null
  }>(
    `select s.source_id, a.ex_date, a.kind, a.cash_amount, a.currency, a.split_from,
            a.split_to, a.shares_per_share
       from stocks_research.corporate_actions a
       join stocks_research.securities s using (security_id)`,
  )
  const terms = (cash: string | null, from: string | null, to: string | null, shares?: string): string => {
    if (shares !== undefined)
      return `${terms(cash, null, null)} and ${toDecimal(parseDecimal(shares), 8)} shares`
    if (from !== null && to !== null)
      return `${toDecimal(parseDecimal(from), 8)} to ${toDecimal(parseDecimal(to), 8)}`
    return cash === null ? '-' : toDecimal(parseDecimal(cash), 8)
  }
  const got = rows.map((row) =>
    [
      row.source_id,
      row.ex_date,
      row.kind,
      terms(row.cash_amount, row.split_from, row.split_to, row.shares_per_share ?? undefined),
      ...(row.currency === null || row.currency === 'USD' ? [] : [row.currency]),
    ].join('|'),
  )
  const wanted = [...named].flatMap(([name, { actions }]) =>
    actions.flatMap((action) => {
      const kind = dialect.kindOf(action)
      if (kind === undefined) return []
      if (action.kind === 'delisting') {
        const { cash, shares } = receivedAt(actions, action.reason)
        return [[name, action.ex_date, kind, terms(cash, null, null, shares)].join('|')]
      }
      const cash =
        'amount' in action && (kind !== 'spin_off' || dialect.is_spin_off_valued) ? action.amount : null
      const [from, to] = 'split_from' in action ? [action.split_from, action.split_to] : [null, null]
      const currency = 'currency' in action && action.currency !== undefined ? [action.currency] : []
      return [[name, action.ex_date, kind, terms(cash, from, to), ...currency].join('|')]
    }),
  )
  return lines('action', wanted, got)
}

/** What the event that ends a listing states of its proceeds; a liquidation pays by events of its own. */
function receivedAt(
  actions: readonly Action[],
  reason: string,
): { readonly cash: string | null; readonly shares: string | undefined } {
  const terms = actions.find((action) => action.kind === 'merger')
  if (terms?.kind === 'merger') return { cash: terms.cash_rate, shares: terms.stock_rate ?? undefined }
  return { cash: reason === 'bankruptcy' ? '0' : null, shares: undefined }
}

/** Two bags of lines, each line as often as it occurs. */
function lines(what: string, wanted: readonly string[], got: readonly string[]): Part {
  const counts = new Map<string, number>()
  for (const line of wanted) counts.set(line, (counts.get(line) ?? 0) + 1)
  for (const line of got) counts.set(line, (counts.get(line) ?? 0) - 1)
  const differences = [...counts].flatMap(([line, count]) =>
    count === 0 ? [] : [`${count > 0 ? 'Missing' : 'Unknown'} ${what}: ${line}`],
  )
  return { differences, count: wanted.length }
}
