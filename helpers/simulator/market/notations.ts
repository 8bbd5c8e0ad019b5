import { addDays } from './calendar.ts'
import { compareText } from './order.ts'
import type { Action, Bar, Security, World } from './types.ts'

/** Everything that real providers write otherwise than the plain market of `createWorld`. */
export interface RealNotations {
  readonly world: World
  /** The same securities, by what each is there to show. */
  readonly cast: Cast
}

type Role =
  | 'issuer'
  | 'preferred'
  | 'called_preferred'
  | 'warrant'
  | 'right'
  | 'canadian'
  | 'partnership'
  | 'renamed_in_split'
  | 'renamed_through_cusip'
  | 'reorganized'
  | 'unit'
  | 'unit_share'
  | 'unit_warrant'
type Cast = Readonly<Record<Role, Security>>

const ROLES: readonly Role[] = [
  'issuer', 'preferred', 'called_preferred', 'warrant', 'right', 'canadian', 'partnership',
  'renamed_in_split', 'renamed_through_cusip', 'reorganized', 'unit', 'unit_share', 'unit_warrant',
] // biome-ignore format: a list to be read, not a column

/**
 * The same market, in which some plain stocks became what real markets hold: a preferred, a warrant, a right
 * and a unit of a filer that has common stock too, dividends in Canadian dollars, returns of capital,
 * interest, new tickers that come with a reverse split or by way of a CUSIP, a reorganization, a split unit.
 * The two last plain stocks stay as they are.
 */
export function withRealNotations(world: World): RealNotations {
  const plain = world.securities
    .filter(
      ({ scenario, cik, list_date, actions }) =>
        scenario === 'plain' && cik !== null && list_date === null && actions.length === 0,
    )
    .slice(0, -2)
  if (plain.length < ROLES.length)
    throw new RangeError(`The world has ${plain.length} plain stocks; ${ROLES.length} are needed.`)
  const stock = Object.fromEntries(ROLES.map((role, at) => [role, plain[at]])) as unknown as Cast
  const cast = castOf(stock, world)
  const changed = new Map(Object.values(cast).map((security) => [security.source_id, security]))
  const securities = world.securities.map((security) => changed.get(security.source_id) ?? security)
  const ciks = new Set(securities.concat(world.outsiders).map(({ cik }) => cik))
  return { world: { ...world, securities, filers: world.filers.filter(({ cik }) => ciks.has(cik)) }, cast }
}

