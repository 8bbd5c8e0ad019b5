import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Database } from '../../helpers/postgres/database.ts'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import { type Filing, fileFacts, hardViolations } from '../testing/validation/company-facts.ts'
import { differencesOf } from './recompute-calculated-items.ts'

let scratch: Scratch
beforeAll(async () => {
  scratch = await scratchDatabase({ migrated: true })
})
afterAll(() => scratch?.drop())

const END = '2022-12-31'
let filers = 0
function newCik(): string {
  filers += 1
  return String(filers).padStart(10, '0')
}

/** What a filer with these lines in the balance sheet of END has of the item: a value, or a reason. */
async function balance(item: string, lines: Readonly<Record<string, number>>): Promise<string> {
  const cik = newCik()
  const facts = Object.entries(lines).map(
    ([tag, value]) => ['', END, `us-gaap:${tag}`, 'USD', String(value)] as const,
  )
  await fileFacts(scratch.db, cik, [{ form: '10-K', filed: '2023-02-15', accn: `a-${cik}`, facts }])
  return found(cik, item, '2023-03-01')
}

/** The panel and the list of periods agree on it. */
async function found(cik: string, item: string, day: string): Promise<string> {
  const rows = await scratch.db.rows<{ text: string }>(
    `select coalesce(trim_scale(p.value)::text, p.reason) as text
     from stocks_research.fundamentals_panel(array[$1::date], array[$2], array[$3]) p`,
    [day, item, cik],
  )
  const listed = await scratch.db.rows<{ text: string }>(
    `select coalesce(trim_scale(c.value)::text, c.reason) as text
     from stocks_research.calculated_items_as_of($1::date, array[$3]) c
     where c.item = $2
     order by c.period_end desc
     limit 1`,
    [day, item, cik],
  )
  if (!item.startsWith('eps')) expect(listed).toEqual(rows)
  return rows.map(({ text }) => text).join()
}

const LINES = { AccountsPayableCurrent: 30, AccruedLiabilitiesCurrent: 50, LongTermDebtNoncurrent: 400 }

it.each<[string, string, Readonly<Record<string, number>>, string]>([
  ['the line of current debt is used', 'total_debt', { ...LINES, DebtCurrent: 7 }, '407'],
  ['debt in one figure is used', 'total_debt', { DebtLongtermAndShorttermCombinedAmount: 415 }, '415'],
  ['a line that is not reported is not zero', 'total_debt', LINES, 'part_not_filed'],
  [
    '… unless the other current liabilities are all',
    'total_debt',
    { ...LINES, LiabilitiesCurrent: 80 },
    '400',
  ],
  ['… to the last dollar', 'total_debt', { ...LINES, LiabilitiesCurrent: 81 }, 'part_not_filed'],
  [
    'the lines of the balance sheet are added',
    'total_debt',
    { ...LINES, LiabilitiesCurrent: 95, CommercialPaper: 6, LongTermDebtCurrent: 9 },
    '415',
  ],
  [
    'pay, taxes and leases may be lines, too',
    'short_term_debt',
    { ...LINES, LiabilitiesCurrent: 95, LongTermDebtCurrent: 9, EmployeeRelatedLiabilitiesCurrent: 6 },
    '9',
  ],
  [
    'long-term debt shows that its parts do not overlap with short-term borrowings',
    'total_debt',
    { LongTermDebtNoncurrent: 400, LongTermDebtCurrent: 9, LongTermDebt: 415, ShortTermBorrowings: 6 },
    '415',
  ],
  [
    'a part that a note states once more is not added',
    'total_debt',
    { LongTermDebtNoncurrent: 400, LongTermDebtCurrent: 90, LongTermDebt: 415, ShortTermBorrowings: 6 },
    'part_not_filed',
  ],
  [
    'one of several kinds of short-term borrowings is not their total',
    'short_term_debt',
    { CommercialPaper: 6, OtherShortTermBorrowings: 3, LongTermDebtCurrent: 9, LongTermDebtNoncurrent: 400 },
    'part_not_filed',
  ],
  [
    'preferred stock is not zero if it is not reported',
    'book_equity',
    { StockholdersEquity: 90 },
    'part_not_filed',
  ],
  ['preferred stock of zero is', 'book_equity', { StockholdersEquity: 90, PreferredStockValue: 0 }, '90'],
  [
    'preferred stock counts at its value in a liquidation',
    'book_equity',
    { StockholdersEquity: 90, PreferredStockValue: 1, PreferredStockLiquidationPreferenceValue: 25 },
    '65',
  ],
  [
    'the lines of common stock add up to equity: there is no preferred stock',
    'book_equity',
    {
      StockholdersEquity: 90,
      CommonStockValue: 5,
      RetainedEarningsAccumulatedDeficit: 100,
      TreasuryStockValue: 15,
    },
    '90',
  ],
  [
    'minority interests are no equity of the parent',
    'book_equity',
    {
      StockholdersEquityIncludingPortionAttributableToNoncontrollingInterest: 97,
      MinorityInterest: 7,
      PreferredStockValue: 0,
    },
    '90',
  ],
  [
    '… and what is with them is not used as such',
    'book_equity',
    { StockholdersEquityIncludingPortionAttributableToNoncontrollingInterest: 97, PreferredStockValue: 0 },
    'part_not_filed',
  ],
  [
    'deferred taxes are added',
    'book_equity_with_deferred_taxes',
    { StockholdersEquity: 90, PreferredStockValue: 0, DeferredIncomeTaxLiabilitiesNet: 11 },
    '101',
  ],
  ['working capital may be negative', 'working_capital', { AssetsCurrent: 5, LiabilitiesCurrent: 8 }, '-3'],
])('%s (%s)', async (_, item, lines, expected) => {
  expect(await balance(item, lines)).toBe(expected)
})

