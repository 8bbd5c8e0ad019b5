import type { Security, World } from '../../../helpers/simulator/market/types.ts'

/**
 * The simulated market on the evening of `day`: which securities were listed, by the ticker of that day, and
 * what had happened and been filed.
 */
export function worldAsOf(world: World, day: string): World {
  return {
    ...world,
    end_date: day,
    securities: world.securities.flatMap((security) => securityAsOf(security, day)),
    outsiders: world.outsiders.flatMap((security) => securityAsOf(security, day)),
    filers: world.filers.map((filer) => ({
      ...filer,
      filings: filer.filings.filter(({ filed }) => filed <= day),
    })),
  }
}

function securityAsOf(security: Security, day: string): Security[] {
  const tickers = security.tickers.filter(({ valid_from }) => valid_from <= day)
  if (tickers.length === 0 || (security.list_date !== null && security.list_date > day)) return []
  return [
    {
      ...security,
      delist_date: security.delist_date !== null && security.delist_date <= day ? security.delist_date : null,
      tickers: tickers.map((interval) => ({
        ...interval,
        valid_to: interval.valid_to !== null && interval.valid_to <= day ? interval.valid_to : null,
      })),
      actions: security.actions.filter(({ ex_date }) => ex_date <= day),
      bars: security.bars.filter(({ date }) => date <= day),
    },
  ]
}
