/** What was measured: times of a stage and of its baseline, in turn, in the same run. */
export interface Measured {
  readonly stage: string
  readonly baseline: string
  /** The ratio may be at most this; null where nothing is promised. */
  readonly bound: number | null
  readonly securities: number
  readonly filers: number
  /** Rows that the stage is about. */
  readonly rows: number
  readonly ours_ms: readonly number[]
  readonly baseline_ms: readonly number[]
}

/** The median, and the least and the greatest value. */
export function spreadOf(values: readonly number[]) {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? Number.NaN
  const lower = sorted[sorted.length % 2 === 0 ? middle - 1 : middle] ?? Number.NaN
  return { median: (upper + lower) / 2, min: sorted[0] ?? Number.NaN, max: sorted.at(-1) ?? Number.NaN }
}

/** The ratios of pairs that were measured one after the other: what else the machine did is in both. */
export const ratiosOf = ({ ours_ms, baseline_ms }: Measured): number[] =>
  ours_ms.map((ms, at) => ms / (baseline_ms[at] ?? Number.NaN))

/** One line of the table, ratio with median and spread. */
export function lineOf(measured: Measured): string {
  const ratio = spreadOf(ratiosOf(measured))
  const ours = spreadOf(measured.ours_ms)
  const rate = Math.round((1000 * measured.rows) / ours.median)
  const bound =
    measured.bound === null ? '' : ` bound ${measured.bound}${ratio.median > measured.bound ? ' MISSED' : ''}`
  const { stage, securities, filers, baseline } = measured
  const spread = `(${ratio.min.toFixed(2)} to ${ratio.max.toFixed(2)})`
  return (
    `${stage.padEnd(41)} ${String(securities).padStart(6)} securities ${String(filers).padStart(4)} filers ` +
    `${seconds(ours.median)} ${rate.toLocaleString('en-US')} rows/s  ` +
    `${ratio.median.toFixed(2)} x ${baseline} ${spread}${bound}`
  )
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2).padStart(8)} s`

/** How long a step takes, in milliseconds. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await work()
  return performance.now() - started
}
