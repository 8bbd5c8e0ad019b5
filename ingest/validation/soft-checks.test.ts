import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Database } from '../../helpers/postgres/database.ts'
import type { Scratch } from '../../helpers/testing/scratch.ts'
import { offendedBy, smallMarket } from '../testing/validation/small-market.ts'
import { CHECKS } from './checks.ts'
import { validate } from './validate.ts'

let scratch: Scratch
beforeAll(async () => {
  scratch = await smallMarket()
})
afterAll(() => scratch?.drop())

// Soft checks of facts are tested in suspicious-facts.test.ts.
const checks = CHECKS.filter(({ job, severity }) => severity === 'soft' && job !== 'fundamentals-raw')
/** Of the checks, by default all of them, those that find a violation. */
const offended = async (tx: Database, asked = checks): Promise<string[]> =>
  (await validate(tx, { checks: asked, accepted: [] })).checks
    .filter(({ violations_count }) => violations_count > 0)
    .map(({ name }) => name)

const from = (day: string, change: string): string =>
  `update stocks_research.prices_daily set ${change} where trade_date >= '${day}';`
const on = (day: string, change: string): string =>
  `update stocks_research.prices_daily set ${change} where trade_date = '${day}';`
/** Prices of a bar times a factor. */
const times = (factor: number): string =>
  `open = open * ${factor}, high = high * ${factor}, low = low * ${factor}, close = close * ${factor}`
const pay = (day: string, amount: string, occurrence = 1): string => `
  insert into stocks_research.corporate_actions (security_id, ex_date, kind, action_key, occurrence,
    cash_amount, currency, source)
  values (1, '${day}', 'cash_dividend', '${amount}', ${occurrence}, ${amount}, 'USD', 'test');`
const split = (day: string, before: number, after: number): string => `
  insert into stocks_research.corporate_actions (security_id, ex_date, kind, action_key, occurrence,
    split_from, split_to, source)
  values (1, '${day}', 'split', 'split', 1, ${before}, ${after}, 'test');`
const end = (day: string, cash?: number): string => `
  update stocks_research.securities set delist_date = ${cash === undefined ? 'null' : `'${day}'`};
  insert into stocks_research.corporate_actions
    (security_id, ex_date, kind, action_key, occurrence, cash_amount, source)
  values (1, '${day}', 'merger', 'merger', 1, ${cash ?? 'null'}, 'test');`
/** A run of prices-daily whose window ends on a day. */
const runTo = (day: string): string => `
  insert into ingestion.runs (run_id, command, source, jobs, state, universe_file, universe_sha256,
    start_date, end_date, host, process_id, product_version)
  values (gen_random_uuid(), 'c', 's', '{prices-daily}', 'complete', 'u', repeat('0', 64),
    '2020-01-02', '${day}', 'h', 1, '0');`
/** Four quarters of revenue, three of them between 20 and 22, and the derived fourth one. */
const fourthQuarter = (value: number): string => `
  delete from stocks_research.fundamentals_derived;
  insert into stocks_research.fundamentals_derived
    (cik, taxonomy, tag, unit, period_start, period_end, known_from, value, method, accession,
     is_long_quarter, is_transition, yoy_reason, ttm_reason)
  select '0000000001', 'us-gaap', 'Revenues', 'USD', q.period_start::date, q.period_end::date, '2021-02-01',
    q.value, q.method, 'a', false, false, 'no_base_quarter', 'fewer_than_four_quarters'
  from (values
    ('2020-01-01', '2020-03-31', 21, 'reported'),
    ('2020-04-01', '2020-06-30', 22, 'half_less_quarter'),
    ('2020-07-01', '2020-09-30', 21, 'nine_months_less_half'),
    ('2020-10-01', '2020-12-31', ${value}, 'year_less_nine_months')
  ) q (period_start, period_end, value, method);`
/** Payments from 2017 on, every 91 days, but those left out. */
const rhythm = (without: readonly number[], amount = (_at: number): string => '0.05'): string =>
  Array.from({ length: 12 }, (_, at) =>
    without.includes(at)
      ? ''
      : pay(new Date(Date.UTC(2017, 0, 10 + 91 * at)).toISOString().slice(0, 10), amount(at)),
  ).join('')
