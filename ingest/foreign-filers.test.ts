import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Scratch, scratchDatabase } from '../helpers/testing/scratch.ts'
import {
  type Filing,
  fileFacts,
  hardViolations,
  itemsOn as itemsOf,
  quartersOf as quarters,
} from './testing/validation/company-facts.ts'

/**
 * Filers that report by 20-F, 40-F and 6-K. Values of named filers are those of their filings, with the form
 * or accession of each. A "Constructed" filer has the shape of real ones, and values of our own.
 */
let scratch: Scratch
beforeAll(async () => {
  scratch = await scratchDatabase({ migrated: true })
})
afterAll(() => scratch?.drop())

const file = (cik: string, filings: readonly Filing[]) => fileFacts(scratch.db, cik, filings)
const itemsOn = (day: string, cik: string, item: string) => itemsOf(scratch.db, day, cik, item)
const quartersOf = (cik: string, tag: string) => quarters(scratch.db, cik, tag)
const panelOn = (day: string, cik: string, item: string, currency: string | null = null) =>
  scratch.db.rows(
    `select period_end, trim_scale(value) as value, unit, reason, trim_scale(ttm_value) as ttm_value,
       ttm_reason
     from stocks_research.fundamentals_panel(array[$1::date], array[$2], array[$3], $4)`,
    [day, item, cik, currency],
  )
const Y24 = ['2024-01-01', '2024-12-31'] as const
const END24 = ['', '2024-12-31'] as const

// Taiwan Semiconductor, 20-F of 2024, accession 0001193125-25-083423.
const TSM = '0001046179'
it('a 20-F in TWD gives its year in TWD, and the translation to USD in rows of its own', async () => {
  await file(TSM, [
    {
      form: '20-F',
      filed: '2025-04-17',
      accn: '0001193125-25-083423',
      facts: [
        [...Y24, 'ifrs-full:Revenue', 'TWD', '2894307700000'],
        [...Y24, 'ifrs-full:Revenue', 'USD', '88268000000'],
        [...Y24, 'ifrs-full:RevenueFromContractsWithCustomers', 'TWD', '2894307700000'],
        [...Y24, 'ifrs-full:CostOfSales', 'TWD', '1269954100000'],
        [...Y24, 'ifrs-full:GrossProfit', 'TWD', '1624353600000'],
        [...Y24, 'ifrs-full:ProfitLossFromOperatingActivities', 'TWD', '1322053000000'],
        [...Y24, 'ifrs-full:ProfitLossBeforeTax', 'TWD', '1405840000000'],
        [...Y24, 'ifrs-full:IncomeTaxExpenseContinuingOperations', 'TWD', '248316100000'],
        [...Y24, 'ifrs-full:ProfitLossAttributableToOwnersOfParent', 'TWD', '1158380200000'],
        [...Y24, 'ifrs-full:ProfitLossAttributableToOwnersOfParent', 'USD', '35327200000'],
        [...Y24, 'ifrs-full:ProfitLoss', 'TWD', '1157523900000'],
        [...Y24, 'ifrs-full:BasicEarningsLossPerShare', 'TWD/shares', '44.68'],
        [...Y24, 'ifrs-full:BasicEarningsLossPerShare', 'USD/shares', '1.36'],
        [...Y24, 'ifrs-full:DividendsPaid', 'TWD', '414915500000'],
        [...Y24, 'ifrs-full:DividendsPaidClassifiedAsFinancingActivities', 'TWD', '363055200000'],
        [...Y24, 'ifrs-full:AdjustmentsForSharebasedPayments', 'TWD', '1242700000'],
        [...END24, 'ifrs-full:LongtermBorrowings', 'TWD', '31824400000'],
        [...END24, 'dei:EntityCommonStockSharesOutstanding', 'shares', '25932733242'],
      ],
    },
  ])
  const year = 'year 2024-01-01..2024-12-31'
  const expected: Record<string, string[]> = {
    revenue: [`${year} 2894307700000 TWD`, `${year} 88268000000 USD`],
    cost_of_revenue: [`${year} 1269954100000 TWD`],
    gross_profit: [`${year} 1624353600000 TWD`],
    operating_income: [`${year} 1322053000000 TWD`],
    pretax_income: [`${year} 1405840000000 TWD`],
    income_tax: [`${year} 248316100000 TWD`],
    net_income: [`${year} 1158380200000 TWD`, `${year} 35327200000 USD`],
    eps_basic: [`${year} 44.68 TWD/shares`, `${year} 1.36 USD/shares`],
    dividends_paid: [`${year} 363055200000 TWD`],
    share_based_compensation: [`${year} 1242700000 TWD`],
    long_term_debt_noncurrent: ['instant 2024-12-31 31824400000 TWD'],
    shares_outstanding: ['instant 2024-12-31 25932733242 shares'],
  }
  const found: typeof expected = {}
  for (const item of Object.keys(expected)) found[item] = await itemsOn('2025-04-17', TSM, item)
  expect(found).toEqual(expected)
  expect(await itemsOn('2025-04-16', TSM, 'revenue')).toEqual([])
})

