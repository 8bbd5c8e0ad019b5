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
 * Filers that changed their fiscal year, and reported the months between by 10-KT. Values of named filers
 * are those of their filings, with the form or accession of each. A "Constructed" filer has the shape of real
 * ones, and values of our own.
 */
let scratch: Scratch
beforeAll(async () => {
  scratch = await scratchDatabase({ migrated: true })
})
afterAll(() => scratch?.drop())

const file = (cik: string, filings: readonly Filing[]) => fileFacts(scratch.db, cik, filings)
const itemsOn = (day: string, cik: string, item: string) => itemsOf(scratch.db, day, cik, item)
const quartersOf = (cik: string, tag: string) => quarters(scratch.db, cik, tag)

const CONTRACTS = 'us-gaap:RevenueFromContractWithCustomerExcludingAssessedTax'
// Myriad Genetics, 10-KT of July to December 2020, accession 0000899923-21-000021.
it('six months of a 10-KT less their first quarter are a quarter, and it is flagged', async () => {
  const MYGN = '0000899923'
  const half: Filing['facts'] = [
    ['2020-07-01', '2020-12-31', CONTRACTS, 'USD', '299800000'],
    ['2020-07-01', '2020-12-31', 'us-gaap:NetIncomeLoss', 'USD', '-53100000'],
  ]
  await file(MYGN, [
    {
      form: '10-Q',
      filed: '2020-11-09',
      accn: 'm-1',
      facts: [
        ['2020-07-01', '2020-09-30', CONTRACTS, 'USD', '145200000'],
        ['2020-07-01', '2020-09-30', 'us-gaap:NetIncomeLoss', 'USD', '-15200000'],
      ],
    },
    {
      form: '10-KT',
      filed: '2021-03-16',
      accn: '0000899923-21-000021',
      // The filing states the quarter of revenue itself; that of income is left out here, to be derived.
      facts: [...half, ['2020-10-01', '2020-12-31', CONTRACTS, 'USD', '154600000']],
    },
  ])
  expect(await quartersOf(MYGN, 'RevenueFromContractWithCustomerExcludingAssessedTax')).toMatchObject([
    { period_end: '2020-09-30', value: '145200000', is_transition: false },
    { period_end: '2020-12-31', value: '154600000', method: 'reported', is_transition: true },
  ])
  expect(await quartersOf(MYGN, 'NetIncomeLoss')).toMatchObject([
    { period_end: '2020-09-30', value: '-15200000', is_transition: false },
    { period_end: '2020-12-31', value: '-37900000', method: 'half_less_quarter', is_transition: true },
  ])
  expect(await itemsOn('2021-03-16', MYGN, 'net_income')).toEqual([
    'quarter 2020-07-01..2020-09-30 -15200000 USD',
    'half 2020-07-01..2020-12-31 -53100000 USD',
    'quarter 2020-10-01..2020-12-31 -37900000 USD',
  ])
})

// Relmada Therapeutics: 10-K to June 2019, 10-KT of July to December 2019, 10-Q of March 2020.
it('a 10-KT gives its half and the half a year before, and no quarter that cannot be known', async () => {
  const RLMD = '0001553643'
  const income = 'us-gaap:NetIncomeLoss'
  await file(RLMD, [
    {
      form: '10-K',
      filed: '2019-09-24',
      accn: '0001213900-19-018787',
      facts: [['2018-07-01', '2019-06-30', income, 'USD', '-17318060']],
    },
    {
      form: '10-KT',
      filed: '2020-03-26',
      accn: '0001213900-20-007501',
      facts: [
        ['2018-07-01', '2018-12-31', income, 'USD', '-10509403'],
        ['2019-07-01', '2019-12-31', income, 'USD', '-8196542'],
        ['2018-07-01', '2019-06-30', income, 'USD', '-17318060'],
      ],
    },
    {
      form: '10-Q',
      filed: '2020-05-15',
      accn: '0001213900-20-012693',
      facts: [
        ['2019-01-01', '2019-03-31', income, 'USD', '-2686065'],
        ['2020-01-01', '2020-03-31', income, 'USD', '-10673316'],
      ],
    },
  ])
  expect(await itemsOn('2020-05-15', RLMD, 'net_income')).toEqual([
    'half 2018-07-01..2018-12-31 -10509403 USD',
    'quarter 2019-01-01..2019-03-31 -2686065 USD',
    'year 2018-07-01..2019-06-30 -17318060 USD',
    'half 2019-07-01..2019-12-31 -8196542 USD',
    'quarter 2020-01-01..2020-03-31 -10673316 USD',
  ])
})

it('Constructed: a 10-KT of nine months leaves no gap between the quarters of two fiscal years', async () => {
  const NINE = '0000000010'
  const revenue = 'us-gaap:Revenues'
  await file(NINE, [
    {
      form: '10-Q',
      filed: '2021-11-01',
      accn: 'n-1',
      facts: [['2021-07-01', '2021-09-30', revenue, 'USD', '10']],
    },
    {
      form: '10-Q',
      filed: '2022-02-01',
      accn: 'n-2',
      facts: [['2021-07-01', '2021-12-31', revenue, 'USD', '21']],
    },
    {
      form: '10-KT',
      filed: '2022-05-20',
      accn: 'n-3',
      facts: [['2021-07-01', '2022-03-31', revenue, 'USD', '33']],
    },
    {
      form: '10-Q',
      filed: '2022-08-01',
      accn: 'n-4',
      facts: [['2022-04-01', '2022-06-30', revenue, 'USD', '13']],
    },
    {
      form: '10-Q',
      filed: '2022-11-01',
      accn: 'n-5',
      facts: [['2022-04-01', '2022-09-30', revenue, 'USD', '27']],
    },
  ])
  expect(await quartersOf(NINE, 'Revenues')).toMatchObject([
    { value: '10', method: 'reported', is_transition: false },
    { value: '11', method: 'half_less_quarter', is_transition: false },
    { value: '12', method: 'nine_months_less_half', is_transition: true },
    { value: '13', method: 'reported', is_transition: false, ttm_value: '46' },
    { value: '14', method: 'half_less_quarter', is_transition: false, ttm_value: '50' },
  ])
})

it('every quarter and item of these filers equals its recomputation', async () => {
  expect(await hardViolations(scratch.db)).toBe(0)
})
