import { durationText } from './text.ts'

/** Sooner than this a rate says nothing. */
const SETTLED_MS = 2_000

/**
 * How fast a count goes on, and how long it may still take: from lines that say `200 of 500 items`. A line
 * with another beginning or total, or a count that went back, is another piece of work.
 */
export class Pace {
  #work = ''
  #began_ms = 0
  #began_count = 0
  #count = 0

  /** What to add to `line`; empty when nothing can be said yet. */
  of(line: string, now_ms: number): string {
    const [, beginning = '', done = '', total = '', unit = ''] =
      /^(.*?)([\d,]+) of ([\d,]+) ([a-z]+)/.exec(line) ?? []
    if (total === '') return ''
    const [count, count_max] = [done, total].map((text) => Number(text.replaceAll(',', ''))) as [
      number,
      number,
    ]
    const work = `${beginning.split(' · ')[0]} ${total} ${unit}`
    if (work !== this.#work || count < this.#count) {
      this.#work = work
      this.#began_ms = now_ms
      this.#began_count = count
    }
    this.#count = count
    const took_ms = now_ms - this.#began_ms
    const rate = (count - this.#began_count) / took_ms
    if (took_ms < SETTLED_MS || rate <= 0 || count >= count_max) return ''
    return ` · ${rateText(rate * 1000)} ${unit}/s · about ${durationText((count_max - count) / rate)} left`
  }
}

const rateText = (rate: number): string =>
  rate >= 10 ? Math.round(rate).toLocaleString('en-US') : rate.toPrecision(2)
