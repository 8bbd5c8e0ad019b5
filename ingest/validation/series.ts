/**
 * Judges one daily series as a vendor delivered it: closes adjusted for splits, adjusted closes by definition
 * A, dividends and splits, on whatever calendar its days form. Finds prices, dividends and adjustments that
 * contradict each other, with no second source.
 */
export interface VendorBar {
  readonly date: string
  readonly high: number
  readonly low: number
  readonly close: number
  readonly adj_close: number
  readonly volume: number
  /** Cash of the day, with the capital gains that a vendor puts into it. */
  readonly dividend: number
  /** Capital gains of a fund, when a column of their own shows them. */
  readonly gains?: number
  /** New shares per old share on this day; 0 or 1 when there was no split. */
  readonly split: number
}

export type Defect =
  | 'adjustment-impossible'
  | 'adjustment-without-dividend'
  | 'dividend-without-adjustment'
  | 'dividend-too-large'
  | 'dividend-too-small'
  | 'dividend-without-drop'
  | 'dividend-reported-twice'
  | 'price-in-other-unit'
  | 'price-in-other-scale'
  | 'split-not-applied'

/** Where a series contradicts itself. */
export interface Suspicion {
  readonly defect: Defect
  readonly date: string
  readonly detail: string
}

/**
 * A step of the adjustment below this share of the price is none: the smallest regular payments are five
 * hundredths of a per cent, and a vendor's own closes, kept as 32-bit floats, scatter a thousand times less.
 */
const STEP_MIN = 0.0005
/**
 * Vendors round a dividend to their digits, or convert it at a rate of another hour; they do not differ by a
 * tenth of it.
 */
const DIVIDEND_TOLERANCE = 0.1
const DROP_MIN_YIELD = 0.035

/** Every contradiction in the series; none for one that can be right. `bars` in any order. */
export function suspicionsIn(bars: readonly VendorBar[]): Suspicion[] {
  const series = bars
    .filter(({ close }) => Number.isFinite(close) && close > 0)
    .toSorted((a, b) => (a.date < b.date ? -1 : 1))
  return [...dividendsIn(series), ...jumpsIn(series)]
}

function dividendsIn(series: readonly VendorBar[]): Suspicion[] {
  const found: Suspicion[] = []
  const paidOn = distributions(series)
  const grain = grainOf(series)
  const isTiny = tinyAmong(series, paidOn)
  const isTraded = series.some(({ volume }) => volume > 0)
  let before: VendorBar | undefined
  let paid: { readonly date: string; readonly amount: number } | undefined
  for (const [index, bar] of series.entries()) {
    const previous = before
    before = bar
    if (previous === undefined) continue
    const amount = paidOn[index] ?? 0
    const yieldOf = amount / previous.close
    // What the adjusted closes take for the dividend of this day.
    const taken = 1 - previous.adj_close / previous.close / (bar.adj_close / bar.close)
    const say = (defect: Defect): void => {
      found.push({
        defect,
        date: bar.date,
        detail: `dividend ${amount}, close ${previous.close} to ${bar.close}, adjustment ${taken.toFixed(5)}`,
      })
    }
    if (isBroken(previous)) say('adjustment-impossible')
    // A price printed to a cent is off by up to half of it: the ratio of two of them by a cent of the lower
    // one.
    const rounding =
      grain.close / Math.min(previous.close, bar.close) +
      grain.adj_close / Math.min(previous.adj_close, bar.adj_close)
    const step_min = Math.max(STEP_MIN, rounding)
    if (amount > 0) {
      if (yieldOf > 0.5) say('dividend-too-large')
      if (isTiny(index)) say('dividend-too-small')
      if (
        Math.abs(taken - yieldOf) >
        Math.max(step_min, grain.dividend / previous.close, DIVIDEND_TOLERANCE * yieldOf)
      )
        say('dividend-without-adjustment')
      if (
        yieldOf > DROP_MIN_YIELD &&
        previous.close - bar.close < 0.2 * amount &&
        previous.close - bar.low < 0.5 * amount
      ) {
        // A share that nobody traded, or whose price moves by more than the payment at the least, has no drop
        // to show.
        const canDrop = (bar.volume > 0 || !isTraded) && amount > grain.close
        if (canDrop && yieldOf > 3 * usualMove(series, index)) say('dividend-without-drop')
      }
      if (
        paid !== undefined &&
        daysBetween(paid.date, bar.date) <= 7 &&
        Math.abs(amount / paid.amount - 1) <= 0.08
      )
        say('dividend-reported-twice')
      paid = { date: bar.date, amount }
    } else if (Math.abs(taken) > step_min) say('adjustment-without-dividend')
  }
  return found
}

/**
 * An adjusted close of a traded day that is no price at all; a column that is not there is another matter.
 */
const isBroken = ({ adj_close }: VendorBar): boolean =>
  !Number.isNaN(adj_close) && !(adj_close > 0 && adj_close < Number.POSITIVE_INFINITY)

