import { globSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { addDays, newYorkMidnight } from '../../helpers/simulator/market/calendar.ts'
import type { Rational } from '../../helpers/simulator/market/rational.ts'
import type { FiledFact, Filer, FiscalQuarter, Security } from '../../helpers/simulator/market/types.ts'
import { withVariables } from '../../helpers/testing/documents/cookbook.ts'
import {
  type FilerKnowledge,
  filedFacts,
  knowledgeOf,
} from '../../helpers/testing/market/expected-fundamentals.ts'
import { filerOf, openCookbookMarket } from '../testing/validation/cookbook-market.ts'
import { dayBefore, numberOf } from '../testing/validation/market-truth.ts'

// Each signal of examples/signals at 60 month ends, against what follows from the truth of the market.

const market = await openCookbookMarket()
const { db, idOf, truth, world } = market
afterAll(() => market.drop())

const FROM = '2020-01-01'
const TO = '2024-12-31'
/** A filing counts for so many days after the end of its period. */
const FRESH_DAYS = 400
const FILES = globSync('examples/signals/*.sql').toSorted()
const queryOf = (file: string): string => withVariables(readFileSync(file, 'utf8'), { from: FROM, to: TO })

/** The securities with a bar on the day, one for each filer that has no other security. */
const alone = world.securities.filter(
  ({ cik }) => cik !== null && world.securities.filter((other) => other.cik === cik).length === 1,
)
const known = new Map(
  alone.map((security) => {
    const filer = filerOf(world, security)
    const counts = filedFacts(filer)
      .filter(({ tag }) => tag === 'EntityCommonStockSharesOutstanding')
      .toSorted((a, b) => (a.end < b.end ? -1 : 1))
    return [security, { filer, counts, knowledge: knowledgeOf(filer), values: new Map() }] as const
  }),
)

interface Known {
  readonly filer: Filer
  /** Counts of shares by day. */
  readonly counts: readonly FiledFact[]
  readonly knowledge: FilerKnowledge
  /** What was computed, by what was filed. */
  readonly values: Map<string, number | null>
}
/** The newest quarter of which a report was filed by the day, while it is fresh. */
function newestQuarter({ filer }: Known, day: string): FiscalQuarter | undefined {
  const ends = filer.filings.filter(({ filed }) => filed <= day).map(({ report_date }) => report_date)
  const newest = ends.toSorted().at(-1)
  if (newest === undefined || newest <= addDays(day, -FRESH_DAYS)) return undefined
  return filer.quarters.find(({ end }) => end === newest)
}
/** A value of the newest quarter, computed once for each set of filings that was known. */
function ofNewest(
  filer: Known,
  tag: string,
  day: string,
  compute: (quarter: FiscalQuarter) => Rational | null,
): number | null {
  const quarter = newestQuarter(filer, day)
  if (quarter === undefined) return null
  const key = `${tag} ${filer.filer.filings.filter(({ filed }) => filed <= day).length}`
  const stored = filer.values.get(key)
  if (stored !== undefined) return stored
  const value = compute(quarter)
  filer.values.set(key, value === null ? null : numberOf(value))
  return value === null ? null : numberOf(value)
}
const trailingYear = (filer: Known, tag: string, day: string): number | null =>
  ofNewest(filer, tag, day, (quarter) => filer.knowledge.trailingYear(tag, 'USD', quarter, day))
const balance = (filer: Known, tag: string, day: string): number | null =>
  ofNewest(filer, tag, day, ({ end }) => filer.knowledge.value(tag, 'USD', null, end, day))

/** Shares of the day by the newest cover, whose count is on the shares of its filing. */
function shares(security: Security, { counts }: Known, day: string): number | null {
  const newest = counts.findLast(({ filed, end }) => filed <= day && end > addDays(day, -550))
  if (newest === undefined) return null
  return Number(newest.value) * truth.splitRatio(security, newest.filed, day)
}
function marketCap(security: Security, filer: Known, day: string): number | null {
  const bar = security.bars.findLast(({ date }) => date <= day && date > addDays(day, -7))
  const count = shares(security, filer, day)
  return bar === undefined || count === null ? null : (count * bar.close_cents) / 100
}

const ENDS = truth.monthEnds('2018-11-01', TO)
const monthBefore = (day: string, months: number): string => ENDS[ENDS.indexOf(day) - months] ?? ''
const ratio = (over: number | null, under: number | null): number | null =>
  over === null || under === null ? null : over / under

/** Return between two month ends on both of which it traded. */
function growth(security: Security, from: string, to: string): number | null {
  if (truth.barOn(security, from) === undefined || truth.barOn(security, to) === undefined) return null
  return truth.totalReturnClose(security, to) / truth.totalReturnClose(security, from) - 1
}

type Signal = (security: Security, filer: Known, day: string) => number | null
const SIGNALS: Readonly<Record<string, Signal>> = {
  size: (security, filer, day) => {
    const cap = marketCap(security, filer, day)
    return cap === null ? null : Math.log(cap)
  },
  'book-to-market': (security, filer, day) =>
    ratio(balance(filer, 'StockholdersEquity', dayBefore(day)), marketCap(security, filer, day)),
  'earnings-yield': (security, filer, day) =>
    ratio(trailingYear(filer, 'NetIncomeLoss', dayBefore(day)), marketCap(security, filer, day)),
  momentum: (security, _, day) =>
    truth.barOn(security, day) === undefined
      ? null
      : growth(security, monthBefore(day, 12), monthBefore(day, 1)),
  'short-term-reversal': (security, _, day) => growth(security, monthBefore(day, 1), day),
  'asset-growth': (security, filer, day) => {
    if (truth.barOn(security, day) === undefined) return null
    const now = balance(filer, 'Assets', dayBefore(day))
    const change = ratio(now, balance(filer, 'Assets', dayBefore(monthBefore(day, 12))))
    return change === null ? null : change - 1
  },
  'gross-profitability': (security, filer, day) =>
    truth.barOn(security, day) === undefined
      ? null
      : ratio(trailingYear(filer, 'GrossProfit', dayBefore(day)), balance(filer, 'Assets', dayBefore(day))),
  accruals: (security, filer, day) => {
    if (truth.barOn(security, day) === undefined) return null
    const income = trailingYear(filer, 'NetIncomeLoss', dayBefore(day))
    const cash = trailingYear(filer, 'NetCashProvidedByUsedInOperatingActivities', dayBefore(day))
    return income === null || cash === null
      ? null
      : ratio(income - cash, balance(filer, 'Assets', dayBefore(day)))
  },
  'net-issuance': (security, filer, day) => {
    const before = monthBefore(day, 12)
    if (marketCap(security, filer, day) === null || marketCap(security, filer, before) === null) return null
    const then = shares(security, filer, before) ?? Number.NaN
    const now = shares(security, filer, day) ?? Number.NaN
    return Math.log(now / then / truth.splitRatio(security, before, day))
  },
  'dividend-yield': (security, _, day) => {
    const bar = truth.barOn(security, day)
    if (bar === undefined) return null
    const year = `${Number(day.slice(0, 4)) - 1}${day.slice(4)}`.replace('-02-29', '-02-28')
    const paid = security.actions.reduce((sum, action) => {
      if (action.kind !== 'cash_dividend' || action.ex_date <= year || action.ex_date > day) return sum
      return sum + Number(action.amount) / truth.splitRatio(security, dayBefore(action.ex_date), day)
    }, 0)
    return (paid * 100) / bar.close_cents
  },
}

test('there is a query of at most 25 lines for each signal', () => {
  expect(FILES.map((file) => basename(file, '.sql'))).toEqual(Object.keys(SIGNALS).toSorted())
  for (const file of FILES)
    expect(readFileSync(file, 'utf8').trimEnd().split('\n').length, file).toBeLessThanOrEqual(25)
})

describe('at 60 month ends it has the values that follow from the truth:', () => {
  test.for(FILES)('%s', async (file) => {
    const signal = SIGNALS[basename(file, '.sql')]
    const rows = await db.rows<{ day: string; security_id: string; value: string | null }>(queryOf(file))
    const found = new Map(rows.map((row) => [`${row.day} ${row.security_id}`, row.value]))
    expect(found.size, 'one row a day and security').toBe(rows.length)
    const days = truth.monthEnds(FROM, TO)
    expect(days).toHaveLength(60)
    expect(rows.filter(({ day }) => !days.includes(day))).toEqual([])
    const wrong: string[] = []
    let compared = 0
    for (const day of days)
      for (const [security, filer] of known) {
        const wanted = signal?.(security, filer, day) ?? null
        const got = found.get(`${day} ${idOf(security)}`) ?? null
        if (wanted !== null && got !== null) compared += 1
        const isEqual =
          wanted === null || got === null
            ? wanted === got
            : Math.abs(Number(got) - wanted) <= 1e-9 * Math.max(1, Math.abs(wanted))
        if (!isEqual) wrong.push(`${day} ${security.source_id}: ${got}, not ${wanted}`)
      }
    expect(wrong.slice(0, 12)).toEqual([])
    expect(compared).toBeGreaterThan(200)
  })
})

test('the return after results is that of the first session that could know them', async () => {
  const query = readFileSync('examples/filings/announcement-return.sql', 'utf8')
  const rows = await db.rows<{ security_id: string; period_end: string; trade_date: string; return: string }>(
    withVariables(query, { from: FROM, to: TO }),
  )
  const found = new Map(rows.map((row) => [`${row.security_id} ${row.period_end}`, row]))
  let announced = 0
  for (const [security, { filer }] of known) {
    const reports = filer.filings.filter(({ form }) => !form.endsWith('/A'))
    for (const { report_date, accepted_at } of reports) {
      const news = filer.announcements.find(({ period_end }) => period_end === report_date)
      const public_at = news?.accepted_at ?? accepted_at
      const session = world.calendar.sessions.find((day) => closeOf(day) > Date.parse(public_at)) ?? ''
      const at = security.bars.findIndex(({ date }) => date === session)
      // The last return of a security contains what its holders received.
      if (session < FROM || session > TO || at < 1 || at === security.bars.length - 1) continue
      const row = found.get(`${idOf(security)} ${report_date}`)
      expect(row?.trade_date, `${security.source_id} ${report_date}`).toBe(session)
      const before = truth.totalReturnClose(security, security.bars[at - 1]?.date ?? '')
      const wanted = truth.totalReturnClose(security, session) / before - 1
      expect(Math.abs(Number(row?.return) - wanted)).toBeLessThan(1e-9)
      if (news !== undefined) announced += 1
    }
  }
  expect(announced).toBeGreaterThan(100)
})

/** Sessions of these years that close at 13:00. */
const SHORT_DAYS = new Set([
  '2020-11-27',
  '2020-12-24',
  '2021-11-26',
  '2022-11-25',
  '2023-07-03',
  '2023-11-24',
  '2024-07-03',
  '2024-11-29',
  '2024-12-24',
])
const closeOf = (day: string): number =>
  Date.parse(newYorkMidnight(day)) + (SHORT_DAYS.has(day) ? 13 : 16) * 3_600_000
