import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type Defect, suspicionsIn, type VendorBar } from './series.ts'

/**
 * A vendor's daily file: moves of the market, dividends far apart, closes printed to a cent or in full,
 * adjusted by definition A.
 */
interface File {
  readonly start: number
  readonly moves: readonly number[]
  /** Dividends every so many sessions, each a share of the price. */
  readonly every: number
  readonly yields: readonly number[]
  readonly digits: number
  readonly at: number
}
const DAYS = 160
const file: fc.Arbitrary<File> = fc.record({
  start: fc.double({ min: 20, max: 900, noNaN: true }),
  moves: fc.array(fc.double({ min: -0.03, max: 0.03, noNaN: true }), { minLength: DAYS, maxLength: DAYS }),
  every: fc.integer({ min: 21, max: 60 }),
  yields: fc.array(fc.double({ min: 0.006, max: 0.03, noNaN: true }), { minLength: 8, maxLength: 8 }),
  digits: fc.constantFrom(2, 4, 12),
  at: fc.nat(),
})

type Bars = { -readonly [name in keyof VendorBar]: VendorBar[name] }[]
const round = (value: number, digits: number): number => Math.round(value * 10 ** digits) / 10 ** digits

function barsOf({ start, moves, every, yields, digits }: File): Bars {
  let close = start
  return moves.map((move, index) => {
    const before = close
    const dividend =
      index > 0 && index % every === 0 ? round(before * (yields[(index / every) % yields.length] ?? 0), 4) : 0
    close = Math.max(5, round((before - dividend) * (1 + move), digits))
    const date = new Date(Date.UTC(2020, 0, 1) + index * 86_400_000).toISOString().slice(0, 10)
    return { date, high: close, low: close, close, adj_close: close, volume: 1000, dividend, split: 0 }
  })
}

/** Adjusted closes by definition A, printed to `digits`; days in `without` are left out. */
function adjust(bars: Bars, digits: number, without: readonly number[] = []): Bars {
  let factor = 1
  for (let index = bars.length - 1; index >= 0; index -= 1) {
    const bar = bars[index]
    const before = bars[index - 1]
    if (bar === undefined) continue
    bar.adj_close = round(bar.close * factor, digits)
    if (before !== undefined && !without.includes(index)) factor *= 1 - bar.dividend / before.close
  }
  return bars
}
const paidDay = ({ at, every }: File): number => every * (1 + (at % Math.floor((DAYS - 5) / every)))
const change = (bars: Bars, index: number, to: Partial<VendorBar>): Bars => {
  Object.assign(bars[index] ?? {}, to)
  return bars
}
const dividendOn = (bars: Bars, index: number): number => bars[index]?.dividend ?? 0

it('says nothing of any file that agrees with itself', () => {
  fc.assert(
    fc.property(file, (given) => {
      expect(suspicionsIn(adjust(barsOf(given), given.digits))).toEqual([])
    }),
    { numRuns: 2000 },
  )
})

const DEFECTS: Readonly<
  Record<string, { readonly one_of: readonly Defect[]; readonly damage: (given: File) => Bars }>
> = {
  'a missing dividend': {
    one_of: ['adjustment-without-dividend'],
    damage: (given) => change(adjust(barsOf(given), given.digits), paidDay(given), { dividend: 0 }),
  },
  'a missing adjustment': {
    one_of: ['dividend-without-adjustment'],
    damage: (given) => adjust(barsOf(given), given.digits, [paidDay(given)]),
  },
  'a dividend a hundred times too large': {
    one_of: ['dividend-without-adjustment'],
    damage: (given) => {
      const bars = adjust(barsOf(given), given.digits)
      return change(bars, paidDay(given), { dividend: dividendOn(bars, paidDay(given)) * 100 })
    },
  },
  'a dividend a hundred times too large, adjusted for': {
    one_of: ['dividend-too-large', 'adjustment-impossible'],
    damage: (given) => {
      const bars = barsOf(given)
      return adjust(
        change(bars, paidDay(given), { dividend: dividendOn(bars, paidDay(given)) * 100 }),
        given.digits,
      )
    },
  },
  'a dividend reported again three days later': {
    one_of: ['dividend-reported-twice'],
    damage: (given) => {
      const bars = barsOf(given)
      return adjust(
        change(bars, paidDay(given) + 3, { dividend: dividendOn(bars, paidDay(given)) }),
        given.digits,
      )
    },
  },
  'a block in pence': {
    one_of: ['price-in-other-unit'],
    damage: (given) => {
      const bars = adjust(barsOf(given), given.digits)
      for (const bar of bars.slice(given.at % 100, (given.at % 100) + 20))
        Object.assign(bar, { close: bar.close * 100, adj_close: bar.adj_close * 100 })
      return bars
    },
  },
  'a block that was divided by four, with no split in sight': {
    one_of: ['price-in-other-scale'],
    damage: (given) => {
      const bars = adjust(
        barsOf({ ...given, yields: [0], moves: given.moves.map((move) => move / 2) }),
        given.digits,
      )
      for (const bar of bars.slice(40 + (given.at % 60), 40 + (given.at % 60) + 10))
        Object.assign(bar, { close: bar.close / 4, adj_close: bar.adj_close / 4 })
      return bars
    },
  },
  'a split that the rows before it do not know': {
    one_of: ['split-not-applied'],
    damage: (given) => {
      const bars = adjust(barsOf(given), given.digits)
      const day = 40 + (given.at % 80)
      for (const bar of bars.slice(0, day))
        Object.assign(bar, { close: bar.close * 4, adj_close: bar.adj_close * 4 })
      return change(bars, day, { split: 4 })
    },
  },
}

it.each(Object.entries(DEFECTS))('finds %s, wherever it is', (_name, { one_of, damage }) => {
  fc.assert(
    fc.property(file, (given) => {
      expect(suspicionsIn(damage(given)).some(({ defect }) => one_of.includes(defect))).toBe(true)
    }),
    { numRuns: 500 },
  )
})

it('takes gains that stand inside the dividend for one payment, and sees them counted twice', () => {
  const gains = (given: File, isTwice: boolean): Bars => {
    const bars = barsOf({ ...given, yields: given.yields.map((each) => each * 5) })
    const paid = bars.map(({ dividend }) => dividend)
    if (isTwice) for (const bar of bars) bar.dividend *= 2
    adjust(bars, given.digits)
    for (const [index, bar] of bars.entries())
      Object.assign(bar, { dividend: paid[index], gains: paid[index] })
    return bars
  }
  const calm = file.map((given) => ({ ...given, moves: given.moves.map((move) => move / 5) }))
  fc.assert(
    fc.property(calm, (given) => {
      expect(suspicionsIn(gains(given, false))).toEqual([])
      expect(suspicionsIn(gains(given, true)).map(({ defect }) => defect)).toContain(
        'dividend-without-adjustment',
      )
    }),
    { numRuns: 500 },
  )
})

it('says nothing of a jump of any size that is traded many times over', () => {
  const squeeze = fc.record({ given: file, size: fc.constantFrom(2, 5, 15, 100, 1 / 2, 1 / 10) })
  fc.assert(
    fc.property(squeeze, ({ given, size }) => {
      const bars = barsOf({ ...given, yields: [0] })
      const day = 40 + (given.at % 80)
      for (const bar of bars.slice(day))
        for (const name of ['high', 'low', 'close'] as const) bar[name] = Math.max(5, bar[name] * size)
      const bar = bars[day]
      if (bar !== undefined) bar.volume *= 40
      expect(suspicionsIn(adjust(bars, 12))).toEqual([])
    }),
    { numRuns: 500 },
  )
})