/**
 * What was paid on each day. Some vendors include the capital gains of a fund in the dividend and print them
 * in their own column too; others print them only in that column. The closes of all such days together show
 * which of the two it is. If the market moved too much, the payments of the other days show it: without the
 * gain, the dividend of a day is like them. Without evidence, the adjustment is taken as right.
 */
function distributions(series: readonly VendorBar[]): number[] {
  const areInside = gainsAreInside(series)
  return series.map(({ gains = 0, dividend, close, adj_close }, index) => {
    if (gains <= 0 || dividend < gains) return dividend + gains
    const before = series[index - 1]
    const taken = before === undefined ? Number.NaN : before.close - (before.adj_close / adj_close) * close
    const isBelieved = !(Math.abs(taken - dividend) > Math.abs(taken - dividend - gains))
    return (areInside ?? isBelieved) ? dividend : dividend + gains
  })
}

/** Whether dividends contain the capital gains of their day; undefined if the series does not show it. */
function gainsAreInside(series: readonly VendorBar[]): boolean | undefined {
  const days = [...series.entries()].filter(([index, { gains = 0 }]) => index > 0 && gains > 0)
  let drop = 0
  let inside = 0
  let beside = 0
  let noise = 0
  for (const [index, { gains = 0, dividend, close }] of days) {
    const before = series[index - 1]?.close ?? Number.NaN
    drop += (before - close) / before
    inside += dividend / before
    beside += (dividend + gains) / before
    // The median of normal moves is two thirds of their deviation; twice the deviation is what chance seldom
    // does.
    noise += (3 * usualMove(series, index)) ** 2
  }
  if ((beside - inside) / 2 > Math.sqrt(noise)) return Math.abs(drop - inside) < Math.abs(drop - beside)
  // A dividend that is smaller than the gain of its day does not contain it.
  if (days.some(([, { gains = 0, dividend }]) => dividend < gains)) return false
  const others = series.filter(({ gains = 0, dividend }) => !(gains > 0) && dividend > 0)
  const usual = median(others.map(({ dividend, close }) => dividend / close))
  if (usual === undefined || days.length === 0) return undefined
  const rest = median(days.map(([, { gains = 0, dividend, close }]) => (dividend - gains) / close)) ?? 0
  const all = median(days.map(([, { dividend, close }]) => dividend / close)) ?? 0
  // Told by a factor of two at the least: the payments of a fund vary.
  if (all > 2 * usual && rest < 2 * usual) return true
  return all < 1.5 * usual ? false : undefined
}

function median(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[values.length >> 1]
}

/**
 * Units of the last digit in which a column is printed; 0 for one with more than four decimals, whose
 * rounding is no matter. Prices in whole yen or pence were traded so, and are not rounded.
 */
function grainOf(series: readonly VendorBar[]): Record<'close' | 'adj_close' | 'dividend', number> {
  const grain = (column: 'close' | 'adj_close' | 'dividend'): number => {
    const values = series.map((bar) => bar[column]).filter((value) => Number.isFinite(value) && value !== 0)
    const decimals = [0, 1, 2, 3, 4].find((digits) =>
      // A decimal that passed through a 32-bit float is off by 6e-8 of itself.
      values.every(
        (value) =>
          Math.abs(value * 10 ** digits - Math.round(value * 10 ** digits)) <=
          1e-7 * Math.abs(value) * 10 ** digits + 1e-9,
      ),
    )
    return decimals === undefined || values.length === 0 ? 0 : 10 ** -decimals
  }
  return {
    close: Math.min(grain('close'), 0.01),
    adj_close: Math.min(grain('adj_close'), 0.01),
    dividend: grain('dividend') / 2,
  }
}

/**
 * Payments in a unit that was divided twice: so little, of the price and in money, that nobody sends it, and
 * either most of them are, or this one is a hundredth of the others. Funds do pay out a rest that is small,
 * once.
 */
function tinyAmong(series: readonly VendorBar[], paidOn: readonly number[]): (index: number) => boolean {
  const yieldOn = (index: number): number => (paidOn[index] ?? 0) / (series[index - 1]?.close ?? Number.NaN)
  const paid = [...paidOn.keys()].filter((index) => index > 0 && (paidOn[index] ?? 0) > 0)
  const isSmall = (index: number): boolean => yieldOn(index) < 0.0005 && (paidOn[index] ?? 0) < 0.001
  const usual = paid.map(yieldOn).toSorted((a, b) => a - b)[paid.length >> 1] ?? Number.NaN
  const areMost = 2 * paid.filter(isSmall).length > paid.length
  return (index) =>
    isSmall(index) && (areMost || Math.abs(Math.log((yieldOn(index) * 100) / usual)) < Math.log(1.5))
}

function jumpsIn(series: readonly VendorBar[]): Suspicion[] {
  const found: Suspicion[] = []
  const grain = grainOf(series).close
  const ratios = series.filter(isSplit).map(({ split }) => Math.max(split, 1 / split))
  for (const [index, bar] of series.entries()) {
    const before = series[index - 1]
    if (before === undefined) continue
    const defect = jumpOf(series, index, ratios, grain)
    if (defect !== undefined)
      found.push({ defect, date: bar.date, detail: `close ${before.close} to ${bar.close}` })
  }
  return found
}

