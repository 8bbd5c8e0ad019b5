import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import { ingestDelivery } from '../testing/flat-files/delivery.ts'
import { deliveryOfCharts } from '../testing/validation/chart-delivery.ts'
import { CHECKS } from './checks.ts'
import { validate } from './validate.ts'

/**
 * Yahoo lists a split that it has not applied to the closes before it. Undoing the split makes them wrong by
 * its ratio, and the close leaps on its day.
 */
const SESSIONS = [18, 19, 20, 21, 22, 25, 26, 27].map((day) => Date.UTC(2024, 2, day, 13, 30) / 1000)
const AT_SPLIT = 4

/** A chart of closes around 10 from the split on; before it they are as traded, or as Yahoo should send them. */
function chart(before: number, after: number, is_applied: boolean, traded = 1): string {
  const scale = is_applied ? 1 : after / before
  const prices = SESSIONS.map((_, at) => (10 + (at % 3) / 10) * (at < AT_SPLIT ? scale : 1))
  const volume = SESSIONS.map((_, at) => Math.round(at < AT_SPLIT ? 600_000 / scale : 600_000))
  volume[AT_SPLIT] = 600_000 * traded
  const date = SESSIONS[AT_SPLIT] ?? 0
  const split = { date, numerator: after, denominator: before, splitRatio: `${after}:${before}` }
  const quote = { open: prices, high: prices, low: prices, close: prices, volume }
  return JSON.stringify({
    chart: {
      result: [
        {
          meta: { currency: 'USD', symbol: 'X', exchangeTimezoneName: 'America/New_York' },
          timestamp: SESSIONS,
          events: { splits: { [date]: split } },
          indicators: { quote: [quote] },
        },
      ],
      error: null,
    },
  })
}

const RATIOS: Readonly<Record<string, readonly [before: number, after: number]>> = {
  four: [1, 4],
  half: [2, 3],
  fewer: [30, 1],
}

/** With five times the usual money on the day, which may be news where the leap is small. */
const HEAVY = {
  'heavy-four': chart(1, 4, false, 5),
  'heavy-fewer': chart(30, 1, false, 5),
  'heavy-half': chart(2, 3, false, 5),
  'heavy-applied': chart(1, 4, true, 5),
}

let scratch: Scratch
beforeAll(async () => {
  scratch = await scratchDatabase({ migrated: true })
  const charts = Object.entries(RATIOS).flatMap(([id, [before, after]]) => [
    [id, chart(before, after, false)],
    [`${id}-applied`, chart(before, after, true)],
  ])
  await ingestDelivery(
    scratch.connection,
    await deliveryOfCharts({ ...Object.fromEntries(charts), ...HEAVY }),
  )
})
afterAll(() => scratch?.drop())

async function subjectsOf(name: string): Promise<string[]> {
  const checks = CHECKS.filter((check) => check.name === name)
  const { checks: reports } = await validate(scratch.db, { checks, accepted: [] })
  return reports.flatMap(({ examples }) => examples.map(({ subject }) => subject)).toSorted()
}

it('each split that is listed and not applied is a violation, and none that is applied', async () => {
  const hard = [...Object.keys(RATIOS), 'heavy-four', 'heavy-fewer']
  expect(await subjectsOf('split-contradicts-price')).toEqual(hard.toSorted())
  expect(await subjectsOf('leap-on-split-day')).toEqual(['heavy-half'])
})
