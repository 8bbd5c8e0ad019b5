import { expect, it } from 'vitest'
import { figure, referenceRows } from '../../helpers/testing/reference.ts'
import { suspicionsIn, type VendorBar } from './series.ts'

// Real series that were repaired by hand or never damaged, damaged here in each way that vendors do. Seeded.
type Bar = { -readonly [Name in keyof VendorBar]: VendorBar[Name] }
const CASES_OF_A_KIND = 25
const LENGTHS = [20, 60, 250, 1000]

const number = (text: string | undefined): number =>
  text === undefined || text === '' ? Number.NaN : Number(text)
const series = referenceRows('corrupted', 'index.csv')
  .filter((row) => row['interval'] === '1d' && row['must_flag'] !== '1')
  .map((row) => ({
    file: row['file'] ?? '',
    bars: referenceRows('corrupted', row['file'] ?? '').map(
      (each): Bar => ({
        date: each['Date'] ?? each['Datetime'] ?? '',
        high: number(each['High']),
        low: number(each['Low']),
        close: number(each['Close']),
        adj_close: number(each['Adj Close']),
        volume: Number(each['Volume'] ?? 0),
        dividend: Number(each['Dividends'] ?? 0),
        gains: Number(each['Capital Gains'] ?? 0),
        split: Number(each['Stock Splits'] ?? 0),
      }),
    ),
  }))
const clean = series.filter(({ bars }) => suspicionsIn(bars).length === 0)

/** Park and Miller's minimal standard generator; the same numbers each time. */
function randomOf(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state * 48_271) % 2_147_483_647
    return state % below
  }
}
type Random = ReturnType<typeof randomOf>
/** Changes a series; false where it has nothing of this kind to damage. */
type Damage = (bars: Bar[], random: Random) => boolean

/** Divides every price before a day: a split that was applied to it, or not, without the rest. */
function rescale(bars: Bar[], from: number, to: number, ratio: number, with_volume: boolean): void {
  for (const bar of bars.slice(from, to)) {
    for (const name of ['high', 'low', 'close', 'adj_close'] as const) bar[name] /= ratio
    if (with_volume) bar.volume = Math.round(bar.volume * ratio)
  }
}
const isTraded = (bars: readonly Bar[]): boolean =>
  bars.filter(({ volume }) => volume > 0).length > 0.9 * bars.length
/** Prices that are moved far enough from the cent to show a ratio. */
const isFine = (bars: readonly Bar[]): boolean => bars.every(({ close }) => !(close < 0.5))
const paidDays = (bars: readonly Bar[]): number[] =>
  bars.flatMap(({ dividend }, at) => {
    const before = bars[at - 1]
    return before !== undefined && dividend / before.close > 0.002 ? [at] : []
  })
const inside = (bars: readonly Bar[], random: Random): number => 5 + random(Math.max(1, bars.length - 10))
const RATIOS = [2, 3, 4, 5, 10, 1 / 2, 1 / 5, 1 / 10]
const ratioOf = (random: Random): number => RATIOS[random(RATIOS.length)] ?? 2
/** Divides the adjusted closes before a day, as a dividend of that share does. */
function adjustBefore(bars: Bar[], at: number, share: number): void {
  for (const bar of bars.slice(0, at)) bar.adj_close *= 1 - share
}

