import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { filedFacts, knowledgeOf } from '../../testing/market/expected-fundamentals.ts'
import { eventsBySession, expectedAdjusted } from '../../testing/market/expected-prices.ts'
import { runs } from '../../testing/runs.ts'
import { daysBetween } from './calendar.ts'
import { add, divide, isEqual, multiply, ONE, parseDecimal, subtract } from './rational.ts'
import type { World } from './types.ts'
import { createWorld } from './world.ts'

/** With every seed, the truth must fit into a database that passes all its constraints. */
const always = (claim: string, holds: (world: World) => void): void => {
  test(claim, () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), (seed) => holds(createWorld({ seed, securities: 62 }))),
      { numRuns: runs(5, 1) },
    )
  })
}

describe('every world', () => {
  always(
    'has bars that a market can print, on sessions, inside one ticker interval',
    ({ securities, outsiders, calendar }) => {
      for (const { source_id, bars, tickers } of [...securities, ...outsiders]) {
        let previous = ''
        for (const bar of bars) {
          const is_sound =
            bar.date > previous &&
            calendar.isSession(bar.date) &&
            bar.low_cents > 0 &&
            bar.low_cents <= Math.min(bar.open_cents, bar.close_cents) &&
            bar.high_cents >= Math.max(bar.open_cents, bar.close_cents) &&
            [bar.open_cents, bar.high_cents, bar.low_cents, bar.close_cents, bar.volume_shares].every(
              Number.isSafeInteger,
            ) &&
            tickers.filter(
              ({ valid_from, valid_to }) =>
                valid_from <= bar.date && (valid_to === null || bar.date <= valid_to),
            ).length === 1
          if (!is_sound) expect.fail(`${source_id}: ${JSON.stringify(bar)}`)
          previous = bar.date
        }
      }
    },
  )

  always('gives a ticker to one security a day', ({ securities, outsiders }) => {
    const held = [...securities, ...outsiders].flatMap((security) => security.tickers)
    const ordered = held.toSorted((a, b) => (a.ticker + a.valid_from).localeCompare(b.ticker + b.valid_from))
    for (const [index, interval] of ordered.entries()) {
      const next = ordered[index + 1]
      if (next?.ticker === interval.ticker)
        expect(interval.valid_to !== null && interval.valid_to < next.valid_from).toBe(true)
    }
  })

  always('can carry every dividend, and moves by it', (world) => {
    for (const security of world.securities) {
      for (const [session, { cash, ratio }] of eventsBySession(world, security)) {
        const index = security.bars.findIndex((bar) => bar.date >= session)
        const before = security.bars[index - 1]
        const on = security.bars[index]
        if (before === undefined || on === undefined) continue
        const fair = divide(
          subtract({ numerator: BigInt(before.close_cents), denominator: 100n }, cash),
          ratio,
        )
        const moved = Math.abs(on.close_cents / 100 / (Number(fair.numerator) / Number(fair.denominator)) - 1)
        if (moved > 0.12)
          expect.fail(`${security.source_id} moves by ${moved} on ${session}, beside its actions.`)
      }
    }
  })

  always('expects continuous adjustment that ends with 1', (world) => {
    for (const security of world.securities) {
      const rows = expectedAdjusted(world, security)
      if (rows.some((row) => row.price_factor === null)) continue
      expect(isEqual(rows.at(-1)?.price_factor ?? add(ONE, ONE), ONE)).toBe(true)
      const events = eventsBySession(world, security)
      for (const [index, row] of rows.entries()) {
        const next = rows[index + 1]
        if (next?.price_factor == null || row.price_factor === null) continue
        const event = [...events].find(([session]) => session > row.date && session <= next.date)?.[1]
        const step =
          event === undefined ? ONE : divide(subtract(ONE, divide(event.cash, row.close)), event.ratio)
        if (!isEqual(row.price_factor, multiply(next.price_factor, step)))
          expect.fail(`${security.source_id} breaks after ${row.date}.`)
      }
    }
  })

  always(
    'files facts that balance, once each, after their period, on sessions',
    ({ filers, calendar, end_date }) => {
      for (const filer of filers) {
        const facts = filedFacts(filer)
        expect(
          new Set(facts.map((fact) => `${fact.tag}|${fact.unit}|${fact.start}|${fact.end}|${fact.accession}`))
            .size,
        ).toBe(facts.length)
        expect(new Set(filer.filings.map((filing) => filing.accession)).size).toBe(filer.filings.length)
        for (const { accession, filed, report_date, facts: stated } of filer.filings) {
          expect(accession).toMatch(/^99\d{8}-\d{2}-\d{6}$/)
          const lag = daysBetween(report_date, filed)
          expect(lag >= 40 && lag <= 250 && calendar.isSession(filed) && filed <= end_date).toBe(true)
          const instants = Map.groupBy(stated, (fact) => fact.end)
          for (const group of instants.values()) {
            const value = (tag: string): string | undefined =>
              group.find((fact) => fact.tag === tag && fact.start === null)?.value
            expect(value('Assets')).toBe(value('LiabilitiesAndStockholdersEquity'))
            if (value('Assets') === undefined) continue
            expect(BigInt(value('Liabilities') ?? 0) + BigInt(value('StockholdersEquity') ?? 0)).toBe(
              BigInt(value('Assets') ?? 0),
            )
          }
        }
      }
    },
  )

  always('lets a reader of the filings find the books again', ({ filers, end_date }) => {
    for (const filer of filers) {
      const knowledge = knowledgeOf(filer)
      const reported = filer.filings.findLast((filing) => filing.form === '10-K')
      for (const quarter of filer.quarters) {
        if (reported === undefined || quarter.fiscal_year !== reported.fiscal_year) continue
        const income = knowledge.quarter('NetIncomeLoss', 'USD', quarter, end_date)
        const cash = knowledge.quarter('NetCashProvidedByUsedInOperatingActivities', 'USD', quarter, end_date)
        // A company that listed within the year has no quarters before it: nothing is known of these, and
        // nothing is guessed.
        if (income !== null) expect(isEqual(income.value, parseDecimal(quarter.net_income_usd))).toBe(true)
        if (cash !== null)
          expect(isEqual(cash.value, parseDecimal(quarter.operating_cash_flow_usd))).toBe(true)
        if (filer.filings.length > 8) expect(income).not.toBeNull()
      }
    }
  })

  always(
    'has quarters that sum to the year, on the day of every annual report and amendment',
    ({ filers }) => {
      for (const filer of filers) {
        const knowledge = knowledgeOf(filer)
        for (const { form, report_date, fiscal_year, filed } of filer.filings) {
          if (!form.startsWith('10-K')) continue
          const quarters = filer.quarters.filter((quarter) => quarter.fiscal_year === fiscal_year)
          const first = quarters[0]
          const fourth = quarters[3]
          if (first === undefined || fourth === undefined)
            throw new Error(`${filer.cik} has no fiscal year ${fiscal_year}.`)
          const year = knowledge.value('NetIncomeLoss', 'USD', first.start, report_date, filed)
          const sum = knowledge.trailingYear('NetIncomeLoss', 'USD', fourth, filed)
          expect(year).not.toBeNull()
          if (year !== null && sum !== null && !isEqual(year, sum))
            expect.fail(`${filer.cik} ${form} of ${filed}: ${year.numerator} is not ${sum.numerator}.`)
        }
      }
    },
  )
})