function castOf(stock: Cast, { calendar, start_date, end_date }: World): Cast {
  const day = (sessions: number): string => calendar.shift(start_date, sessions)
  const root = tickerOf(stock.issuer)
  const line = (of: Security, suffix: string, security_type: Security['security_type'], name: string) => ({
    ...of,
    scenario: 'real_notation' as const,
    cik: stock.issuer.cik,
    exchange_mic: stock.issuer.exchange_mic,
    security_type,
    name: `${stock.issuer.name} ${name}`,
    tickers: [{ ticker: `${root}${suffix}`, valid_from: start_date, valid_to: null }],
  })
  const paid = (of: Security, ...actions: readonly Action[]): Security => ({
    ...of,
    scenario: 'real_notation',
    actions: actions.toSorted((a, b) => compareText(a.ex_date, b.ex_date)),
  })
  const unit_day = day(700)
  const unit_root = tickerOf(stock.unit_share)
  return {
    issuer: stock.issuer,
    preferred: paid(
      line(stock.preferred, '.PRA', 'preferred', '6.50% Series A Cumulative Preferred Stock'),
      { kind: 'cash_dividend', ex_date: day(200), amount: '0.40625', is_interest: true },
      { kind: 'cash_dividend', ex_date: day(263), amount: '0.40625' },
    ),
    called_preferred: ended(
      line(stock.called_preferred, '.PRB', 'preferred', '7.25% Series B Cumulative Preferred Stock'),
      day(800),
      [{ kind: 'delisting', ex_date: day(800), reason: 'voluntary' }],
    ),
    warrant: line(stock.warrant, '.WS', 'warrant', 'Warrants'),
    right: line(stock.right, '.RT', 'right', 'Rights'),
    canadian: paid(
      stock.canadian,
      { kind: 'cash_dividend', ex_date: day(300), amount: '0.31', currency: 'CAD' },
      { kind: 'cash_dividend', ex_date: day(900), amount: '0.11' },
    ),
    partnership: paid(
      stock.partnership,
      { kind: 'return_of_capital', ex_date: day(310), amount: '0.55' },
      { kind: 'return_of_capital', ex_date: day(373), amount: '0.57' },
    ),
    renamed_in_split: renamedInSplit(stock.renamed_in_split, day(500)),
    renamed_through_cusip: renamedThroughCusip(stock.renamed_through_cusip, day(610)),
    reorganized: ended(stock.reorganized, day(640), [
      {
        kind: 'merger',
        ex_date: day(640),
        effective_date: day(641),
        acquirer_source_id: stock.issuer.source_id,
        cash_rate: '1.5',
        stock_rate: '0.5',
        is_reorganization: true,
      },
      { kind: 'delisting', ex_date: day(640), reason: 'merger' },
    ]),
    unit: ended(
      {
        ...stock.unit,
        cik: stock.unit_share.cik,
        exchange_mic: stock.unit_share.exchange_mic,
        security_type: 'unit',
        name: `${stock.unit_share.name} Units, each consisting of one share and one-third of one warrant`,
        tickers: [{ ticker: `${unit_root}.U`, valid_from: start_date, valid_to: null }],
      },
      unit_day,
      [
        {
          kind: 'delisting',
          ex_date: unit_day,
          reason: 'unit_split',
          part_source_ids: [stock.unit_share.source_id, stock.unit_warrant.source_id],
        },
      ],
    ),
    unit_share: stock.unit_share,
    unit_warrant: {
      ...stock.unit_warrant,
      scenario: 'real_notation',
      cik: stock.unit_share.cik,
      exchange_mic: stock.unit_share.exchange_mic,
      security_type: 'warrant',
      name: `${stock.unit_share.name} Warrants`,
      tickers: [{ ticker: `${unit_root}.WS`, valid_from: start_date, valid_to: null }],
      bars: stock.unit_warrant.bars.filter(({ date }) => date > unit_day && date <= end_date),
    },
  }
}

const tickerOf = ({ tickers }: Security): string => tickers.at(-1)?.ticker ?? ''

/** It trades until `date`, inclusive. */
const ended = (security: Security, date: string, actions: readonly Action[]): Security => ({
  ...security,
  scenario: 'real_notation',
  delist_date: date,
  tickers: security.tickers.map((interval) => ({ ...interval, valid_to: date })),
  actions,
  bars: security.bars.filter((bar) => bar.date <= date),
})

/** From `date` on it trades under a ticker with an X behind it. */
function renamed(security: Security, date: string): Pick<Security, 'tickers' | 'scenario'> {
  const ticker = tickerOf(security)
  const first = security.tickers[0]?.valid_from ?? ''
  return {
    scenario: 'real_notation',
    tickers: [
      { ticker, valid_from: first, valid_to: addDays(date, -1) },
      { ticker: `${ticker}X`, valid_from: date, valid_to: null },
    ],
  }
}

const RATIO = 10
const grown = (bar: Bar): Bar => ({
  date: bar.date,
  open_cents: bar.open_cents * RATIO,
  high_cents: bar.high_cents * RATIO,
  low_cents: bar.low_cents * RATIO,
  close_cents: bar.close_cents * RATIO,
  volume_shares: Math.ceil(bar.volume_shares / RATIO),
})

function renamedInSplit(security: Security, ex_date: string): Security {
  const old_ticker = tickerOf(security)
  return {
    ...security,
    ...renamed(security, ex_date),
    actions: [
      { kind: 'reverse_split', ex_date, split_from: `${RATIO}`, split_to: '1' },
      { kind: 'name_change', ex_date, old_ticker, new_ticker: `${old_ticker}X`, is_in_split: true },
    ],
    bars: security.bars.map((bar) => (bar.date < ex_date ? bar : grown(bar))),
  }
}

/** It pays a dividend on the day of the change, which the broker lists under the CUSIP. */
function renamedThroughCusip(security: Security, ex_date: string): Security {
  const old_ticker = tickerOf(security)
  return {
    ...security,
    ...renamed(security, ex_date),
    actions: [
      { kind: 'cash_dividend', ex_date, amount: '0.25' },
      { kind: 'name_change', ex_date, old_ticker, new_ticker: `${old_ticker}X`, is_through_cusip: true },
    ],
  }
}
