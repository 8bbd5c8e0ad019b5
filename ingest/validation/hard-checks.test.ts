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

const checks = CHECKS.filter(({ severity }) => severity === 'hard')
/** Of the checks with these names, by default of all, those that find a violation. */
const offended = async (tx: Database, names = checks.map(({ name }) => name)): Promise<string[]> => {
  const asked = checks.filter(({ name }) => names.includes(name))
  const report = await validate(tx, { checks: asked, accepted: [] })
  return report.checks.flatMap(({ name, violations_count }) => (violations_count > 0 ? [name] : []))
}

/** Replaces a part of a view (by default of adjusted prices). Fails if the view does not have the part. */
const inView = (from: string, to: string, view = 'prices_daily_adjusted_v'): string => `
  do $$
  declare definition text := pg_get_viewdef('stocks_research.${view}'::regclass);
  begin
    if position('${from}' in definition) = 0 then raise 'the view has no such part: %', definition; end if;
    execute 'create or replace view stocks_research.${view} as ' || replace(definition, '${from}', '${to}');
  end $$`
const unguarded = (table: string, ...constraints: string[]): string =>
  constraints.map((name) => `alter table stocks_research.${table} drop constraint ${name};`).join(' ')
const bar = (columns: string, values: string): string =>
  `insert into stocks_research.prices_daily (security_id, trade_date, ${columns}) values (1, ${values})`
const split = (day: string, before: number, after: number): string => `
  insert into stocks_research.corporate_actions (security_id, ex_date, kind, action_key, occurrence,
    split_from, split_to, source)
  values (1, '${day}', 'split', 'split', 1, ${before}, ${after}, 'test');`
/** Multiplies prices from the day of the split on, and divides volumes, as if the shares had changed. */
const prices = (factor: number): string => `
  alter table stocks_research.prices_daily drop constraint prices_daily_volume_check;
  update stocks_research.prices_daily
  set open = open * ${factor}, high = high * ${factor}, low = low * ${factor},
    close = close * ${factor}, volume = ceil(volume / ${factor}) where trade_date >= '2020-03-02';`
const pay = (day: string): string => `
  insert into stocks_research.corporate_actions (security_id, ex_date, kind, action_key, occurrence,
    cash_amount, currency, source)
  values (1, '${day}', 'cash_dividend', '0.05 ${day}', 1, 0.05, 'USD', 'test');`
const onLaterShares = (before: number, after: number): string =>
  `${split('2020-03-02', before, after)} ${prices(before / after)} ` +
  `${['2019-08-01', '2019-11-01', '2020-04-01', '2020-05-01'].map(pay).join(' ')}`

/** A run of prices-daily whose window ends on a day. */
const runTo = (day: string): string => `
  insert into ingestion.runs (run_id, command, source, jobs, state, universe_file, universe_sha256,
    start_date, end_date, host, process_id, product_version)
  values (gen_random_uuid(), 'c', 's', '{prices-daily}', 'complete', 'u', repeat('0', 64),
    '2020-01-02', '${day}', 'h', 1, '0');`
/** Results of a quarter: announced before the open, and reported in the evening nine days later. */
const announced = `
  insert into stocks_research.filings (cik, accession, form, filed, accepted_at, is_accepted_at_certain,
    report_date, items)
  values ('0000000001', 'news', '8-K', '2020-04-21', '2020-04-21 08:00-04', true, '2020-04-21', '{2.02}'),
    ('0000000001', 'report', '10-Q', '2020-04-30', '2020-04-30 16:30-04', true, '2020-03-31', null);`
/** The security is acquired by another one at the end of its bars: 5 in cash and half a share of 12. */
const merged = `
  insert into stocks_research.securities (security_id, source_id, ticker, currency, list_date)
  values (2, 'y', 'Y', 'USD', '2020-01-02');
  insert into stocks_research.ticker_history (security_id, ticker, valid_from) values (2, 'Y', '2020-01-02');
  insert into stocks_research.prices_daily (security_id, trade_date, close) values (2, '2020-06-30', 12);
  update stocks_research.securities set delist_date = '2020-06-30' where security_id = 1;
  insert into stocks_research.corporate_actions
    (security_id, ex_date, kind, action_key, occurrence, cash_amount, shares_per_share, acquirer_ticker,
      source)
  values (1, '2020-06-30', 'merger', 'merger', 1, 5, 0.5, 'Y', 'test');`

