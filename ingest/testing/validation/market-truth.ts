import { addDays } from '../../../helpers/simulator/market/calendar.ts'
import { type Rational, toDecimal } from '../../../helpers/simulator/market/rational.ts'
import type { Bar, Scenario, Security, World } from '../../../helpers/simulator/market/types.ts'
import { expectedDelisting } from '../../../helpers/testing/market/differences-delistings.ts'
import { expectedAdjusted } from '../../../helpers/testing/market/expected-prices.ts'

/** What is true of a simulated market, as a reader of the cookbook would compute it by hand. */
export interface MarketTruth {
  readonly world: World
  one(scenario: Scenario): Security
  /** The last bar within ten sessions up to the day; undefined without one. */
  barOn(security: Security, day: string): Bar | undefined
  /** The securities with such a bar whose ticker interval covers the day. */
  listedOn(day: string): Security[]
  /** Total-return close of the last bar up to the day. */
  totalReturnClose(security: Security, day: string): number
  /** Total return between two days; null where the delisting return is not known. */
  totalReturn(security: Security, from: string, to: string): number | null
  /** Shares at the end of the day for one share at the end of an earlier day. */
  splitRatio(security: Security, from: string, to: string): number
  /** Last session of each month. */
  monthEnds(from: string, to: string): string[]
}

export const numberOf = (value: Rational): number => Number(toDecimal(value, 18))

export function truthOf(world: World): MarketTruth {
  const sessions = world.calendar.sessions
  const adjusted = new Map<Security, ReturnType<typeof expectedAdjusted>>()
  const oldest = (day: string): string => sessions.filter((session) => session <= day).at(-10) ?? ''
  const seriesOf = (security: Security) => {
    const series = adjusted.get(security) ?? expectedAdjusted(world, security)
    adjusted.set(security, series)
    return series
  }
  const truth: MarketTruth = {
    world,
    one(scenario) {
      const found = world.securities.find((security) => security.scenario === scenario)
      if (found === undefined) throw new RangeError(`The market has no security for "${scenario}".`)
      return found
    },
    barOn(security, day) {
      const bar = security.bars.findLast(({ date }) => date <= day)
      return bar !== undefined && bar.date >= oldest(day) ? bar : undefined
    },
    listedOn: (day) =>
      world.securities.filter(
        (security) =>
          truth.barOn(security, day) !== undefined &&
          security.tickers.some(
            ({ valid_from, valid_to }) => valid_from <= day && (valid_to === null || day <= valid_to),
          ),
      ),
    totalReturnClose(security, day) {
      const close = seriesOf(security).findLast(({ date }) => date <= day)?.total_return_close
      return close == null ? Number.NaN : numberOf(close)
    },
    totalReturn(security, from, to) {
      const growth = truth.totalReturnClose(security, to) / truth.totalReturnClose(security, from)
      const end = expectedDelisting(world, security)
      const last = security.bars.at(-1)?.date ?? ''
      if (end === undefined || last >= to) return growth - 1
      if (end.delisting_return === null) return null
      return growth * (1 + numberOf(end.delisting_return)) - 1
    },
    splitRatio(security, from, to) {
      let ratio = 1
      for (const action of security.actions)
        if ('split_from' in action && action.ex_date > from && action.ex_date <= to)
          ratio *= Number(action.split_to) / Number(action.split_from)
      return ratio
    },
    monthEnds: (from, to) =>
      sessions.filter(
        (session, at) =>
          session >= from && session <= to && (sessions[at + 1] ?? '').slice(0, 7) !== session.slice(0, 7),
      ),
  }
  return truth
}

export const dayBefore = (day: string): string => addDays(day, -1)
