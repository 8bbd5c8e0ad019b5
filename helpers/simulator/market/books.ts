import type { Random } from './random.ts'
import type { FiscalQuarter } from './types.ts'

/**
 * One quarter of a company, thousands of USD; shares are whole and on the split basis of the first day of the
 * world.
 */
export interface Quarter extends FiscalQuarter {
  revenue: number
  cost: number
  operating: number
  net: number
  cash_flow: number
  shares: number
  /** At the end of the quarter. */
  liabilities: number
  equity: number
  cash: number
}

export interface BooksOptions {
  readonly is_loss_maker: boolean
  /**
   * Quarters whose costs prove too low when the books are opened again: fiscal year and quarters; null for
   * most companies.
   */
  readonly restated: { readonly fiscal_year: number; readonly quarters: readonly number[] } | null
}

/**
 * The books as they were kept at first, and as they were after the restatement (the same arrays when there
 * was none).
 */
export interface Books {
  readonly original: readonly Quarter[]
  readonly restated: readonly Quarter[]
}

/** How sales of a quarter compare with those of an average one; 1 where it is not listed. */
const SEASONS: Readonly<Record<number, number>> = { 1: 0.93, 4: 1.18 }

export function keepBooks(quarters: readonly FiscalQuarter[], random: Random, options: BooksOptions): Books {
  const growth = 1 + 0.004 + random.next() * 0.03
  const cost_ratio = 0.45 + random.next() * 0.25
  const overhead_ratio = options.is_loss_maker ? 1.02 - cost_ratio : 0.12 + random.next() * 0.1
  const shares_start = random.integer(20_000_000, 1_900_000_000)
  let level = random.integer(40_000, 9_000_000)
  let equity = level * 3
  let shares = shares_start
  const original: Quarter[] = quarters.map((quarter) => {
    const season = SEASONS[quarter.quarter] ?? 1
    const weeks_ratio =
      Math.round((Date.parse(quarter.end) - Date.parse(quarter.start)) / 604_800_000) === 14 ? 14 / 13 : 1
    level *= growth + 0.012 * random.bell()
    const revenue = Math.round(level * season * weeks_ratio)
    const cost = Math.round(revenue * (cost_ratio + 0.01 * random.bell()))
    const operating = revenue - cost - Math.round(revenue * (overhead_ratio + 0.01 * random.bell()))
    const net = operating > 0 ? operating - Math.round(operating * 0.21) : operating
    const cash_flow = net + Math.round(revenue * (0.05 + 0.03 * random.bell()))
    shares = Math.round(shares * (0.996 + 0.006 * random.next()))
    // What a company earns it mostly pays out; a loss is covered by new capital. Equity stays positive either
    // way.
    equity = Math.max(level, equity + Math.round(net * 0.4))
    equity = Math.round(equity)
    const liabilities = Math.round(equity * (0.6 + 0.4 * random.next()))
    return {
      ...quarter,
      revenue,
      cost,
      operating,
      net,
      cash_flow,
      shares,
      liabilities,
      equity,
      cash: Math.round(equity * 0.2),
    }
  })
  return { original, restated: options.restated === null ? original : restate(original, options.restated) }
}

/**
 * More cost in some quarters: less income there, less equity from then on. The balance identity holds, since
 * assets are its sum.
 */
function restate(
  original: readonly Quarter[],
  which: { fiscal_year: number; quarters: readonly number[] },
): Quarter[] {
  let missing = 0
  return original.map((quarter) => {
    const is_wrong = quarter.fiscal_year === which.fiscal_year && which.quarters.includes(quarter.quarter)
    const correction = is_wrong ? Math.round(quarter.revenue * 0.031) : 0
    missing += correction
    return {
      ...quarter,
      cost: quarter.cost + correction,
      operating: quarter.operating - correction,
      net: quarter.net - correction,
      equity: quarter.equity - missing,
    }
  })
}
