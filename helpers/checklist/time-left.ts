import { durationText } from './text.ts'

/** Of a box that took less time than this nothing is said. */
const LONG_BOX_MS = 5_000

/** The name of a box in `TimeLeft`. */
export const boxKey = (phase: string, claim: string): string => `${phase}\n${claim}`

/** What is left of the box that runs and of the run, from how long each box took in earlier runs. */
export class TimeLeft {
  /** Boxes that have not ended. */
  readonly #open: Set<string>
  readonly #durations_ms: ReadonlyMap<string, number>
  #box = ''
  #began_ms = 0

  /** `boxes` are those of the plan, `durations_ms` what is known of them; both by `boxKey`. */
  constructor(boxes: Iterable<string>, durations_ms: ReadonlyMap<string, number>) {
    this.#open = new Set(boxes)
    this.#durations_ms = durations_ms
  }

  started(box: string, now_ms: number): void {
    this.#box = box
    this.#began_ms = now_ms
  }

  ended(box: string): void {
    this.#open.delete(box)
  }

  /** What to append to the line of the box that runs; empty for a short box and for one that never ran. */
  text(now_ms: number): string {
    const expected_ms = this.#durations_ms.get(this.#box) ?? 0
    if (expected_ms < LONG_BOX_MS) return ''
    const left_ms = expected_ms - (now_ms - this.#began_ms)
    const of_box =
      left_ms > 0
        ? `about ${durationText(left_ms)} left`
        : `longer than the ${durationText(expected_ms)} of the last run`
    let of_run_ms = Math.max(0, left_ms)
    let is_complete = true
    for (const box of this.#open) {
      if (box === this.#box) continue
      const duration_ms = this.#durations_ms.get(box)
      if (duration_ms === undefined) is_complete = false
      of_run_ms += duration_ms ?? 0
    }
    const bound = is_complete ? 'about' : 'more than'
    return ` · ${of_box} · run: ${bound} ${durationText(of_run_ms)} left`
  }
}