it('a part of an older balance is no part of the newest one', async () => {
  const cik = newCik()
  const of = (end: string, tags: readonly string[]): Filing['facts'] =>
    tags.map((tag) => ['', end, `us-gaap:${tag}`, 'USD', '10'] as const)
  await fileFacts(scratch.db, cik, [
    {
      form: '10-K',
      filed: '2023-02-15',
      accn: 'b-1',
      facts: of(END, ['LongTermDebtNoncurrent', 'DebtCurrent']),
    },
    { form: '10-Q', filed: '2023-05-10', accn: 'b-2', facts: of('2023-03-31', ['LongTermDebtNoncurrent']) },
  ])
  expect(await found(cik, 'total_debt', '2023-05-09')).toBe('20')
  expect(await found(cik, 'total_debt', '2023-05-10')).toBe('part_not_filed')
})

const YEAR = ['2022-01-01', '2022-12-31'] as const
/** Earnings per share as a 10-K and a 10-Q report them; `before` is what the quarter of 2022 was first. */
async function earnings(before: string, restated: string): Promise<string> {
  const cik = newCik()
  const eps = (start: string, end: string, value: string) =>
    [start, end, 'us-gaap:EarningsPerShareDiluted', 'USD/shares', value] as const
  await fileFacts(scratch.db, cik, [
    { form: '10-Q', filed: '2022-05-10', accn: 'c-1', facts: [eps('2022-01-01', '2022-03-31', before)] },
    { form: '10-K', filed: '2023-02-15', accn: 'c-2', facts: [eps(...YEAR, '4.00')] },
    {
      form: '10-Q',
      filed: '2023-05-10',
      accn: 'c-3',
      facts: [eps('2023-01-01', '2023-03-31', '1.50'), eps('2022-01-01', '2022-03-31', restated)],
    },
  ])
  expect(await found(cik, 'eps_diluted_ttm', '2023-03-01')).toBe('4')
  return found(cik, 'eps_diluted_ttm', '2023-06-01')
}

it('earnings of four quarters are the year, plus this year to date, less last year to date', async () => {
  expect(await earnings('0.90', '0.90')).toBe('4.6')
})

it('earnings of four quarters are null if the filer is on other shares and no split is known', async () => {
  expect(await earnings('1.80', '0.90')).toBe('share_basis_may_differ')
})

/** Of all filers here, on the two days of a check: the routines that differ from the recomputation. */
async function differing(db: Database): Promise<string[]> {
  const ciks = Array.from({ length: filers }, (_, at) => String(at + 1).padStart(10, '0'))
  const found = await differencesOf(db, ciks)
  return [...new Set(found.map(({ routine }) => String(routine)))].toSorted()
}

it('the standard and calculated items of these filers equal their recomputation', async () => {
  expect(await hardViolations(scratch.db)).toBe(0)
  expect(await differing(scratch.db)).toEqual([])
})

