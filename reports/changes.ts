/** What differs between two runs, for the page and for `npm run report -- diff`. */
import type { RunFigures, Scalar } from '../helpers/checklist/events.ts'
import { timeText } from '../helpers/core/text.ts'
import { numberText, wordsOf } from './html.ts'

/** Figures in the order in which they are compared; those of a run itself and of its backup file are not. */
const COMPARED = [
  'verdict',
  'mode',
  'securities',
  'securities_with_bars',
  'bars',
  'sessions',
  'newest_bar_on',
  'facts',
  'filers',
  'quarters',
  'corporate_actions',
  'sessions_missing',
  'hard_violations',
  'findings',
  'items_failed',
  'items_not_found',
  'rows_withdrawn',
  'records_rejected',
  'content_sha256',
  'database_bytes',
  'duration_ms',
  'time_to_recover_ms',
  'boxes_passed',
  'boxes_total',
  'is_restored_equal',
] as const

/** Words where the name of a figure is not enough. */
const WORDS: Readonly<Record<string, string>> = {
  bars: 'daily bars',
  newest_bar_on: 'newest session',
  facts: 'reported facts',
  quarters: 'derived quarters',
  sessions_missing: 'missing bars',
  items_failed: 'failed work items',
  items_not_found: 'items without data',
  content_sha256: 'content hash',
  database_bytes: 'size',
  boxes_passed: 'boxes ticked',
  boxes_total: 'boxes',
  is_restored_equal: 'backup restored and equal',
}

export interface Change {
  readonly words: string
  readonly from: string
  readonly to: string
  /** The difference of two numbers, with its sign; empty for others. */
  readonly by: string
}

/** The figures in which two runs differ. */
export function changesOf(before: RunFigures, now: RunFigures): Change[] {
  return COMPARED.flatMap((name) => {
    const from = before[name]
    const to = now[name]
    // What a run has not recorded, or not yet, is no change.
    if (from === to || isAbsent(from) || isAbsent(to)) return []
    const words = WORDS[name] ?? wordsOf(name)
    return [{ words, from: valueText(from, name), to: valueText(to, name), by: byText(from, to, name) }]
  })
}

const isAbsent = (value: Scalar | undefined): boolean => value === undefined || value === null

export function valueText(value: Scalar | undefined, name: string): string {
  if (value === undefined || value === null) return 'not recorded'
  if (typeof value === 'number') return numberText(value, name)
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (/^[0-9a-f]{40,}$/.test(value)) return `${value.slice(0, 8)}…`
  return /^\d{4}-\d\d-\d\dT/.test(value) ? timeText(value) : value
}

function byText(from: Scalar | undefined, to: Scalar | undefined, name: string): string {
  if (typeof from !== 'number' || typeof to !== 'number') return ''
  const difference = to - from
  return `${difference > 0 ? '+' : '−'}${numberText(Math.abs(difference), name)}`
}
