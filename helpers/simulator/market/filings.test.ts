import { describe, expect, test } from 'vitest'
import { filedFacts, knowledgeOf } from '../../testing/market/expected-fundamentals.ts'
import { addDays, daysBetween } from './calendar.ts'
import { isEqual } from './rational.ts'
import type { Filer } from './types.ts'
import { createWorld } from './world.ts'

const world = createWorld({ securities: 62 })
const filerOf = (scenario: string): Filer => {
  const cik = world.securities.find((security) => security.scenario === scenario)?.cik
  const filer = world.filers.find((one) => one.cik === cik)
  if (filer === undefined) throw new Error(`No filer is there to show ${scenario}.`)
  return filer
}
const lengthOf = (span: { start: string | null; end: string }): number =>
  daysBetween(span.start ?? span.end, span.end) + 1

describe('filings', () => {
  test.each([
    ['annual_restatement', ['10-K/A']],
    ['quarter_restatement', ['10-K/A', '10-Q/A']],
  ])('of %s change what was known, from the day of the amendment', (scenario, forms) => {
    const filer = filerOf(scenario)
    const amendments = filer.filings.filter((filing) => filing.form.endsWith('/A'))
    expect(amendments.map((filing) => filing.form).sort()).toEqual(forms)
    const amended = amendments.find((filing) => filing.form === '10-K/A')
    const year = amended?.facts.find(
      (fact) => fact.tag === 'NetIncomeLoss' && fact.end === amended.report_date,
    )
    const { value } = knowledgeOf(filer)
    const known = (as_of: string) =>
      value('NetIncomeLoss', 'USD', year?.start ?? null, year?.end ?? '', as_of)
    const before = known(addDays(amended?.filed ?? '', -1))
    const after = known(amended?.filed ?? '')
    expect(before !== null && after !== null && !isEqual(before, after)).toBe(true)
    const assets = (as_of: string) => value('Assets', 'USD', null, year?.end ?? '', as_of)
    expect(assets(amended?.filed ?? '')).not.toEqual(assets(addDays(amended?.filed ?? '', -1)))
  })

  test.each([
    ['week_year', 1],
    ['retail_year', 4],
  ])(
    'of a %s put the 14th week into quarter %i, and a change from 13 weeks is marked',
    (scenario, quarter) => {
      const filer = filerOf(scenario)
      const long = filer.quarters.filter(
        (one) => one.fiscal_year >= 2018 && one.fiscal_year <= 2024 && lengthOf(one) === 98,
      )
      expect(long.map((one) => [one.fiscal_year, one.quarter])).toEqual([[2023, quarter]])
      const change = knowledgeOf(filer).yearOverYear(
        'NetIncomeLoss',
        'USD',
        long[0] ?? filer.quarters[0] ?? ({} as never),
        world.end_date,
      )
      expect([change.reason, change.is_uneven]).toEqual(['ok', true])
    },
  )

  test('come late from one company', () => {
    const lags = filerOf('late_filer').filings.map((filing) => daysBetween(filing.report_date, filing.filed))
    expect(lags.filter((lag) => lag > 150)).toHaveLength(1)
  })

  test('repeat the periods of earlier ones, also under a new tag', () => {
    const facts = filedFacts(filerOf('tag_change'))
    const spans = (tag: string) =>
      new Map(
        facts.filter((fact) => fact.tag === tag).map((fact) => [`${fact.start} ${fact.end}`, fact.value]),
      )
    const old = spans('SalesRevenueNet')
    const current = spans('Revenues')
    const shared = [...current].filter(([span]) => old.has(span))
    expect(shared.length).toBeGreaterThan(3)
    for (const [span, value] of shared) expect(old.get(span)).toBe(value)
  })

  test('restate per-share facts after a split, and no others', () => {
    const filer = filerOf('split')
    const change = (tag: string): number[] => {
      const vintages = Map.groupBy(
        filedFacts(filer).filter((fact) => fact.tag === tag && lengthOf(fact) > 300),
        (fact) => fact.end,
      )
      return [...vintages.values()].map((facts) => Number(facts[0]?.value) / Number(facts.at(-1)?.value))
    }
    expect(change('NetIncomeLoss').every((ratio) => ratio === 1)).toBe(true)
    expect(
      change('WeightedAverageNumberOfDilutedSharesOutstanding').some(
        (ratio) => Math.abs(ratio - 0.25) < 0.001,
      ),
    ).toBe(true)
    expect(change('EarningsPerShareDiluted').some((ratio) => ratio > 3.5 && ratio < 4.5)).toBe(true)
  })

  test('of shares on two bases are not compared', () => {
    const filer = filerOf('split')
    const { yearOverYear, quarters } = knowledgeOf(filer)
    const [split] = filer.split_dates
    const old = filer.filings.findLast((filing) => filing.form === '10-Q' && filing.filed < (split ?? ''))
    const quarter = quarters.find((one) => one.end === old?.report_date) ?? ({} as never)
    const change = (as_of: string) =>
      yearOverYear('EarningsPerShareDiluted', 'USD/shares', quarter, as_of).reason
    // One year later its value is restated, and the one a year before it never will be.
    expect([change(old?.filed ?? ''), change(world.end_date)]).toEqual(['ok', 'share_basis_differs'])
  })

  test('of a loss maker have no change over the year, with the reason', () => {
    const filer = filerOf('loss_maker')
    const reported = filer.filings.findLast((filing) => filing.form === '10-Q')
    const quarter = filer.quarters.find((one) => one.end === reported?.report_date)
    if (quarter === undefined) throw new Error('The loss maker has filed nothing.')
    const change = knowledgeOf(filer).yearOverYear('NetIncomeLoss', 'USD', quarter, world.end_date)
    expect([change.ratio, change.reason]).toEqual([null, 'base_not_positive'])
  })

  test('give no fourth quarter per share, and derive the one in dollars', () => {
    const filer = filerOf('week_year')
    const { quarter } = knowledgeOf(filer)
    const fourth =
      filer.quarters.find((one) => one.fiscal_year === 2022 && one.quarter === 4) ?? ({} as never)
    const printed = filedFacts(filer).some((fact) => fact.start === fourth.start && fact.end === fourth.end)
    expect(quarter('NetIncomeLoss', 'USD', fourth, world.end_date)?.method).toBe(
      printed ? 'reported' : 'year_minus_nine_months',
    )
    if (!printed) expect(quarter('EarningsPerShareDiluted', 'USD/shares', fourth, world.end_date)).toBeNull()
  })

  test('are absent where the scenario says so, and end with the listing', () => {
    expect(filerOf('no_facts').filings).toEqual([])
    const dead = world.securities.find((security) => security.scenario === 'cash_merger')
    expect(filerOf('cash_merger').filings.every((filing) => filing.filed <= (dead?.delist_date ?? ''))).toBe(
      true,
    )
  })

  test('are accepted within the hours of EDGAR, and after 17:30 for the next session', () => {
    const clock = new Intl.DateTimeFormat('sv-SE', {
      timeZone: 'America/New_York',
      dateStyle: 'short',
      timeStyle: 'short',
    })
    const wrong = world.filers
      .flatMap(({ filings, announcements }) => [...filings, ...announcements])
      .filter(({ accepted_at, filed }) => {
        const [day = '', time = ''] = clock.format(new Date(accepted_at)).split(' ')
        const expected = time <= '17:30' ? day : world.calendar.shift(day, 1)
        return time < '06:00' || time >= '22:00' || filed !== expected
      })
    expect(wrong).toEqual([])
    expect(world.filers.flatMap(({ announcements }) => announcements).length).toBeGreaterThan(100)
  })
})