/** A filer whose balance, cash flows and earnings are known, and restated with those of the next quarter. */
async function restating(): Promise<string> {
  const cik = newCik()
  const factsOf = (capex: string, debt: string): Filing['facts'] => [
    ['', END, 'us-gaap:DebtCurrent', 'USD', '7'],
    ['', END, 'us-gaap:LongTermDebtNoncurrent', 'USD', debt],
    [...YEAR, 'us-gaap:NetCashProvidedByUsedInOperatingActivities', 'USD', '90'],
    [...YEAR, 'us-gaap:PaymentsToAcquirePropertyPlantAndEquipment', 'USD', capex],
    [...YEAR, 'us-gaap:EarningsPerShareDiluted', 'USD/shares', '2.5'],
    ...QUARTERS.flatMap(([start, end]): Filing['facts'] => [
      [start, end, 'us-gaap:OperatingIncomeLoss', 'USD', '10'],
      [start, end, 'us-gaap:DepreciationDepletionAndAmortization', 'USD', '3'],
    ]),
  ]
  await fileFacts(scratch.db, cik, [
    { form: '10-K', filed: '2023-02-15', accn: `d-${cik}`, facts: factsOf('30', '400') },
    { form: '10-K/A', filed: '2023-06-15', accn: `e-${cik}`, facts: factsOf('35', '410') },
    { form: '10-Q', filed: '2023-06-15', accn: `f-${cik}`, facts: NEXT_QUARTER },
  ])
  return cik
}
const QUARTERS = [
  ['2022-01-01', '2022-03-31'],
  ['2022-04-01', '2022-06-30'],
  ['2022-07-01', '2022-09-30'],
  ['2022-10-01', '2022-12-31'],
] as const

const NEXT_QUARTER: Filing['facts'] = [
  ['', '2023-03-31', 'us-gaap:DebtCurrent', 'USD', '8'],
  ['', '2023-03-31', 'us-gaap:LongTermDebtNoncurrent', 'USD', '380'],
  ['2023-01-01', '2023-03-31', 'us-gaap:EarningsPerShareDiluted', 'USD/shares', '0.8'],
  ['2022-01-01', '2022-03-31', 'us-gaap:EarningsPerShareDiluted', 'USD/shares', '0.6'],
]

const ITEMS_OF = 'calculated_items_of(date[], text[], text[], text, boolean)'
const PANEL = 'standard_items_panel(date[], text[], text[], text)'
const EPS = 'eps_panel(date[], text[], text[])'
/** Changes a part of a function; fails if the function does not have it. */
const inFunction = (routine: string, from: string, to: string): string => `
  do $do$
  declare definition text := pg_get_functiondef('stocks_research.${routine}'::regprocedure);
  begin
    if position('${from}' in definition) = 0 then raise 'the function has no such part'; end if;
    execute replace(definition, '${from}', '${to}');
  end $do$`
const inTerms = (assignment: string, part: string): string =>
  `update stocks_research.calculated_item_terms set ${assignment} where part = '${part}'`

it.each<[string, string, readonly string[]]>([
  ['a wrong sign', inTerms('factor = -factor', 'capital_expenditure'), ['calculated_items_as_of']],
  [
    'a missing part counted as zero',
    inTerms("presence = 'optional'", 'minority_interest'),
    ['calculated_items_as_of', 'fundamentals_panel'],
  ],
  [
    'a proof that nobody requires',
    inTerms('proof_factor = 0', 'current_liabilities'),
    ['calculated_items_as_of', 'fundamentals_panel'],
  ],
  [
    'equity with minority interests taken for equity',
    inTerms('part_tags = null', 'equity'),
    ['calculated_items_as_of', 'fundamentals_panel'],
  ],
  [
    'a choice that comes too late',
    "update stocks_research.calculated_item_terms set choice = 9 where part = 'preferred_stock_liquidation'",
    ['calculated_items_as_of', 'fundamentals_panel'],
  ],
  [
    'a vintage of a later day',
    inFunction(ITEMS_OF, 's.known_from <= d.day', 'true'),
    ['calculated_items_as_of'],
  ],
  [
    'a vintage that is no longer valid',
    inFunction(ITEMS_OF, 's.known_to > d.day', 'true'),
    ['calculated_items_as_of'],
  ],
  [
    'a panel with a vintage of a later day',
    inFunction(PANEL, 's.known_from <= d.day', 'true'),
    ['fundamentals_panel'],
  ],
  [
    'the sum of four quarters of one part',
    inFunction(ITEMS_OF, 'sum(t.factor * p.ttm_value)', 'max(p.ttm_value)'),
    ['fundamentals_panel'],
  ],
  [
    'earnings of a later day',
    inFunction(EPS, 's.known_from <= d.day', 'true'),
    ['eps_panel', 'fundamentals_panel'],
  ],
  [
    'earnings with the months of last year added',
    inFunction(EPS, '- j.part_value', '+ j.part_value'),
    ['eps_panel', 'fundamentals_panel'],
  ],
])('the recomputation sees %s', async (_, fault, routines) => {
  await restating()
  const found = await faulty(fault)
  expect(found).toEqual(routines)
})

/** What differs with the fault, which is taken back. */
async function faulty(fault: string): Promise<string[]> {
  const undo = new Error('The fault is taken back.')
  let found: string[] = []
  await scratch.db
    .transaction(async (tx) => {
      await tx.execute(fault)
      found = await differing(tx)
      throw undo
    })
    .catch((error: unknown) => {
      if (error !== undo) throw error
    })
  return found
}