const isSplit = ({ split }: VendorBar): boolean => split > 0 && split !== 1

/** A move on the day of a stated split that no market explains: its ratio was not the one applied. */
const LEAP_AT_SPLIT_MIN = 1.25
/** Shares traded, against the twenty sessions before, from which on a jump of the price is news. */
const NEWS_SHARES_MIN = 3
const SQUEEZE_SHARES_MIN = 5
/** A jump to another scale is at least so large a factor, and so many times the usual move. */
const SCALE_MIN = 1.8
const SCALE_MOVES_MIN = 12

/** What the move of the close to a day cannot be; undefined for a move that the market can have made. */
function jumpOf(
  series: readonly VendorBar[],
  index: number,
  ratios: readonly number[],
  grain: number,
): Defect | undefined {
  const before = series[index - 1]
  const bar = series[index]
  if (before === undefined || bar === undefined) return undefined
  const size = Math.max(bar.close / before.close, before.close / bar.close)
  const traded = tradedRatio(series, index)
  const shares = (traded * before.close) / bar.close
  // Pence for pounds is a factor of a hundred, at the usual number of shares; a squeeze is traded many times
  // over. An illiquid series jumps by any other factor.
  if (Math.abs(size / 100 - 1) < 0.15 && !(shares > SQUEEZE_SHARES_MIN)) return 'price-in-other-unit'
  if (size < LEAP_AT_SPLIT_MIN || Math.min(bar.close, before.close) < 20 * grain) return undefined
  const moves = Math.log(size) / usualMove(series, index)
  if (size > 1.3 && moves > 6 && ratios.some((ratio) => Math.abs(ratio / size - 1) < 0.15)) {
    // The number of traded shares stays as usual; a crash of that size is traded many times over.
    if (!(traded > 1.5 * size)) return 'split-not-applied'
  }
  if (isSplit(bar) && moves > 6 && !(shares > NEWS_SHARES_MIN)) return 'split-not-applied'
  if (isTakenBack(series, index, grain)) return 'price-in-other-scale'
  // News of this size is traded many times over. On another scale either the shares or the money traded are
  // as usual. Cash that was paid lowers the price by itself.
  const isUsual = (ratio: number): boolean => ratio > 1 / NEWS_SHARES_MIN && ratio < NEWS_SHARES_MIN
  const isPaid = bar.dividend > 0.2 * Math.abs(before.close - bar.close)
  const isQuiet = (isUsual(shares) || isUsual(traded)) && !isPaid
  return size > SCALE_MIN && moves > SCALE_MOVES_MIN && isQuiet ? 'price-in-other-scale' : undefined
}

/**
 * Whether a jump to another scale is undone within thirty rows, but for what the market itself moves on the
 * two days: a split or a unit that was applied to a block. What is traded in a few ticks doubles and halves
 * by itself.
 */
function isTakenBack(series: readonly VendorBar[], at: number, grain: number): boolean {
  const before = series[at - 1]
  const bar = series[at]
  if (before === undefined || bar === undefined) return false
  const jump = Math.log(bar.close / before.close)
  if (
    Math.abs(jump) < Math.log(1.7) ||
    Math.min(bar.close, before.close) < 20 * grain ||
    Math.abs(jump) < 12 * usualMove(series, at)
  )
    return false
  const undone = Math.max(0.05, 4 * usualMove(series, at))
  return series.slice(at + 1, at + 31).some(({ close }, after) => {
    const last = series[at + after]
    return (
      last !== undefined &&
      Math.abs(Math.log(close / last.close) + jump) < undone &&
      Math.abs(Math.log(close / before.close)) < 0.2
    )
  })
}

/**
 * Money traded on a day against the average of the twenty sessions before it; NaN when no volume is known.
 */
function tradedRatio(series: readonly VendorBar[], at: number): number {
  const traded = series.slice(Math.max(0, at - 20), at).map(({ close, volume }) => close * volume)
  const bar = series[at]
  return bar === undefined
    ? Number.NaN
    : (bar.close * bar.volume * traded.length) / traded.reduce((sum, each) => sum + each, 0)
}

/** Median absolute daily move of the sixty sessions around, as a share of the price. */
function usualMove(series: readonly VendorBar[], at: number): number {
  const moves: number[] = []
  for (let index = Math.max(1, at - 30); index < Math.min(series.length, at + 30); index += 1) {
    const before = series[index - 1]
    const bar = series[index]
    if (index !== at && before !== undefined && bar !== undefined)
      moves.push(Math.abs(Math.log(bar.close / before.close)))
  }
  return moves.toSorted((a, b) => a - b)[moves.length >> 1] ?? 0
}

const daysBetween = (a: string, b: string): number =>
  Math.abs(Date.parse(b.slice(0, 10)) - Date.parse(a.slice(0, 10))) / 86_400_000
