/**
 * Judges one daily series as a vendor delivered it: closes adjusted for splits, adjusted closes by definition A, dividends and splits,
 * on whatever calendar its days form. Finds prices, dividends and adjustments that contradict each other, with no second source.
 */
export interface VendorBar {
  readonly date: string
  readonly high: number
  readonly low: number
  readonly close: number
  readonly adj_close: number
  readonly volume: number
  readonly dividend: number
  /** New shares per old share on this day; 0 or 1 when there was no split. */
  readonly split: number
}

export type Defect =
  | 'adjustment-without-dividend'
  | 'dividend-without-adjustment'
  | 'dividend-too-large'
  | 'dividend-too-small'
  | 'dividend-without-drop'
  | 'dividend-told-twice'
  | 'price-in-other-unit'
  | 'split-not-applied'

/** Where a series contradicts itself. */
export interface Suspicion {
  readonly defect: Defect
  readonly date: string
  readonly detail: string
}

/** Adjusted closes are rounded by some vendors; a step below this share of the price is rounding. */
const STEP_MIN = 0.004
const DROP_MIN_YIELD = 0.035

/** Every contradiction in the series; none for one that can be right. `bars` in any order. */
export function suspicionsIn(bars: readonly VendorBar[]): Suspicion[] {
  const series = bars.filter(({ close }) => Number.isFinite(close) && close > 0).toSorted((a, b) => (a.date < b.date ? -1 : 1))
  return [...dividendsIn(series), ...jumpsIn(series)]
}

function dividendsIn(series: readonly VendorBar[]): Suspicion[] {
  const found: Suspicion[] = []
  let paid: VendorBar | undefined
  for (const [index, bar] of series.entries()) {
    const before = series[index - 1]
    if (before === undefined) continue
    const yieldOf = bar.dividend / before.close
    // What the adjusted closes take for the dividend of this day.
    const taken = 1 - before.adj_close / before.close / (bar.adj_close / bar.close)
    const say = (defect: Defect): void => {
      found.push({
        defect,
        date: bar.date,
        detail: `dividend ${bar.dividend}, close ${before.close} to ${bar.close}, adjustment ${taken.toFixed(5)}`,
      })
    }
    if (bar.dividend > 0) {
      if (yieldOf > 0.5) say('dividend-too-large')
      // Nobody pays so little, neither of the price nor in money: a unit was divided twice.
      if (yieldOf < 0.0005 && bar.dividend < 0.001) say('dividend-too-small')
      if (Math.abs(taken - yieldOf) > Math.max(STEP_MIN, 0.1 * yieldOf)) say('dividend-without-adjustment')
      if (yieldOf > DROP_MIN_YIELD && before.close - bar.close < 0.2 * bar.dividend && before.close - bar.low < 0.5 * bar.dividend) {
        if (yieldOf > 3 * usualMove(series, index)) say('dividend-without-drop')
      }
      if (paid !== undefined && daysBetween(paid.date, bar.date) <= 7 && Math.abs(bar.dividend / paid.dividend - 1) <= 0.08)
        say('dividend-told-twice')
      paid = bar
    } else if (Math.abs(taken) > STEP_MIN) say('adjustment-without-dividend')
  }
  return found
}

function jumpsIn(series: readonly VendorBar[]): Suspicion[] {
  const found: Suspicion[] = []
  for (const [index, bar] of series.entries()) {
    const before = series[index - 1]
    if (before === undefined) continue
    const growth = bar.close / before.close
    const size = Math.max(growth, 1 / growth)
    const say = (defect: Defect): void => void found.push({ defect, date: bar.date, detail: `close ${before.close} to ${bar.close}` })
    // Pence for pounds is a factor of a hundred; an illiquid series jumps by any other.
    if (Math.abs(size / 100 - 1) < 0.15) say('price-in-other-unit')
    else if (size > 1.7 && Math.log(size) > 6 * usualMove(series, index)) {
      const isDeclared = series.some(({ split }) => split > 0 && split !== 1 && Math.abs(Math.max(split, 1 / split) / size - 1) < 0.15)
      if (isDeclared) say('split-not-applied')
    }
  }
  return found
}

/** Median absolute daily move of the sixty sessions around, as a share of the price. */
function usualMove(series: readonly VendorBar[], at: number): number {
  const moves: number[] = []
  for (let index = Math.max(1, at - 30); index < Math.min(series.length, at + 30); index += 1) {
    const [before, bar] = [series[index - 1], series[index]]
    if (index !== at && before !== undefined && bar !== undefined) moves.push(Math.abs(Math.log(bar.close / before.close)))
  }
  return moves.toSorted((a, b) => a - b)[moves.length >> 1] ?? 0
}

const daysBetween = (a: string, b: string): number => Math.abs(Date.parse(b.slice(0, 10)) - Date.parse(a.slice(0, 10))) / 86_400_000
