import { acceptAndAnnounce } from './acceptance.ts'
import { type Books, keepBooks } from './books.ts'
import { addDays, type Calendar, daysBetween } from './calendar.ts'
import { type FiscalKind, fiscalQuarters, fiscalYearEnd } from './fiscal.ts'
import { compareText } from './order.ts'
import { splitMultiple } from './plan.ts'
import { createRandom, type Random } from './random.ts'
import { stateFacts, thousandsText } from './statements.ts'
import type { Fact, Filer, Filing, FiscalQuarter, QuarterTruth, Scenario, Security } from './types.ts'

const FIRST_FILED = '2019-04-01'
const RESTATED_FISCAL_YEAR = 2021
const KINDS: readonly FiscalKind[] = [
  'month_12',
  'month_12',
  'month_12',
  'month_12',
  'month_06',
  'month_09',
  'month_03',
]

/** The registrants behind the securities, with everything that they have filed until the last day. */
export function fileFacts(
  securities: readonly Security[],
  calendar: Calendar,
  seed: string,
  last_date: string,
): Filer[] {
  const byCik = Map.groupBy(
    securities.filter((security) => security.cik !== null),
    (security) => security.cik ?? '',
  )
  return [...byCik].map(([cik, owned]) => fileOne(cik, owned, calendar, seed, last_date))
}

/** The quarters that a restatement changes; none where the scenario is not listed. */
const RESTATED_QUARTERS: Readonly<Partial<Record<Scenario, readonly number[]>>> = {
  annual_restatement: [4],
  quarter_restatement: [3, 4],
}

const changedTag = (filed: string) => (filed < '2022-01-01' ? 'SalesRevenueNet' : 'Revenues')

function fileOne(
  cik: string,
  owned: readonly Security[],
  calendar: Calendar,
  seed: string,
  last_date: string,
): Filer {
  const random = createRandom(`${seed}/books/${cik}`)
  const first = owned[0]
  if (first === undefined) throw new RangeError(`The filer ${cik} has no security.`)
  const { scenario } = first
  const kind: FiscalKind =
    scenario === 'week_year' || scenario === 'retail_year' ? scenario : random.pick(KINDS)
  const quarters = fiscalQuarters(kind)
  const restated_quarters = RESTATED_QUARTERS[scenario] ?? []
  const books = keepBooks(quarters, random, {
    is_loss_maker: scenario === 'loss_maker',
    restated:
      restated_quarters.length === 0
        ? null
        : { fiscal_year: RESTATED_FISCAL_YEAR, quarters: restated_quarters },
  })
  const from = first.list_date ?? FIRST_FILED
  const until = first.delist_date ?? last_date
  const due = scenario === 'no_facts' ? [] : schedule(quarters, calendar, random, scenario)
  const restated_on = due.find((filing) => filing.form === '10-K/A')?.filed ?? '9999-12-31'
  const filed = due.filter(
    (filing) => filing.filed >= FIRST_FILED && filing.filed > from && filing.filed <= until,
  )
  const old_tag = random.chance(0.5) ? 'Revenues' : 'RevenueFromContractWithCustomerExcludingAssessedTax'
  const prints_fourth_quarter = random.chance(0.15)
  const counters = new Map<string, number>()
  const filings = filed.map((filing): Omit<Filing, 'accepted_at'> => {
    const year = filing.filed.slice(2, 4)
    const serial = (counters.get(year) ?? random.integer(3, 30)) + random.integer(1, 9)
    counters.set(year, serial)
    const { quarter } = filing
    return {
      accession: `${cik}-${year}-${String(serial).padStart(6, '0')}`,
      form: filing.form,
      fiscal_year: quarter.fiscal_year,
      fiscal_period: quarter.quarter === 4 ? 'FY' : (`Q${quarter.quarter}` as Filing['fiscal_period']),
      report_date: quarter.end,
      filed: filing.filed,
      facts: stateFacts({
        form: filing.form,
        index: filing.index,
        filed: filing.filed,
        books: filing.filed >= restated_on ? books.restated : books.original,
        share_multiple: splitMultiple(first.actions, filing.filed),
        revenue_tag: scenario === 'tag_change' ? changedTag(filing.filed) : old_tag,
        prints_fourth_quarter,
      }),
    }
  })
  const accepted = acceptAndAnnounce(cik, filings, calendar, seed)
  return {
    cik,
    name: first.name.replace(/ Class [AB]$/, ''),
    fiscal_year_end: fiscalYearEnd(kind),
    filings: withFrames(accepted.filings),
    announcements: accepted.announcements,
    split_dates: first.actions.filter((action) => 'split_from' in action).map((action) => action.ex_date),
    quarters: quarterTruths(books),
  }
}

