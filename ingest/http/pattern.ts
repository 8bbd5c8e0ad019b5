import type { Outcome, Verdict } from './outcome.ts'

/**
 * What one provider is known to mean by certain words, where the words alone would mislead or where we know
 * what to do next. An adapter declares its patterns; the first that fits decides, so a special one is written
 * before a general one. Everything else is judged by its words (`words.ts`) and its status (`frame.ts`).
 */
export interface Pattern {
  readonly words: RegExp
  readonly outcome: Outcome
  readonly reason: string
  /** Statuses for which it holds; any when left out. */
  readonly statuses?: readonly number[]
  readonly wait_ms?: number
}

export const ANY_WORDS = /^/

export const pattern = (
  words: RegExp,
  outcome: Outcome,
  reason: string,
  details: Pick<Pattern, 'statuses' | 'wait_ms'> = {},
): Pattern => ({ words, outcome, reason, ...details })

/** The verdict of the first pattern that fits `text`; empty text is a status without words. */
export function matchPattern(
  patterns: readonly Pattern[],
  http_status: number,
  text: string,
): Verdict | undefined {
  for (const { words, outcome, reason, statuses, wait_ms } of patterns) {
    if (statuses !== undefined && !statuses.includes(http_status)) continue
    if (!words.test(text)) continue
    return { outcome, reason, ...(wait_ms === undefined ? {} : { wait_ms }) }
  }
  return undefined
}
