import type { Scenario, Security, World } from '../../../helpers/simulator/market/types.ts'

/** Sessions around a split of which each bar is kept: with its closes a split is compared. */
const NEAR_SPLIT = 11
/** Sessions around any other event. */
const NEAR_EVENT = 1
/** Of the other bars, one in so many is kept. */
const BAR_SHARE = 10

/** Scenarios that change what a filer states or what its statements mean, and some companies without one. */
const FACT_SCENARIOS: readonly Scenario[] = [
  'rename',
  'special_dividend',
  'spin_off_parent',
  'acquirer',
  'crash',
  'surge',
  'split',
  'split_twice',
  'reverse_split',
  'stock_dividend',
  'ticker_second_owner',
  'bankruptcy',
  'ipo',
  'class_a',
  'week_year',
  'retail_year',
  'annual_restatement',
  'quarter_restatement',
  'late_filer',
  'tag_change',
  'loss_maker',
]

/**
 * The world with all its cases in a quarter of its rows: at most three securities of each scenario, with
 * fewer bars. Only filers of the scenarios above file facts, one of each.
 */
export function thinWorld(world: World, days: readonly string[] = []): World {
  const kept = [...Map.groupBy(world.securities, ({ scenario }) => scenario)].flatMap(([, alike]) =>
    alike.slice(0, 3),
  )
  const filing = new Set(
    FACT_SCENARIOS.map((wanted) => kept.find(({ scenario }) => scenario === wanted)?.cik ?? null),
  )
  const ciks = new Set(kept.map(({ cik }) => cik))
  const nothing = { filings: [], announcements: [], quarters: [] }
  return withFewerBars(
    {
      ...world,
      securities: world.securities.filter((security) => kept.includes(security)),
      filers: world.filers
        .filter(({ cik }) => ciks.has(cik))
        .map((filer) => (filing.has(filer.cik) ? filer : { ...filer, ...nothing })),
    },
    days,
  )
}

/** The world with the bars around events, ends of listings and the given days, and one in ten of the rest. */
export const withFewerBars = (world: World, days: readonly string[] = []): World => ({
  ...world,
  securities: world.securities.map((security) => ({ ...security, bars: thinBars(security, world, days) })),
})

/** What trades rarely keeps all its bars: a dividend is applied to a close that is not too old. */
function thinBars(security: Security, world: World, days: readonly string[]): Security['bars'] {
  if (security.scenario === 'illiquid') return security.bars
  const { sessions } = world.calendar
  const near = new Set<string>()
  const keepAround = (day: string, distance: number): void => {
    const at = sessions.findIndex((session) => session >= day)
    for (const session of sessions.slice(Math.max(0, at - distance), at + distance + 1)) near.add(session)
  }
  for (const day of days) keepAround(day, 0)
  for (const action of security.actions)
    keepAround(action.ex_date, 'split_from' in action ? NEAR_SPLIT : NEAR_EVENT)
  for (const { valid_from, valid_to } of security.tickers) {
    keepAround(valid_from, NEAR_EVENT)
    if (valid_to !== null) keepAround(valid_to, NEAR_EVENT)
  }
  return security.bars.filter(
    ({ date }, at) => at % BAR_SHARE === 0 || at === security.bars.length - 1 || near.has(date),
  )
}