interface Due {
  readonly form: Filing['form']
  readonly index: number
  readonly quarter: FiscalQuarter
  readonly filed: string
}

/**
 * When each report is filed: a quarter after 40 to 44 days, a year after 56 to 85, always on a session,
 * always after the one before it.
 */
function schedule(
  quarters: readonly FiscalQuarter[],
  calendar: Calendar,
  random: Random,
  scenario: Scenario,
): Due[] {
  const due: Due[] = []
  for (const [index, quarter] of quarters.entries()) {
    if (quarter.fiscal_year < 2018 || quarter.end < '2018-06-01' || quarter.end > '2025-06-30') continue
    const is_year = quarter.quarter === 4
    const is_late = scenario === 'late_filer' && quarter.fiscal_year === RESTATED_FISCAL_YEAR && is_year
    let lag_days = 168
    if (!is_late) lag_days = is_year ? random.integer(56, 85) : random.integer(40, 44)
    const previous = due.at(-1)?.filed
    const earliest = addDays(quarter.end, lag_days)
    const filed = calendar.onOrAfter(
      previous !== undefined && previous >= earliest ? addDays(previous, 12) : earliest,
    )
    due.push({ form: is_year ? '10-K' : '10-Q', index, quarter, filed })
  }
  if (scenario === 'annual_restatement' || scenario === 'quarter_restatement') amend(due, calendar, scenario)
  return due.sort((a, b) => compareText(a.filed, b.filed) || a.index - b.index)
}

/**
 * The 10-K/A comes some months after the 10-K; with wrong quarters a 10-Q/A comes with it, so that the year
 * equals its quarters again.
 */
function amend(due: Due[], calendar: Calendar, scenario: Scenario): void {
  const year = due.find(
    (filing) => filing.form === '10-K' && filing.quarter.fiscal_year === RESTATED_FISCAL_YEAR,
  )
  const third = due.find(
    (filing) => filing.quarter.quarter === 3 && filing.quarter.fiscal_year === RESTATED_FISCAL_YEAR,
  )
  if (year === undefined || third === undefined) return
  const filed = calendar.onOrAfter(addDays(year.filed, 47))
  due.push({ ...year, form: '10-K/A', filed })
  if (scenario === 'quarter_restatement') due.push({ ...third, form: '10-Q/A', filed })
}

/** The SEC marks the newest filing of a fact with its calendar frame. */
function withFrames(filings: readonly Filing[]): Filing[] {
  const newest = new Map<string, string>()
  for (const filing of filings) for (const fact of filing.facts) newest.set(keyOf(fact), filing.accession)
  return filings.map((filing) => ({
    ...filing,
    facts: filing.facts.map((fact) => ({
      ...fact,
      frame: newest.get(keyOf(fact)) === filing.accession ? frameOf(fact) : null,
    })),
  }))
}

const keyOf = (fact: Fact): string => `${fact.tag}|${fact.unit}|${fact.start}|${fact.end}`

function frameOf(fact: Fact): string | null {
  if (fact.taxonomy === 'dei') return null
  const quarterOf = (date: string): string =>
    `CY${date.slice(0, 4)}Q${Math.ceil(Number(date.slice(5, 7)) / 3)}`
  if (fact.start === null) return `${quarterOf(addDays(fact.end, -45))}I`
  const days = daysBetween(fact.start, fact.end) + 1
  const middle = addDays(fact.start, Math.floor(days / 2))
  if (days >= 80 && days <= 100) return quarterOf(middle)
  return days >= 350 && days <= 378 ? `CY${middle.slice(0, 4)}` : null
}

function quarterTruths(books: Books): QuarterTruth[] {
  return books.restated.map(({ fiscal_year, quarter, start, end, ...values }) => ({
    fiscal_year,
    quarter,
    start,
    end,
    revenue_usd: thousandsText(values.revenue),
    net_income_usd: thousandsText(values.net),
    operating_cash_flow_usd: thousandsText(values.cash_flow),
    assets_usd: thousandsText(values.liabilities + values.equity),
  }))
}
