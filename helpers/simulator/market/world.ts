import { tradeBars } from './bars.ts'
import { createCalendar } from './calendar.ts'
import { fileFacts } from './filings.ts'
import { cikOf, companyName, createTickers, cusipOf, fundName, sourceIdOf, uuidOf } from './identity.ts'
import { compareText } from './order.ts'
import { createPlanner, delist, dollars, type Plan, type Planner, payDividends } from './plan.ts'
import { createRandom } from './random.ts'
import { planScenarios } from './scenarios.ts'
import type { Action, Security, World } from './types.ts'

/**
 * The world that a run without configuration sees. `bootstrap.json` names its window,
 * `ingest/universe/rehearsal.csv` its securities.
 */
export const REHEARSAL_WORLD = {
  seed: 'rehearsal',
  securities: 450,
  start_date: '2020-01-02',
  end_date: '2025-01-03',
} as const

export interface WorldOptions {
  /** Any text; the same text gives the same world, byte for byte. */
  readonly seed?: string
  /** How many securities its universe has, 60 to 1,000. */
  readonly securities?: number
}

/**
 * Makes the simulated market: five years of several hundred securities, with some of each thing that happens
 * to stocks, and known truth. It has no access to the network, the clock or the disk; 500 securities take
 * about a second and a half.
 */
export function createWorld(options: WorldOptions = {}): World {
  const seed = options.seed ?? REHEARSAL_WORLD.seed
  const count = options.securities ?? REHEARSAL_WORLD.securities
  if (!Number.isInteger(count) || count < 60 || count > 1000) {
    throw new RangeError(`A simulated market of ${count} securities cannot be made; ask for 60 to 1,000.`)
  }
  const { start_date, end_date } = REHEARSAL_WORLD
  const calendar = createCalendar()
  const random = createRandom(`${seed}/plan`)
  const { planner, plans } = createPlanner(calendar, start_date, end_date, random, createTickers())
  for (let copy = 0; copy < Math.max(1, Math.round(count / 125)); copy++) planScenarios(planner, copy)
  if (plans.length > count)
    throw new RangeError(`The cases alone need ${plans.length} securities; ask for more than ${count}.`)
  while (plans.length < count) planOrdinary(planner)
  for (let outsider = 0; outsider < 3; outsider++) planOutsider(planner, outsider, plans)

  const securities = new Map<Plan, Security>()
  for (const plan of plans) securities.set(plan, finish(plan, securities, calendar, seed))
  const all = [...securities.values()]
  return {
    seed,
    calendar,
    start_date,
    end_date,
    securities: all.filter((security) => !security.is_outsider),
    outsiders: all.filter((security) => security.is_outsider),
    filers: fileFacts(all, calendar, seed, end_date),
  }
}

/**
 * Nothing happens to it but what happens to most in time: of ten, three come to the market within the five
 * years, and six leave it.
 */
function planOrdinary(planner: Planner): void {
  const { calendar, random, start_date } = planner
  const pays = random.chance(0.4)
  const comes_after = random.chance(0.3) ? random.integer(60, 700) : 0
  const listed = comes_after === 0 ? null : calendar.shift(start_date, comes_after)
  const plan = planner.add(
    pays ? 'dividend_payer' : 'plain',
    listed === null ? {} : { first_date: listed, list_date: listed },
  )
  if (random.chance(0.6)) {
    const is_bought = random.chance(0.6)
    if (is_bought) plan.merger = { acquirer: null, kind: 'cash' }
    delist(
      plan,
      calendar.shift(start_date, random.integer(comes_after + 130, 1200)),
      is_bought ? 'merger' : 'voluntary',
    )
  }
  if (pays) payDividends(planner, plan, 0.008 + random.next() * 0.02)
}

/**
 * Another company used the first ticker of a renamed security after it, or the ticker of a listed one before
 * it.
 */
function planOutsider(planner: Planner, number: number, plans: readonly Plan[]): void {
  const renamed = plans.find((plan) => plan.scenario === 'rename')?.tickers[0]
  if (number === 0 && renamed?.valid_to !== undefined && renamed.valid_to !== null) {
    const first = planner.calendar.shift(renamed.valid_to, 150)
    planner.add('outsider', {
      first_date: first,
      list_date: first,
      tickers: [{ ticker: renamed.ticker, valid_from: first, valid_to: null }],
    })
    return
  }
  planner.add('outsider')
}

/**
 * Trades the plan, and writes down the terms that follow from prices. What it refers to was finished before
 * it.
 */
function finish(
  plan: Plan,
  finished: ReadonlyMap<Plan, Security>,
  calendar: World['calendar'],
  seed: string,
): Security {
  const actions: Action[] = [...plan.actions]
  if (plan.spin_off !== null) {
    const { ex_date, child, source_rate, new_rate } = plan.spin_off
    const born = finished.get(child)
    const close_cents = born?.bars[0]?.close_cents ?? 0
    const amount = dollars((close_cents * new_rate) / source_rate, 4)
    actions.push({
      kind: 'spin_off',
      ex_date,
      amount,
      child_source_id: born?.source_id ?? '',
      source_rate: `${source_rate}`,
      new_rate: `${new_rate}`,
    })
  }
  actions.sort((a, b) => compareText(a.ex_date, b.ex_date))
  const bars = tradeBars({ ...plan, actions }, calendar, seed)
  if (plan.merger !== null)
    actions.push(
      mergerTerms(plan, calendar.shift(plan.last_date, 1), bars.at(-1)?.close_cents ?? 0, finished),
    )
  const is_fund = plan.security_type === 'etf'
  return {
    source_id: sourceIdOf(plan.number),
    asset_id: uuidOf(`${seed}/asset/${plan.number}`),
    scenario: plan.scenario,
    name: nameOf(plan, is_fund),
    security_type: plan.security_type,
    exchange_mic: plan.exchange_mic,
    cik: plan.filer_number === null ? null : cikOf(plan.filer_number),
    cusip: cusipOf(
      plan.number,
      actions.filter((action) => action.kind === 'reverse_split' || action.kind === 'name_change').length,
    ),
    list_date: plan.list_date,
    delist_date: plan.delist_date,
    tickers: plan.tickers,
    actions,
    bars,
    is_outsider: plan.scenario === 'outsider',
  }
}

function nameOf(plan: Plan, is_fund: boolean): string {
  if (is_fund) return fundName(plan.number)
  const name = companyName(plan.filer_number ?? plan.number)
  if (plan.scenario === 'class_a') return `${name} Class A`
  return plan.scenario === 'class_b' ? `${name} Class B` : name
}

function mergerTerms(
  plan: Plan,
  effective_date: string,
  close_cents: number,
  finished: ReadonlyMap<Plan, Security>,
): Action {
  const { acquirer, kind } = plan.merger ?? { acquirer: null, kind: 'cash' }
  const buyer = acquirer === null ? undefined : finished.get(acquirer)
  const buyer_cents = buyer?.bars.findLast((bar) => bar.date <= plan.last_date)?.close_cents ?? 1
  const stock_share = { stock: 1, stock_and_cash: 0.6, cash: 0 }[kind]
  return {
    kind: 'merger',
    ex_date: plan.last_date,
    effective_date,
    acquirer_source_id: buyer?.source_id ?? null,
    cash_rate: kind === 'stock' ? null : dollars(close_cents * (1 - stock_share) + 4),
    stock_rate: stock_share === 0 ? null : ((close_cents * stock_share) / buyer_cents).toFixed(4),
  }
}
