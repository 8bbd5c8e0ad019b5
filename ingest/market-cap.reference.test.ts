import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { figure, referenceFolder } from '../helpers/testing/reference.ts'
import { type Scratch, scratchDatabase } from '../helpers/testing/scratch.ts'
import { JOB_NAMES } from './contract/job.ts'
import { ingestDelivery } from './testing/flat-files/delivery.ts'

let scratch: Scratch
beforeAll(async () => {
  scratch = await scratchDatabase({ migrated: true })
  await ingestDelivery(scratch.connection, join(referenceFolder(), 'flat-files'), { jobs: JOB_NAMES })
})
afterAll(() => scratch?.drop())

const AAPL = '0000320193'

async function capOn(day: string): Promise<number> {
  const { cap } = await scratch.db.one<{ cap: string }>(
    'select market_cap as cap from stocks_research.market_cap_as_of($1::date, array[$2])',
    [day, AAPL],
  )
  return Number(cap)
}

// The count of 2014 is of before the split of 7 for 1, those of 2020 of before the split of 4 for 1.
it.each([
  ['2014-06-30', 560.3e9],
  ['2020-08-31', 2_206.9e9],
  ['2020-09-30', 1_980.6e9],
])('the capitalisation of Apple on %s is %d, on the shares of the day', async (day, expected) => {
  const cap = await capOn(day)
  figure('capitalisation', { day, cap })
  expect(Math.abs(cap / expected - 1)).toBeLessThan(0.001)
})

it('the price is 37.8 times the earnings of four quarters on 2020-08-31, the day of a split', async () => {
  const { income } = await scratch.db.one<{ income: string }>(
    `select ttm_value as income
     from stocks_research.fundamentals_panel(array['2020-08-31'::date], array['net_income'], array[$1])`,
    [AAPL],
  )
  expect((await capOn('2020-08-31')) / Number(income)).toBeCloseTo(37.8, 1)
})

it('the dividends of a year, in shares of the day, yield 1.91 % on 2014-06-30', async () => {
  const { yield_ratio } = await scratch.db.one<{ yield_ratio: string }>(
    `select d.ordinary / c.close as yield_ratio
     from stocks_research.trailing_dividends_panel(array['2014-06-30'::date]) d
     join stocks_research.market_cap_as_of('2014-06-30', array[$1]) c using (security_id)`,
    [AAPL],
  )
  expect(Number(yield_ratio) * 100).toBeCloseTo(1.91, 2)
})

it('no capitalisation of Apple or Nvidia leaps by more than a half from month to month', async () => {
  const leaps = await scratch.db.rows(
    `with caps as (
       select cik, as_of, market_cap, shares, lag(market_cap) over (partition by cik order by as_of) as before
       from stocks_research.market_cap_panel(
         (select array_agg(d::date)
          from generate_series(date '2010-01-31', date '2021-03-31', interval '1 month') d),
         array[$1, '0001045810'])
     )
     select *
     from caps
     where market_cap / before not between 0.5 and 1.5`,
    [AAPL],
  )
  expect(leaps).toEqual([])
})

it('the shares of Apple, in shares of one day, change by less than 4 % a month', async () => {
  const [row] = await scratch.db.rows(
    `with counts as (
       select c.as_of,
         c.shares * stocks_research.split_ratio(c.security_id, c.trade_date, '2021-03-31') as shares
       from stocks_research.market_cap_panel(
         stocks_research.month_ends('2010-01-31', '2021-03-31'), array[$1]) c
     ), changes as (
       select c.shares / lag(c.shares) over (order by c.as_of) as ratio
       from counts c
     )
     select count(*)::integer as months, bool_and(c.ratio between 0.96 and 1.04) as is_one_basis
     from changes c`,
    [AAPL],
  )
  expect(row).toEqual({ months: 134, is_one_basis: true })
})

it('earnings of four quarters on 2020-08-31 are in shares after the split of 1 to 4', async () => {
  const { value } = await scratch.db.one<{ value: string }>(
    `select value
     from stocks_research.fundamentals_panel(
       array['2020-08-31'::date], array['eps_diluted_ttm'], array[$1])`,
    [AAPL],
  )
  expect(Number(value)).toBeCloseTo((11.89 + 10.16 - 8.86) / 4, 6)
})

it('the newest vintage of a quarter is months later than the day on which it was first known', async () => {
  const [row] = await scratch.db.rows(
    `select count(*)::integer as quarters,
       count(*) filter (where i.first_known_on - i.period_end <= 100)::integer as known_in_time,
       count(*) filter (where i.known_from - i.period_end > 100)::integer as repeated_later
     from stocks_research.fundamentals_standard_v i
     where i.cik = $1
       and i.item = 'net_income'
       and i.period_kind = 'quarter'
       and i.period_end > '2010-01-01'
       and i.value is not null`,
    [AAPL],
  )
  figure('first and newest vintage', row)
  expect(row).toEqual({ quarters: 64, known_in_time: 64, repeated_later: 55 })
})
