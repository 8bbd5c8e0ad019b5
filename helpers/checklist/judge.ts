import type { JournalEntry, RunStarted, Verdict } from './events.ts'
import { type BoxView, boxesOf, firstLine, isSettled, viewOf } from './view.ts'

export interface Judgement {
  readonly verdict: Verdict
  readonly reasons: readonly string[]
}

/**
 * The verdict on a run, from its journal alone. PASSED only when every expected box ran once, in the order of
 * the plan, and passed or had nothing to verify, and nothing else happened. A failure or an error makes it
 * FAILED; anything short of the plan, INCOMPLETE.
 */
export function judge(entries: readonly JournalEntry[], ending: 'over' | 'INTERRUPTED' = 'over'): Judgement {
  const view = viewOf(entries, ending)
  const { narrowed } = entries[0] as JournalEntry & RunStarted
  const failures: string[] = []
  const shortfalls: string[] =
    narrowed === null ? [] : [`the run was narrowed on the command line: ${narrowed}`]
  const is_shut = entries.some((entry) => entry.event === 'precondition-failed')
  const blocked_count = boxesOf(view).filter(({ box }) => box.state === 'open').length
  if (is_shut) shortfalls.push(`no phase ran: ${blocked_count} boxes are blocked by the precondition`)
  for (const entry of entries) {
    if (entry.event === 'precondition-failed' && entry.box === null)
      failures.push(`precondition: ${entry.message}`)
    if (entry.event === 'run-error') failures.push(`${entry.fault.name}: ${firstLine(entry.fault.message)}`)
  }
  for (const phase of view.phases) {
    for (const fault of phase.faults)
      if (phase.state !== 'blocked') failures.push(`${phase.phase}: ${firstLine(fault.message)}`)
    for (const box of phase.boxes)
      if (box.state === 'failed') failures.push(`${phase.phase}: ${failureOf(box)}`)
    if (!is_shut) shortfalls.push(...openBoxes(phase.phase, phase.boxes))
    if (phase.boxes.every(isSettled) && phase.state !== 'ticked')
      shortfalls.push(`${phase.phase}: it was not ticked`)
  }
  shortfalls.push(...misplaced(entries))
  const reasons = [...failures, ...shortfalls]
  if (reasons.length === 0 && view.phases.every(({ boxes }) => boxes.length === 0))
    reasons.push('the plan of the run has no box, so nothing was verified')
  if (failures.length > 0) return { verdict: 'FAILED', reasons }
  return { verdict: reasons.length > 0 ? 'INCOMPLETE' : 'PASSED', reasons }
}

const failureOf = (box: BoxView): string =>
  `"${box.claim}" failed: ${headlineOf(box.faults[0]?.message ?? 'no message')}`

/** The first line; of a list, its heading and its first entry. */
function headlineOf(message: string): string {
  const [first = '', second = ''] = message.trim().split('\n')
  return first.endsWith(':') ? `${first} ${second.trim().replace(/^- /, '')}` : first
}

/** One line a cause, with the name of every box that it left open; their number when it was all of them. */
function openBoxes(phase: string, boxes: readonly BoxView[]): string[] {
  const open = Map.groupBy(
    boxes.filter((box) => box.state === 'open'),
    (box) => box.reason ?? 'not run',
  )
  return [...open].map(([reason, group]) => {
    const names =
      group.length === boxes.length
        ? `all ${boxes.length} boxes`
        : group.map((box) => `"${box.claim}"`).join(', ')
    return `${phase}: ${reason} (${names})`
  })
}

/**
 * Boxes that are not in the plan, that ran twice, or that ran out of its order; of one phase, or of all.
 */
export function misplaced(entries: readonly JournalEntry[], of_phase?: string): string[] {
  const { expected } = entries[0] as JournalEntry & RunStarted
  const order = expected.flatMap(({ phase, boxes }) => boxes.map((claim) => `${phase}\n${claim}`))
  const place = new Map<string, number>(order.map((key, index) => [key, index]))
  const found: string[] = []
  const seen = new Set<string>()
  let last = -1
  let last_claim = ''
  for (const entry of entries) {
    if (of_phase !== undefined && 'phase' in entry && entry.phase !== of_phase) continue
    if (entry.event === 'phase-queued' && !expected.some((each) => each.phase === entry.phase))
      found.push(`${entry.phase} is not in the plan`)
    if (entry.event === 'phase-collected') {
      for (const { claim } of entry.boxes)
        if (!place.has(`${entry.phase}\n${claim}`))
          found.push(`${entry.phase}: "${claim}" is not in the plan`)
    }
    if (entry.event !== 'box-started') continue
    const key = `${entry.phase}\n${entry.claim}`
    const index = place.get(key)
    if (seen.has(key)) found.push(`${entry.phase}: "${entry.claim}" ran twice`)
    seen.add(key)
    if (index === undefined) continue
    if (index < last)
      found.push(`${entry.phase}: "${entry.claim}" ran after "${last_claim}", against the order of the plan`)
    last = Math.max(last, index)
    if (index === last) last_claim = entry.claim
  }
  return found
}