const second = (closes: string): string => `
  insert into stocks_research.securities (security_id, source_id, ticker, currency)
  values (2, 'y', 'Y', 'USD');
  insert into stocks_research.ticker_history (security_id, ticker, valid_from) values (2, 'Y', '2020-01-02');
  insert into stocks_research.prices_daily
  select 2, trade_date, open, high, low, ${closes}, volume
  from stocks_research.prices_daily;`

/** A second source that says what ours says, then something else. */
const beside = (change: string): string => `
  insert into ingestion.second_source (source, sha256, has_splits, has_dividends, rows_read, rows_kept,
    rows_skipped, rows_rejected, rows_contradicted)
  values ('test', repeat('0', 64), true, true, 0, 0, 0, 0, 0);
  insert into ingestion.second_prices select security_id, trade_date, close from stocks_research.prices_daily;
  insert into ingestion.second_events (security_id, ex_date, cash_amount) values (1, '2020-01-15', 0.05);
  ${change};`

/** Exchange rates of a day; the last bar of the market is of 2020-06-30. */
const rates = (
  some: readonly (readonly [from: string, to: string, rate: number, source: string])[],
  day = '2020-06-30',
): string => `
  insert into stocks_research.fx_rates (rate_date, from_currency, to_currency, source, rate, known_from)
  values ${some.map(([a, b, rate, by]) => `('${day}', '${a}', '${b}', '${by}', ${rate}, '${day}')`).join()};`

/** A run that read the bars of the security. */
const readRun = `
  insert into ingestion.runs (run_id, command, source, state, universe_file, universe_sha256, start_date,
    end_date, host, process_id, product_version)
  values ('00000000-0000-0000-0000-000000000001', 'run all', 'test', 'complete', 'u', repeat('0', 64),
    '2020-01-02', '2020-06-30', 'h', 1, '1');`

