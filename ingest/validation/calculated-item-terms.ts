/**
 * What the calculated items are, written once more: a recomputation that read the table of terms would repeat
 * a fault of it.
 */

/** A standard item in a sum, in a proof, or both. */
export interface Term {
  readonly part: string
  readonly factor: bigint
  /** Factor in the sum that must be zero; 0 when it is not part of a proof. */
  readonly proof: bigint
  /** By how many hundredths of the part the proof may miss zero. */
  readonly tolerance_percent: bigint
  readonly presence: 'needed' | 'optional' | 'absent'
  /** Only these tags are the part. */
  readonly tags?: readonly string[]
}
/** One way to compute a component. */
export type Choice = readonly Term[]
/** A summand: the first of its choices that has a value. */
export type Component = readonly Choice[]

const term = (part: string, rest: Partial<Term>): Term => ({
  part,
  factor: 0n,
  proof: 0n,
  tolerance_percent: 0n,
  presence: 'needed',
  ...rest,
})
const plus = (part: string, rest: Partial<Term> = {}): Term => term(part, { factor: 1n, ...rest })
const minus = (part: string): Term => term(part, { factor: -1n })
const without = (part: string): Term => term(part, { presence: 'absent' })
/** A line of the balance sheet that may be missing. */
const line = (part: string): Term => term(part, { proof: 1n, presence: 'optional' })
/** A line of debt that is zero where it is missing. */
const debtLine = (part: string): Term => ({ ...line(part), factor: 1n })

const CURRENT_LINES: Choice = [
  term('current_liabilities', { proof: -1n }),
  term('accounts_payable', { proof: 1n }),
  line('accrued_liabilities'),
  line('deferred_revenue_current'),
  line('other_current_liabilities'),
  debtLine('short_term_borrowings'),
  debtLine('long_term_debt_current'),
]
const MORE_CURRENT_LINES: Choice = [
  ...CURRENT_LINES,
  line('employee_liabilities_current'),
  line('income_taxes_payable'),
  line('operating_lease_liabilities_current'),
]
/** Short-term borrowings and the part of long-term debt that falls due, which do not overlap. */
const partsOfDebt = (noncurrent: bigint): Choice => [
  plus('short_term_borrowings'),
  plus('long_term_debt_current', { proof: 1n }),
  term('long_term_debt_noncurrent', { factor: noncurrent, proof: 1n }),
  term('long_term_debt', { proof: -1n, tolerance_percent: 5n }),
]
const NONCURRENT = plus('long_term_debt_noncurrent')

const EQUITY: Component = [
  [plus('equity', { tags: ['StockholdersEquity', 'EquityAttributableToOwnersOfParent'] })],
  [plus('equity_with_minority'), minus('minority_interest')],
]
const PREFERRED: Component = [
  [minus('preferred_stock_redemption')],
  [minus('preferred_stock_liquidation')],
  [minus('preferred_stock')],
  [
    term('equity', { proof: -1n, tags: ['StockholdersEquity'] }),
    term('common_stock', { proof: 1n }),
    term('retained_earnings', { proof: 1n }),
    line('additional_paid_in_capital'),
    line('accumulated_other_comprehensive_income'),
    term('treasury_stock', { proof: -1n, presence: 'optional' }),
  ],
]
const DEFERRED_TAXES: Component = [
  [plus('deferred_tax_liabilities'), plus('investment_tax_credit', { presence: 'optional' })],
]

/** The components of each item; of several without a value the first gives the reason. */
export const CALCULATED_ITEMS: Readonly<Record<string, readonly Component[]>> = {
  total_debt: [
    [
      [plus('debt_current'), NONCURRENT],
      [plus('debt')],
      [...CURRENT_LINES, NONCURRENT],
      [...MORE_CURRENT_LINES, NONCURRENT],
      partsOfDebt(1n),
      [
        plus('short_term_borrowings'),
        plus('long_term_debt', { proof: 1n }),
        term('long_term_debt_noncurrent', { proof: -1n }),
        without('long_term_debt_current'),
      ],
      [
        plus('short_term_borrowings'),
        plus('long_term_debt'),
        without('long_term_debt_current'),
        without('long_term_debt_noncurrent'),
      ],
    ],
  ],
  short_term_debt: [[[plus('debt_current')], CURRENT_LINES, MORE_CURRENT_LINES, partsOfDebt(0n)]],
  working_capital: [[[plus('current_assets'), minus('current_liabilities')]]],
  free_cash_flow: [[[plus('operating_cash_flow'), minus('capital_expenditure')]]],
  ebitda: [[[plus('operating_income'), plus('depreciation_amortization')]]],
  book_equity: [EQUITY, PREFERRED],
  book_equity_with_deferred_taxes: [DEFERRED_TAXES, EQUITY, PREFERRED],
}
