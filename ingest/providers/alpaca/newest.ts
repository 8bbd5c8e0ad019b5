import { dayBefore } from '../../../helpers/core/days.ts'
import { sessions } from '../../calendar/xnys.ts'

/** A free plan has no consolidated prices of the last 15 minutes; one more is for clocks that differ. */
const DELAY_MS = 16 * 60_000

/** How far bars may be asked for. */
export interface Newest {
  /** A day, or an instant of today when its session is over. */
  readonly end: string
  /** True for an instant: the question is "until now", on whatever day it is asked. */
  readonly is_now: boolean
  /** What is left out, and until when; undefined when nothing is. */
  readonly left_out?: string
}

/**
 * The end of a question about daily bars through `end_date`. The bar of a session that is not over is no
 * daily bar, and a free plan refuses to serve it: it is left out.
 */
export function newestOf(end_date: string, today: string, now: Date): Newest {
  if (end_date < today) return { end: end_date, is_now: false }
  const [session] = sessions(today, today)
  if (session === undefined) return { end: dayBefore(today), is_now: false }
  const until = new Date(now.getTime() - DELAY_MS)
  if (until.getTime() >= Date.parse(session.close_at)) return { end: until.toISOString(), is_now: true }
  const from = new Date(Date.parse(session.close_at) + DELAY_MS).toISOString()
  return {
    end: dayBefore(today),
    is_now: false,
    left_out: `bars of ${today}, which can be requested from ${from} on`,
  }
}