/** What a check must find, and similar cases that it must not find. */
const CASES: Readonly<Record<string, { readonly finds: string; readonly leaves: string }>> = {
  'jump-without-action': {
    finds: from('2020-03-02', times(1.4)),
    leaves: `${from('2020-03-02', times(1.4))} ${on('2020-03-02', 'volume = volume * 4')}`, // News is traded.
  },
  'split-like-jump': {
    finds: from('2020-03-02', `${times(0.5)}, volume = volume * 2`),
    // AAPL on 2000-09-29.
    leaves: `${from('2020-03-02', times(0.5))} ${on('2020-03-02', 'volume = volume * 12')}`,
  },
  'spike-reverts': {
    finds: on('2020-03-02', 'close = 10.6'),
    // It opened there on the next day.
    leaves: `${on('2020-03-02', 'close = 10.6')} ${on('2020-03-03', 'open = 10.5')}`,
  },
  'close-repeats': {
    finds: `update stocks_research.prices_daily
            set close = 10
            where trade_date between '2020-03-02' and '2020-03-06'`,
    leaves: `update stocks_research.prices_daily
             set close = 10.5
             where trade_date between '2020-03-02' and '2020-03-05'`,
  },
  'price-without-volume': {
    finds: on('2020-03-02', 'volume = 0'),
    leaves: on(
      '2020-03-02',
      `volume = 0, close = (
         select close from stocks_research.prices_daily where trade_date = '2020-02-28')`,
    ),
  },
  'session-missing': {
    finds: `delete from stocks_research.prices_daily where trade_date = '2020-03-02'`,
    // The series ends: coverage reports that.
    leaves: `delete from stocks_research.prices_daily where trade_date >= '2020-06-01'`,
  },
  'closure-alarm': {
    finds: `delete from stocks_research.prices_daily where trade_date = '2020-03-02'`,
    leaves: `${second('close + 0.5')}
             delete from stocks_research.prices_daily
             where trade_date = '2020-03-02' and security_id = 1`,
  },
  'price-restated': { finds: on('2020-03-02', 'close = 10.5'), leaves: on('2020-03-02', 'close = close') },
  'open-close-swapped': {
    // Nights without a move, days of a per cent; then the two columns change places.
    finds: `update stocks_research.prices_daily p
            set high = 20, low = 5, open = 10 + 0.1 * (no % 5), close = 10 + 0.1 * ((no + 4) % 5)
            from (
              select trade_date, row_number() over (order by trade_date) as no
              from stocks_research.prices_daily
            ) n
            where n.trade_date = p.trade_date`,
    leaves: `update stocks_research.prices_daily p
             set high = 20, low = 5, close = 10 + 0.1 * (no % 5), open = 10 + 0.1 * ((no + 4) % 5)
             from (
               select trade_date, row_number() over (order by trade_date) as no
               from stocks_research.prices_daily
             ) n
             where n.trade_date = p.trade_date`,
  },
  'bars-of-another': { finds: second('close'), leaves: second('close + 0.01') },
  'cash-without-drop': {
    finds: pay('2020-03-02', '0.6'),
    leaves: `${pay('2020-03-02', '0.6')} ${from('2020-03-02', 'open = open - 0.55, close = close - 0.55')}`,
  },
  'cash-reported-twice': {
    finds: pay('2020-01-15', '0.050'), // In other digits, on one day.
    leaves: pay('2020-01-24', '0.05'),
  },
  'cash-in-other-unit': {
    finds: rhythm([], (at) => (at === 5 ? '5' : '0.05')),
    leaves: rhythm([], (at) => (at === 5 ? '1' : '0.05')), // A special.
  },
  'cash-skipped': { finds: rhythm([5]), leaves: rhythm([9, 10, 11]) },
  'cash-above-half': { finds: pay('2020-03-02', '6'), leaves: pay('2020-03-02', '4') },
  'split-without-move': {
    finds: split('2020-03-02', 1, 2),
    leaves: `${split('2020-03-02', 1, 2)} ${from('2020-03-02', times(0.5))}`,
  },
  'split-maybe-spin-off': {
    finds: split('2020-03-02', 1, 1.046),
    leaves: `${split('2020-03-02', 4, 5)} ${split('2020-03-16', 1000000, 1333333)}`,
  },
  'split-reported-twice': {
    finds: `${split('2020-03-02', 1, 2)} ${split('2020-03-04', 1, 2)}`,
    leaves: `${split('2020-03-02', 1, 2)} ${split('2020-03-16', 1, 2)}`,
  },
  'corporate-actions-split-changes-something': {
    finds: split('2020-03-02', 3, 3),
    leaves: split('2020-03-02', 3, 4),
  },
  'leap-on-split-day': {
    finds:
      `${split('2020-03-02', 1, 2)} ${from('2020-03-02', times(0.3))} ` +
      `${on('2020-03-02', 'volume = volume * 14')}`,
    leaves:
      `${split('2020-03-02', 1, 2)} ${from('2020-03-02', times(0.5))} ` +
      `${on('2020-03-02', 'volume = volume * 14')}`,
  },
  'dividends-unchanged-over-a-split': {
    finds: `${rhythm([])} ${split('2018-06-01', 2, 3)}`,
    leaves: `${rhythm([], (at) => (at < 6 ? '0.075' : '0.05'))} ${split('2018-06-01', 2, 3)}`,
  },
  'revenue-quarter-out-of-line': { finds: fourthQuarter(6), leaves: fourthQuarter(7) },
  'trades-after-its-end': {
    finds: end('2020-03-02'),
    leaves: end('2020-06-26'),
  },
  'event-cannot-be-applied': {
    finds: `update stocks_research.adjustment_factors
            set price_factor = null, reason = 'why'
            where price_factor < 1`,
    leaves: 'update stocks_research.adjustment_factors set price_factor = 0.9 where price_factor < 1',
  },
  'ticker-history-last-is-current': {
    finds: `update stocks_research.securities set ticker = 'OTHER'`,
    leaves: `update stocks_research.securities set name = 'Other, Inc.'`,
  },
  'second-source-close': {
    finds: beside(`update ingestion.second_prices set close = close * 1.006 where trade_date = '2020-03-02'`),
    leaves: beside(
      `update ingestion.second_prices set close = close * 1.004 where trade_date = '2020-03-02'`,
    ),
  },
  'second-source-bar': {
    finds: `${beside('')} delete from stocks_research.prices_daily where trade_date = '2020-03-02'`,
    // Not held there: counted, not a fault of ours.
    leaves: beside(`delete from ingestion.second_prices where trade_date = '2020-03-02'`),
  },
  'second-source-split': {
    finds: beside(
      `insert into ingestion.second_events (security_id, ex_date, split_ratio) values (1, '2020-03-02', 2)`,
    ),
    leaves:
      beside(`insert into ingestion.second_events (security_id, ex_date, split_ratio)
              values (1, '2020-03-02', 1.3333333)`) + split('2020-03-02', 3, 4),
  },
  'second-source-cash': {
    finds: beside(`update ingestion.second_events set cash_amount = 0.06`),
    // Printed to a cent.
    leaves: `${beside('update ingestion.second_events set cash_amount = 0.0525')}
             update stocks_research.corporate_actions
             set cash_amount = 0.05`,
  },
  'event-rejected': {
    finds: `insert into stocks_research.refused_events (security_id, kind, reason)
            values (1, 'split', 'told twice')`,
    leaves: split('2020-03-02', 1, 2),
  },
  'listed-without-recent-bar': {
    finds: runTo('2020-07-16'),
    // Ten sessions, with Independence Day among the days.
    leaves: runTo('2020-07-15'),
  },
  'fx-rates-agree': {
    // Euros for a dollar, delivered as dollars for a euro.
    finds: rates([
      ['EUR', 'USD', 1.1, 'ecb'],
      ['USD', 'EUR', 1.1, 'fed'],
    ]),
    leaves: rates([
      ['EUR', 'USD', 1.1, 'ecb'],
      ['USD', 'EUR', 0.93, 'fed'],
    ]),
  },
  'fx-rates-old': {
    finds: rates([['EUR', 'USD', 1.1, 'ecb']], '2020-06-22'),
    leaves: rates([['EUR', 'USD', 1.1, 'ecb']], '2020-06-23'),
  },
  'withdrawn-by-source': {
    finds: `${readRun}
      insert into ingestion.withdrawals
        (run_id, job, provider, item, rows_count, first_date, last_date, examples)
      values ('00000000-0000-0000-0000-000000000001', 'prices-daily', 'test', 'x', 1, '2020-03-02',
        '2020-03-02', '[]')`,
    leaves: readRun,
  },
  'ticker-history-inside-listing': {
    finds: `update stocks_research.ticker_history set valid_from = '2020-01-01'`,
    leaves: `update stocks_research.ticker_history set valid_from = '2020-01-03'`,
  },
  'proceeds-far-from-close': {
    finds: end('2020-06-30', 20.5),
    leaves: end('2020-06-30', 19.5),
  },
  'securities-stand-once': {
    finds: `update stocks_research.securities
            set name = 'X';
            insert into stocks_research.securities (security_id, source_id, ticker, name, list_date)
            values (2, 'y', 'X', 'X', '2020-01-02')`,
    leaves: `update stocks_research.securities
             set name = 'X';
             insert into stocks_research.securities (security_id, source_id, ticker, name, list_date)
             values (2, 'y', 'X', 'X', '2021-01-04')`,
  },
}

it('finds nothing in a market without a fault', async () => {
  expect(await offended(scratch.db)).toEqual([])
})

it.each(Object.entries(CASES))(
  '%s finds its fault, and leaves what lies just beside it',
  async (name, { finds, leaves }) => {
    const own = checks.filter((check) => check.name === name)
    expect(await offendedBy(scratch, finds, (tx) => offended(tx, own))).toEqual([name])
    expect(await offendedBy(scratch, leaves, (tx) => offended(tx, own))).toEqual([])
  },
)

it('every soft check about prices and events is tested here with both', () => {
  expect(checks.map(({ name }) => name).filter((name) => !(name in CASES))).toEqual([])
})