// One fault each, and the checks that must find it. A constraint that forbids the fault is dropped first: a
// check must not rely on it.
const FAULTS: readonly (readonly [fault: string, sql: string, names: readonly string[]])[] = [
  ['a bar on a Sunday', bar('close', `'2020-01-19', 10`), ['bar-on-session']],
  [
    'a bar before the listing',
    bar('close', `'2019-12-31', 10`),
    ['bar-inside-listing', 'prices-daily-inside-ticker-interval'],
  ],
  [
    'two bars on a day',
    `${unguarded('prices_daily', 'prices_daily_pkey')} ${bar('close', `'2020-01-21', 10`)}`,
    ['one-bar-a-session'],
  ],
  [
    'a volume below zero',
    `${unguarded('prices_daily', 'prices_daily_volume_check')}
     update stocks_research.prices_daily set volume = -1 where trade_date = '2020-01-21'`,
    ['price-positive'],
  ],
  [
    'a close that is not a number',
    `update stocks_research.prices_daily set open = null, high = null, low = null, close = 'NaN'
     where trade_date = '2020-06-30'`,
    ['price-positive'],
  ],
  [
    'a grade of trust that does not follow from the figures',
    inView('q.grade,', 'lower(q.grade) as grade,', 'security_quality_v'),
    ['security-quality-equals-its-parts'],
  ],
  [
    'an exchange rate that is not a number',
    `insert into stocks_research.fx_rates (rate_date, from_currency, to_currency, source, rate, known_from)
     values ('2020-01-21', 'EUR', 'USD', 'ecb', 'NaN', '2020-01-21')`,
    ['fx-rate-positive'],
  ],
  [
    'a high below the close',
    `${unguarded('prices_daily', 'prices_daily_high_is_highest')}
     update stocks_research.prices_daily set high = 9.5 where trade_date = '2020-01-21'`,
    ['high-low-enclose'],
  ],
  [
    'a factor off by a thousandth',
    `update stocks_research.adjustment_factors
     set price_factor = price_factor * 1.001
     where price_factor < 1`,
    ['adjustment-continuous', 'factors-equal-recomputation'],
  ],
  [
    'a total return off by a thousandth',
    `update stocks_research.adjustment_factors
     set total_return_factor = total_return_factor * 1.001
     where price_factor < 1`,
    ['total-return-continuous', 'factors-equal-recomputation'],
  ],
  [
    'a last factor of two',
    'update stocks_research.adjustment_factors set price_factor = price_factor * 2',
    ['last-factor-one', 'factors-equal-recomputation'],
  ],
  [
    'a factor row that is gone',
    'delete from stocks_research.adjustment_factors where price_factor < 1',
    ['one-factor-a-bar'],
  ],
  [
    'a factor row without its event',
    `update stocks_research.adjustment_factors set events = '[]'`,
    ['factor-changes-at-events-only'],
  ],
  [
    'a split ratio of two halves',
    'update stocks_research.adjustment_factors set split_numerator = 2, split_denominator = 2',
    ['split-ratio-in-lowest-terms'],
  ],
  [
    'a view that moves the open alone',
    inView('p.open * f.price_factor', 'p.open * f.price_factor * 1.001'),
    ['one-ratio-a-bar'],
  ],
  [
    'a view that gives a reason and a value',
    inView('ELSE f.reason', `ELSE ''why''::text`),
    ['unadjusted-has-reason'],
  ],
  [
    'a view that changes a raw value',
    inView('p.volume,', 'p.volume + 1 as volume,'),
    ['adjusted-view-has-the-bars'],
  ],
  ['a bar given twice', inView('FROM ((', 'FROM generate_series(1, 2), (('), ['adjusted-view-has-the-bars']],
  [
    'a view of standard items with another value',
    inView('s.value,', 's.value + 1 as value,', 'fundamentals_standard_v'),
    ['standard-view-has-the-items'],
  ],
  [
    'a view of standard items without the items that were not filed',
    inView(';', ` WHERE s.reason IS DISTINCT FROM ''not_filed'';`, 'fundamentals_standard_v'),
    ['standard-items-equal-recomputation'],
  ],
  [
    'a standard item whose vintage of an earlier day is wrong',
    `update stocks_research.fundamentals_standard set known_from = known_from + 1 where tag = 'Assets'`,
    ['standard-items-equal-recomputation'],
  ],
  [
    'a view of listings with another reason',
    inView("''listed''", "''listed still''", 'securities_listing_v'),
    ['listings-equal-recomputation'],
  ],
  [
    'a view of delistings that leaves out the shares',
    `${merged}
     ${inView('COALESCE((e.shares_per_share * q.close), (0)::numeric)', '0::numeric', 'delistings_v')}`,
    ['listings-equal-recomputation', 'delisting-shares-have-acquirer'],
  ],
  [
    'a history of securities without a ticker',
    inView('h.ticker,', `upper(''other'') as ticker,`, 'security_history_v'),
    ['security-history-covers-tickers'],
  ],
  [
    'sessions numbered from 2',
    inView(
      'row_number() OVER (ORDER BY c.session_date)',
      '1 + row_number() OVER (ORDER BY c.session_date)',
      'sessions_numbered_v',
    ),
    ['sessions-numbered-in-order'],
  ],
  [
    'a view of returns without the delisting return',
    `${merged} ${inView('COALESCE(d.delisting_return, (0)::numeric)', '0::numeric', 'returns_daily_v')}`,
    ['daily-returns-compound'],
  ],
  [
    'an earnings date that overlooks the announcement',
    `${announced} ${inView("''2.02''", "''9.02''", 'earnings_dates_v')}`,
    ['earnings-dates-follow-filings'],
  ],
  [
    'an earnings date on the day of a report that came after the close',
    `${announced}
     ${inView('_after(a.accepted_at, a.filed)', '_after(null, a.filed - 1)', 'earnings_dates_v')}`,
    ['earnings-dates-follow-filings'],
  ],
  [
    'a close changed under its factor',
    `update stocks_research.prices_daily set close = 10.5 where trade_date = '2020-01-14'`,
    ['adjustment-continuous', 'factors-equal-recomputation'],
  ],
  [
    'a dividend that no factor knows',
    `insert into stocks_research.corporate_actions (security_id, ex_date, kind, action_key, occurrence,
       cash_amount, source)
     values (1, '2020-01-22', 'cash_dividend', 'a', 1, 1, 'test')`,
    ['adjustment-continuous', 'factors-equal-recomputation'],
  ],
  [
    'a refused dividend that no factor knows',
    `insert into ingestion.runs (run_id, command, source, state, universe_file, universe_sha256, start_date,
       end_date, host, process_id, product_version)
     values ('00000000-0000-0000-0000-000000000001', 'run all', 'test', 'complete', 'u', repeat('0', 64),
       '2020-01-02', '2020-06-30', 'h', 1, '1');
     insert into ingestion.items (run_id, job, provider, item, start_date, end_date, status)
     values ('00000000-0000-0000-0000-000000000001', 'adjustment-factors', 'derived', 'x', '2020-01-02',
       '2020-06-30', 'ok');
     insert into stocks_research.refused_events (security_id, ex_date, kind, reason)
     values (1, '2020-03-01', 'cash_dividend', 'told twice')`,
    ['refused-event-stops-adjustment', 'factors-equal-recomputation'],
  ],
  [
    'two owners of a ticker',
    `${unguarded('ticker_history', 'ticker_history_one_security_a_day')}
     insert into stocks_research.securities (security_id, source_id, ticker) values (2, 'y', 'X');
     insert into stocks_research.ticker_history (security_id, ticker, valid_from)
     values (2, 'X', '2020-03-02')`,
    ['one-security-a-ticker'],
  ],
  [
    'two tickers of a security',
    `${unguarded('ticker_history', 'ticker_history_one_ticker_a_day')}
     insert into stocks_research.ticker_history (security_id, ticker, valid_from)
     values (1, 'XX', '2020-03-02')`,
    ['one-ticker-a-security'],
  ],
  ['a split without a move of the price', split('2020-03-02', 1, 2), ['split-contradicts-price']],
  [
    'a split that the prices show the other way',
    `${split('2020-03-02', 2, 1)} ${prices(0.5)}`,
    ['split-contradicts-price'],
  ],
  ['a split of another ratio', `${split('2020-03-02', 12, 1)} ${prices(20)}`, ['split-contradicts-price']],
  [
    'a split that was applied to the prices before',
    `${split('2020-03-02', 1, 4)} ${prices(1 / 16)}`,
    ['split-contradicts-price'],
  ],
  [
    'a spin-off reported as a consolidation',
    `${split('2020-03-02', 1.24, 1)} ${prices(0.807)}`,
    ['split-contradicts-price'],
  ],
  ['dividends on shares of after a split, 1 to 4', onLaterShares(1, 4), ['dividends-on-raw-shares']],
  ['dividends on shares of after a split, 2 to 7', onLaterShares(2, 7), ['dividends-on-raw-shares']],
  ['dividends on shares of after a consolidation', onLaterShares(10, 1), ['dividends-on-raw-shares']],
  [
    'a bar of nobody',
    `${unguarded('prices_daily', 'prices_daily_security_id_fkey')}
     update stocks_research.prices_daily
     set security_id = 9`,
    ['no-orphans', 'foreign-keys-present'],
  ],
  [
    'a constraint that was never validated',
    'alter table stocks_research.prices_daily add constraint late check (close < 1000000) not valid',
    ['constraints-validated'],
  ],
  [
    'a trigger that is switched off',
    'alter table stocks_research.prices_daily disable trigger all',
    ['foreign-keys-present'],
  ],
  ['a table without a key', unguarded('prices_daily', 'prices_daily_pkey'), ['indexes-valid']],
  [
    'a balance sheet that does not balance',
    `update stocks_research.fundamentals_raw set value = value + 1 where tag = 'Assets'`,
    ['balance-identity'],
  ],
  [
    'quarters off by one',
    'update stocks_research.fundamentals_derived set value = value + 1',
    ['quarter-equals-its-filing', 'quarters-add-up', 'quarters-equal-recomputation'],
  ],
  [
    'a quarter known before its filing and its end',
    `update stocks_research.fundamentals_derived
     set known_from = '2020-12-30'
     where period_end = '2020-12-31'`,
    ['no-look-ahead', 'quarter-known-after-its-end', 'quarters-equal-recomputation'],
  ],
  [
    'prices that ended before the window did',
    runTo('2020-07-16'),
    ['listed-securities-have-recent-bars', 'newest-bar-is-recent'],
  ],
  ['a lost quarter', 'delete from stocks_research.fundamentals_derived', ['quarters-equal-recomputation']],
  [
    'a calculated item that is the sum of other parts',
    `update stocks_research.calculated_item_terms set part = 'revenue' where part = 'operating_income'`,
    ['calculated-items-equal-recomputation'],
  ],
]

it('nothing offends in rows that are right', async () => {
  expect(await offended(scratch.db)).toEqual([])
})

// A title names the checks too, so that `-t` runs those of one check.
const titled = FAULTS.map(([fault, sql, names]) => ({ fault, sql, names, checks: names.join(', ') }))
it.each(titled)('sees $fault ($checks)', async ({ sql, names }) => {
  const found = await offendedBy(scratch, sql, (tx) => offended(tx, [...names]))
  expect(found.toSorted()).toEqual(names.toSorted())
})

it('every hard check has a fault here that it was seen to find', () => {
  const seen = new Set(FAULTS.flatMap(([, , names]) => names))
  expect(checks.map(({ name }) => name).filter((name) => !seen.has(name))).toEqual([])
})