// Honda Motor, 20-F: US GAAP until the year to March 2014, IFRS since; values in millions of yen.
it('a filer that changed from US GAAP to IFRS keeps its years, each with its taxonomy', async () => {
  const HMC = '0000715153'
  await file(HMC, [
    {
      form: '20-F',
      filed: '2014-06-20',
      accn: 'h-1',
      facts: [
        ['2013-04-01', '2014-03-31', 'us-gaap:Revenues', 'JPY', '11842451'],
        ['2013-04-01', '2014-03-31', 'us-gaap:NetIncomeLoss', 'JPY', '574107'],
      ],
    },
    {
      form: '20-F',
      filed: '2025-06-20',
      accn: 'h-2',
      facts: [
        ['2024-04-01', '2025-03-31', 'ifrs-full:Revenue', 'JPY', '21688767'],
        ['2024-04-01', '2025-03-31', 'ifrs-full:ProfitLossAttributableToOwnersOfParent', 'JPY', '835837'],
      ],
    },
  ])
  expect(await itemsOn('2025-12-31', HMC, 'revenue')).toEqual([
    'year 2013-04-01..2014-03-31 11842451 JPY',
    'year 2024-04-01..2025-03-31 21688767 JPY',
  ])
  expect(await itemsOn('2025-12-31', HMC, 'net_income')).toEqual([
    'year 2013-04-01..2014-03-31 574107 JPY',
    'year 2024-04-01..2025-03-31 835837 JPY',
  ])
})

// Logistic Properties of the Americas, 20-F: averages of shares before and after its listing in March 2024.
it('a 20-F restates its averages of shares, and each vintage keeps what was known then', async () => {
  const LPA = '0001997711'
  const shares = ['ifrs-full:AdjustedWeightedAverageShares', 'shares'] as const
  await file(LPA, [
    {
      form: '20-F',
      filed: '2024-04-26',
      accn: '0001493152-24-016772',
      facts: [
        ['2022-01-01', '2022-12-31', ...shares, '168142740'],
        ['2023-01-01', '2023-12-31', ...shares, '168142740'],
        ['', '2024-03-28', 'dei:EntityCommonStockSharesOutstanding', 'shares', '31709747'],
      ],
    },
    {
      form: '20-F',
      filed: '2025-04-02',
      accn: '0001997711-25-000030',
      facts: [
        ['2022-01-01', '2022-12-31', ...shares, '28600000'],
        ['2023-01-01', '2023-12-31', ...shares, '28600000'],
        [...Y24, ...shares, '30995079'],
        ['', '2025-04-02', 'dei:EntityCommonStockSharesOutstanding', 'shares', '31668601'],
      ],
    },
  ])
  expect(await itemsOn('2025-04-01', LPA, 'shares_diluted')).toEqual([
    'year 2022-01-01..2022-12-31 168142740 shares',
    'year 2023-01-01..2023-12-31 168142740 shares',
  ])
  expect(await itemsOn('2025-04-02', LPA, 'shares_diluted')).toEqual([
    'year 2022-01-01..2022-12-31 28600000 shares',
    'year 2023-01-01..2023-12-31 28600000 shares',
    'year 2024-01-01..2024-12-31 30995079 shares',
  ])
  expect(await itemsOn('2025-04-02', LPA, 'shares_outstanding')).toEqual([
    'instant 2024-03-28 31709747 shares',
    'instant 2025-04-02 31668601 shares',
  ])
})