const KINDS: Readonly<Record<string, Damage>> = {
  'a split that is applied to a part, and stated': (bars, random) => {
    if (!isTraded(bars) || !isFine(bars)) return false
    const at = inside(bars, random)
    const ratio = ratioOf(random)
    rescale(bars, 0, at, ratio, random(2) === 0)
    const day = bars[Math.min(bars.length - 1, at + random(3))]
    if (day !== undefined) day.split = ratio
    return true
  },
  'a split that is applied to a part, and not stated': (bars, random) => {
    if (!isTraded(bars) || !isFine(bars)) return false
    rescale(bars, 0, inside(bars, random), ratioOf(random), random(2) === 0)
    return true
  },
  'another ratio than the stated one': (bars, random) => {
    if (!isTraded(bars) || !isFine(bars)) return false
    const at = inside(bars, random)
    rescale(bars, 0, at, [20 / 12, 12 / 20, 3 / 2, 2 / 3, 2, 4][random(6)] ?? 2, random(2) === 0)
    const day = bars[at]
    if (day !== undefined) day.split = [2, 3, 4, 10][random(4)] ?? 2
    return true
  },
  'a block on another scale': (bars, random) => {
    if (!isFine(bars)) return false
    const at = inside(bars, random)
    rescale(bars, at, Math.min(bars.length - 2, at + 1 + random(20)), ratioOf(random), random(2) === 0)
    return true
  },
  'a block in pence': (bars, random) => {
    const at = inside(bars, random)
    rescale(bars, at, Math.min(bars.length - 2, at + 1 + random(20)), 1 / 100, false)
    return true
  },
  'a missing adjustment': (bars, random) => {
    const days = paidDays(bars)
    const at = days[random(Math.max(1, days.length))]
    const bar = bars[at ?? -1]
    if (at === undefined || bar === undefined) return false
    const share = bar.dividend / (bars[at - 1]?.close ?? 1)
    for (const each of bars.slice(0, at)) each.adj_close /= 1 - share
    return true
  },
  'a missing dividend': (bars, random) => {
    const days = paidDays(bars)
    const bar = bars[days[random(Math.max(1, days.length))] ?? -1]
    if (bar === undefined) return false
    bar.dividend = 0
    bar.gains = 0
    return true
  },
  'a dividend in another unit': (bars, random) => {
    const days = paidDays(bars)
    const bar = bars[days[random(Math.max(1, days.length))] ?? -1]
    if (bar === undefined) return false
    bar.dividend *= 100
    return true
  },
  'a dividend that is reported twice': (bars, random) => {
    const days = paidDays(bars)
    const at = days[random(Math.max(1, days.length))]
    const again = bars[(at ?? -9) + 1 + random(3)]
    const bar = bars[at ?? -1]
    if (at === undefined || bar === undefined || again === undefined || again.dividend > 0) return false
    again.dividend = bar.dividend
    adjustBefore(bars, bars.indexOf(again), bar.dividend / (bars[bars.indexOf(again) - 1]?.close ?? 1))
    return true
  },
  'a capital gain that is counted twice': (bars, random) => {
    const days = bars.flatMap(({ gains = 0 }, at) => (at > 0 && gains > 0 ? [at] : []))
    if (days.length === 0) return false
    // Every day of a vendor's file, or one of them.
    const chosen = random(2) === 0 ? days : [days[random(days.length)] ?? 0]
    for (const at of chosen) adjustBefore(bars, at, (bars[at]?.gains ?? 0) / (bars[at - 1]?.close ?? 1))
    return true
  },
}

it('finds 97 % of what was damaged, and says nothing of 95 % of what was not', () => {
  const missed: string[] = []
  let found_count = 0
  let kind_number = 0
  for (const [kind, damage] of Object.entries(KINDS)) {
    kind_number += 1
    const random = randomOf(kind_number * 7_919)
    let cases = 0
    for (let tries = 0; cases < CASES_OF_A_KIND && tries < 4_000; tries += 1) {
      const chosen = clean[random(clean.length)]
      if (chosen === undefined) continue
      const length = Math.min(chosen.bars.length, LENGTHS[random(LENGTHS.length)] ?? 250)
      const start = random(chosen.bars.length - length + 1)
      const bars = chosen.bars.slice(start, start + length).map((bar) => ({ ...bar }))
      if (length < 12 || suspicionsIn(bars).length > 0 || !damage(bars, random)) continue
      cases += 1
      if (suspicionsIn(bars).length > 0) found_count += 1
      else missed.push(`${kind}: ${chosen.file} from row ${start}, ${length} rows`)
    }
    expect(cases, kind).toBe(CASES_OF_A_KIND)
  }
  const flagged: string[] = []
  const random = randomOf(104_729)
  const windows = 400
  for (let at = 0; at < windows; at += 1) {
    const chosen = series[random(series.length)]
    if (chosen === undefined) continue
    const length = Math.min(chosen.bars.length, LENGTHS[random(LENGTHS.length)] ?? 250)
    const start = random(chosen.bars.length - length + 1)
    const [first] = suspicionsIn(chosen.bars.slice(start, start + length))
    if (first !== undefined) flagged.push(`${chosen.file} from row ${start}, ${length} rows: ${first.defect}`)
  }
  const damaged = found_count + missed.length
  figure('series damaged here', { damaged, missed, undamaged: windows, flagged })
  expect(damaged).toBeGreaterThanOrEqual(200)
  expect(missed.length / damaged).toBeLessThanOrEqual(0.03)
  expect(flagged.length / windows).toBeLessThanOrEqual(0.05)
})