// Westport Fuel Systems: 40-F of 2019 (0001370416-20-000003) and nine months as in its 6-K of 2020-11-09.
it('a 40-F and 6-Ks give quarters: the year less the nine months that a later 6-K states', async () => {
  const WPRT = '0001370416'
  const year: Filing = {
    form: '40-F',
    filed: '2020-03-17',
    accn: '0001370416-20-000003',
    facts: [['2019-01-01', '2019-12-31', 'us-gaap:NetIncomeLoss', 'USD', '41000']],
  }
  const nine_months: Filing = {
    form: '6-K',
    filed: '2020-11-09',
    accn: '0001370416-20-000038',
    facts: [
      ['2019-01-01', '2019-09-30', 'us-gaap:NetIncomeLoss', 'USD', '-610000'],
      ['2020-01-01', '2020-09-30', 'us-gaap:NetIncomeLoss', 'USD', '-11477000'],
      ['2019-07-01', '2019-09-30', 'us-gaap:NetIncomeLoss', 'USD', '4987000'],
      ['2020-07-01', '2020-09-30', 'us-gaap:NetIncomeLoss', 'USD', '822000'],
    ],
  }
  await file(WPRT, [year, nine_months])
  expect(await quartersOf(WPRT, 'NetIncomeLoss')).toMatchObject([
    { period_end: '2019-09-30', value: '4987000', method: 'reported' },
    { period_end: '2019-12-31', value: '651000', method: 'year_less_nine_months', is_transition: false },
    { period_end: '2020-09-30', value: '822000', method: 'reported' },
  ])
  expect(await itemsOn('2020-06-30', WPRT, 'net_income')).toEqual(['year 2019-01-01..2019-12-31 41000 USD'])
})

it('Constructed: a bank with 40-F in CAD has no revenue from contracts alone', async () => {
  const BANK = '0000000040'
  await file(BANK, [
    {
      form: '40-F',
      filed: '2024-12-04',
      accn: 'b-1',
      facts: [
        ['2023-11-01', '2024-10-31', 'ifrs-full:RevenueFromContractsWithCustomers', 'CAD', '12'],
        ['2023-11-01', '2024-10-31', 'ifrs-full:InterestRevenueExpense', 'CAD', '30'],
        ['2023-11-01', '2024-10-31', 'ifrs-full:ProfitLoss', 'CAD', '16'],
        ['', '2024-10-31', 'ifrs-full:Assets', 'CAD', '2000'],
        ['', '2024-10-31', 'ifrs-full:EquityAndLiabilities', 'CAD', '2000'],
        ['', '2024-10-31', 'ifrs-full:Equity', 'CAD', '120'],
        ['', '2024-10-31', 'ifrs-full:EquityAttributableToOwnersOfParent', 'CAD', '119'],
        ['', '2024-10-31', 'ifrs-full:CashAndCashEquivalents', 'CAD', '56'],
      ],
    },
  ])
  const year = 'year 2023-11-01..2024-10-31'
  expect(await itemsOn('2025-01-01', BANK, 'revenue')).toEqual([`${year} may_be_a_part CAD`])
  expect(await itemsOn('2025-01-01', BANK, 'net_interest_income')).toEqual([`${year} 30 CAD`])
  expect(await itemsOn('2025-01-01', BANK, 'net_income')).toEqual([`${year} 16 CAD`])
  expect(await itemsOn('2025-01-01', BANK, 'equity')).toEqual(['instant 2024-10-31 119 CAD'])
  expect(await itemsOn('2025-01-01', BANK, 'cash')).toEqual(['instant 2024-10-31 56 CAD'])
})

/** Quarters of a filer as 6-Ks and a 20-F state them, in one currency, from a first year on. */
function years(
  from: number,
  to: number,
  unit: string,
  of: (year: number, quarter: number) => number,
): Filing[] {
  const filings: Filing[] = []
  const ends = ['03-31', '06-30', '09-30', '12-31']
  const starts = ['01-01', '04-01', '07-01']
  for (let year = from; year <= to; year += 1)
    for (const [at, end] of ends.entries()) {
      let sum = 0
      for (let quarter = 0; quarter <= at; quarter += 1) sum += of(year, quarter)
      const facts: Filing['facts'][number][] = [
        [`${year}-01-01`, `${year}-${end}`, 'us-gaap:Revenues', unit, String(sum)],
      ]
      const start = starts[at]
      if (at > 0 && start !== undefined)
        facts.push([`${year}-${start}`, `${year}-${end}`, 'us-gaap:Revenues', unit, String(of(year, at))])
      const filed = at === 3 ? `${year + 1}-02-10` : `${year}-${['04', '07', '10'][at]}-20`
      filings.push({ form: at === 3 ? '20-F' : '6-K', filed, accn: `q-${unit}-${year}-${at}`, facts })
    }
  return filings
}

it('Constructed: 6-Ks and a 20-F in EUR give four quarters; USD is never added to them', async () => {
  const EUR = '0000000020'
  const usd: Filing = {
    form: '20-F',
    filed: '2024-02-10',
    accn: 'q-EUR-2023-3',
    facts: [['2023-01-01', '2023-12-31', 'us-gaap:Revenues', 'USD', '5000']],
  }
  await file(EUR, [...years(2023, 2023, 'EUR', (_year, quarter) => 100 + quarter), usd])
  expect(await panelOn('2024-03-01', EUR, 'revenue')).toEqual([
    { period_end: '2023-12-31', value: '103', unit: 'EUR', reason: null, ttm_value: '406', ttm_reason: null },
  ])
  expect(await panelOn('2024-03-01', EUR, 'revenue', 'EUR')).toMatchObject([{ value: '103', unit: 'EUR' }])
  expect(await panelOn('2024-03-01', EUR, 'revenue', 'USD')).toEqual([
    {
      period_end: '2023-12-31',
      value: null,
      unit: 'EUR',
      reason: 'other_currency',
      ttm_value: null,
      ttm_reason: 'other_currency',
    },
  ])
})

it('Constructed: a change of currency ends the sum of four quarters until all are in it', async () => {
  const CHANGED = '0000000021'
  await file(CHANGED, [...years(2022, 2022, 'CAD', () => 130), ...years(2023, 2023, 'USD', () => 100)])
  expect(await panelOn('2023-08-01', CHANGED, 'revenue')).toMatchObject([
    {
      period_end: '2023-06-30',
      value: '100',
      unit: 'USD',
      ttm_value: null,
      ttm_reason: 'fewer_than_four_quarters',
    },
  ])
  expect(await panelOn('2024-03-01', CHANGED, 'revenue')).toMatchObject([{ unit: 'USD', ttm_value: '400' }])
})

it('Constructed: of a translation in another unit the panel gives the one that was used first', async () => {
  const ZAR = '0000000022'
  // USD comes before ZAR in the alphabet, and only the newest balance is translated.
  await file(ZAR, [
    {
      form: '20-F',
      filed: '2024-10-30',
      accn: 'z-1',
      facts: [
        ['', '2023-06-30', 'ifrs-full:Assets', 'ZAR', '180'],
        ['', '2024-06-30', 'ifrs-full:Assets', 'ZAR', '190'],
        ['', '2024-06-30', 'ifrs-full:Assets', 'USD', '10'],
      ],
    },
  ])
  expect(await panelOn('2024-12-31', ZAR, 'assets')).toMatchObject([{ value: '190', unit: 'ZAR' }])
  expect(await panelOn('2024-12-31', ZAR, 'assets', 'USD')).toMatchObject([{ value: '10', unit: 'USD' }])
})

it('Constructed: a filer of halves has halves and years, and no quarter', async () => {
  const HALVES = '0000000023'
  await file(HALVES, [
    {
      form: '6-K',
      filed: '2024-08-01',
      accn: 's-1',
      facts: [['2024-01-01', '2024-06-30', 'ifrs-full:Revenue', 'GBP', '40']],
    },
    {
      form: '20-F/A',
      filed: '2025-03-01',
      accn: 's-2',
      facts: [[...Y24, 'ifrs-full:Revenue', 'GBP', '90']],
    },
  ])
  expect(await itemsOn('2025-03-01', HALVES, 'revenue')).toEqual([
    'half 2024-01-01..2024-06-30 40 GBP',
    'year 2024-01-01..2024-12-31 90 GBP',
  ])
  expect(await quartersOf(HALVES, 'Revenue')).toEqual([])
})

it('a count of ordinary shares gives no capitalisation of what may be depositary shares', async () => {
  await scratch.db.execute(`
    insert into stocks_research.securities (security_id, source_id, ticker, currency, cik, security_type)
    values (1, 'a', 'A', 'USD', '${TSM}', 'stock');
    insert into stocks_research.prices_daily (security_id, trade_date, open, high, low, close, volume)
    values (1, '2025-04-17', 150, 152, 149, 151, 1000);`)
  const cap = () =>
    scratch.db.rows(
      `select trim_scale(market_cap) as cap, reason
       from stocks_research.market_cap_as_of('2025-04-17', array[$1])`,
      [TSM],
    )
  expect(await cap()).toEqual([{ cap: null, reason: 'may_be_depositary_shares' }])
  // A type that says that ordinary shares are listed.
  await scratch.db.execute("update stocks_research.securities set security_type = 'common'")
  expect(await cap()).toEqual([{ cap: '3915842719542', reason: null }])
})

it('every quarter and item of these filers equals its recomputation', async () => {
  expect(await hardViolations(scratch.db)).toBe(0)
})
