import type {
  Evidence,
  Fault,
  JournalEntry,
  RunEvent,
  RunFigures,
  RunStarted,
  Scalar,
  Verdict,
} from './events.ts'

export interface BoxView {
  readonly claim: string
  /** `not applicable`: the box ran, and had nothing to verify. `open`: it did not run to its end. */
  readonly state: 'passed' | 'failed' | 'not applicable' | 'open'
  /** True for a box beyond the original checklist. */
  readonly is_also_proven: boolean
  /** Why the box is open or not applicable. */
  readonly reason: string | null
  readonly evidence: Evidence
  readonly faults: readonly Fault[]
  readonly started_at: string | null
  readonly ended_at: string | null
  readonly duration_ms: number
  /** The line of the journal with the result: its number and its hash. */
  readonly line: { readonly seq: number; readonly sha256: string } | null
}

export interface PhaseView {
  readonly phase: string
  readonly title: string
  readonly state: 'ticked' | 'failed' | 'blocked' | 'incomplete' | 'running' | 'not run'
  /** Why the phase did not run, back to the first cause. */
  readonly cause: string | null
  readonly faults: readonly Fault[]
  readonly boxes: readonly BoxView[]
  readonly started_at: string | null
  readonly ended_at: string | null
}

/** A run as its journal records it. */
export interface RunView {
  readonly run_id: string
  readonly mode: string | null
  readonly verdict: Verdict | 'RUNNING'
  /** Everything that keeps the run from PASSED, each with its phase or box. */
  readonly reasons: readonly string[]
  readonly started_at: string
  readonly ended_at: string | null
  readonly plan_sha256: string
  readonly identity: Readonly<Record<string, Scalar>>
  readonly scope: string | null
  readonly phases: readonly PhaseView[]
  /** Earlier runs of this mode, newest first, as they were when this run began. */
  readonly history: readonly RunFigures[]
  /** Evidence that was also given to a section of the audit page. */
  readonly sections: readonly {
    readonly section: string
    readonly phase: string
    readonly claim: string
    readonly evidence: Evidence
  }[]
}

type Of<E extends RunEvent['event']> = Extract<JournalEntry, { event: E }>
const pick = <E extends RunEvent['event']>(entries: readonly JournalEntry[], event: E): Of<E>[] =>
  entries.filter((entry): entry is Of<E> => entry.event === event)

/**
 * Reads a journal that begins with `run-started`. `assumed` is how the run ended, where the journal does not
 * contain that yet.
 */
export function viewOf(entries: readonly JournalEntry[], assumed?: Reading['ending']): RunView {
  const started = entries[0] as (JournalEntry & RunStarted) | undefined
  if (started?.event !== 'run-started') throw new TypeError('A journal begins with run-started.')
  const ended = pick(entries, 'run-ended').at(-1)
  const prepared = pick(entries, 'target-prepared').at(-1)
  const phases: PhaseView[] = []
  const run = { entries, ending: ended?.verdict ?? assumed }
  for (const planned of started.expected) phases.push(phaseView(planned, run, phases))
  return {
    run_id: started.run_id,
    mode: started.mode,
    verdict: ended?.verdict ?? 'RUNNING',
    reasons: ended?.reasons ?? ['the run is not finished'],
    started_at: started.at,
    // A run whose process died ended with its last line, not when a later run found it.
    ended_at: (ended !== undefined && ended.noticed_by !== null ? entries.at(-2)?.at : ended?.at) ?? null,
    plan_sha256: started.plan_sha256,
    identity: { ...started.identity, ...prepared?.identity },
    scope: prepared?.scope ?? null,
    phases,
    history: started.history ?? [],
    sections: pick(entries, 'box-evidence').flatMap((each) =>
      each.section === null
        ? []
        : [{ section: each.section, phase: each.phase, claim: each.claim, evidence: each.evidence }],
    ),
  }
}

interface Reading {
  readonly entries: readonly JournalEntry[]
  /** How the run ended; undefined while it goes on. */
  readonly ending: Verdict | 'over' | undefined
}

function phaseView(
  planned: RunStarted['expected'][number],
  { entries: all, ending }: Reading,
  before: readonly PhaseView[],
): PhaseView {
  const entries = all.filter((entry) => 'phase' in entry && entry.phase === planned.phase)
  const queued = pick(entries, 'phase-queued').at(-1)
  const end = pick(entries, 'phase-ended').at(-1)
  const precondition = pick(all, 'precondition-failed').at(-1)
  const cause = causeOf(planned.phase, queued !== undefined, end, precondition?.message, before, ending)
  const also_proven_from = planned.boxes.length - (planned.also_proven_count ?? 0)
  const boxes = planned.boxes.map((claim, index) => ({
    is_also_proven: index >= also_proven_from,
    ...(precondition?.box?.phase === planned.phase && precondition.box.claim === claim
      ? failedPrecondition(precondition)
      : boxView(claim, entries, cause)),
  }))
  const has_failed = (end?.errors.length ?? 0) > 0 || boxes.some((box) => box.state === 'failed')
  const state = stateOf(
    queued !== undefined,
    end,
    has_failed,
    precondition !== undefined,
    ending !== undefined,
  )
  return {
    phase: planned.phase,
    title: planned.title,
    state,
    cause,
    faults: end?.errors ?? [],
    boxes,
    started_at: queued?.at ?? null,
    ended_at: end?.at ?? null,
  }
}

function stateOf(
  queued: boolean,
  end: Of<'phase-ended'> | undefined,
  has_failed: boolean,
  has_precondition: boolean,
  is_over: boolean,
): PhaseView['state'] {
  if (has_failed) return 'failed'
  if (has_precondition || (end !== undefined && end.blocked_by !== null)) return 'blocked'
  if (end !== undefined) return end.ticked ? 'ticked' : 'incomplete'
  if (queued && !is_over) return 'running'
  return queued ? 'incomplete' : 'not run'
}

/** Why boxes of this phase which did not run did not. */
function causeOf(
  phase: string,
  is_queued: boolean,
  end: Of<'phase-ended'> | undefined,
  precondition: string | undefined,
  before: readonly PhaseView[],
  ending: Reading['ending'],
): string | null {
  if (precondition !== undefined)
    return `blocked by precondition: ${precondition.replaceAll(/\s+/g, ' ').trim()}`
  if (end !== undefined && end.blocked_by !== null) {
    const holder = before.find((each) => each.phase === end.blocked_by)
    if (holder === undefined || holder.state === 'not run')
      return `blocked by ${end.blocked_by}, which is not ticked for this target`
    if (holder.state === 'blocked' && holder.cause !== null) return holder.cause
    return `blocked by ${holder.phase}: ${shortcoming(holder)}`
  }
  if (end !== undefined && end.errors.length > 0)
    return `blocked by an error in ${phase}: ${firstLine(end.errors[0]?.message ?? '')}`
  if (ending === undefined) return end === undefined ? 'not run: the run is not finished' : null
  if (ending === 'INTERRUPTED' && end === undefined) return 'not run: the run was interrupted'
  return is_queued ? null : 'not run: the phase was not part of this run'
}

function shortcoming(phase: PhaseView): string {
  const failed = phase.boxes.find((box) => box.state === 'failed')
  if (failed !== undefined) return `"${failed.claim}" failed`
  if (phase.faults[0] !== undefined) return firstLine(phase.faults[0].message)
  const open = phase.boxes.find((box) => box.state === 'open')
  return open === undefined ? 'it is not ticked' : `"${open.claim}" is not ticked`
}

type BoxResult = Omit<BoxView, 'is_also_proven'>

/** The box of a precondition that was checked and failed before any phase was started. */
const failedPrecondition = ({ box, message, at, seq, sha256 }: Of<'precondition-failed'>): BoxResult => ({
  claim: box?.claim ?? '',
  state: 'failed',
  reason: null,
  evidence: {},
  faults: [{ name: 'PreconditionError', message }],
  started_at: at,
  ended_at: at,
  duration_ms: 0,
  line: { seq, sha256 },
})

function boxView(claim: string, phase: readonly JournalEntry[], cause: string | null): BoxResult {
  const entries = phase.filter((entry) => 'claim' in entry && entry.claim === claim)
  const started = pick(entries, 'box-started').at(-1)
  const results = pick(entries, 'box-ended')
  // A box that ran twice does not pass by its second try.
  const ended = results.find((each) => each.state === 'failed') ?? results.at(-1)
  const evidence = Object.assign(
    {},
    ...pick(entries, 'box-evidence').map((each) => each.evidence),
  ) as Evidence
  const facts = {
    claim,
    evidence,
    started_at: started?.at ?? null,
    ended_at: ended?.at ?? null,
    duration_ms: ended?.duration_ms ?? 0,
    line: ended === undefined ? null : { seq: ended.seq, sha256: ended.sha256 },
  }
  if (ended?.state === 'passed') return { ...facts, state: 'passed', reason: null, faults: [] }
  if (ended?.state === 'failed') return { ...facts, state: 'failed', reason: null, faults: ended.errors }
  if (ended?.state === 'not-applicable')
    return { ...facts, state: 'not applicable', reason: `not applicable: ${ended.note}`, faults: [] }
  return {
    ...facts,
    state: 'open',
    reason: reasonOf(phase, claim, started !== undefined, ended, cause),
    faults: [],
  }
}

function reasonOf(
  phase: readonly JournalEntry[],
  claim: string,
  is_started: boolean,
  ended: Of<'box-ended'> | undefined,
  cause: string | null,
): string {
  if (ended?.note != null) return `skipped: ${ended.note}`
  const collected = pick(phase, 'phase-collected').at(-1)
  const box = collected?.boxes.find((each) => each.claim === claim)
  if (collected !== undefined && box === undefined) return 'not run: the phase file has no such box'
  if (box?.selected === false) return 'not run: the box was not selected in this run'
  if (is_started && ended === undefined)
    return cause === null ? 'not finished' : cause.replace(/^not run:/, 'not finished:')
  return cause ?? 'not run'
}

/** The mark of a box, on the terminal and in every report. */
export const MARK = { passed: '[x]', failed: '[!]', 'not applicable': '[-]', open: '[ ]' } as const

/** True for a box that lets its phase and its run pass: it passed, or there was nothing to verify. */
export const isSettled = ({ state }: Pick<BoxView, 'state'>): boolean =>
  state === 'passed' || state === 'not applicable'

/** How many boxes are in each state, for every report alike. */
export function countsOf(boxes: readonly BoxView[]) {
  const count = (state: BoxView['state']): number => boxes.filter((box) => box.state === state).length
  return {
    total: boxes.length,
    passed: count('passed'),
    failed: count('failed'),
    not_applicable: count('not applicable'),
    open: count('open'),
  }
}

/** `120 of 124 boxes ticked, 1 failed, 2 not applicable, 1 open`. */
export function countsText(boxes: readonly BoxView[]): string {
  const { total, passed, failed, not_applicable, open } = countsOf(boxes)
  return (
    `${passed} of ${total} boxes ticked, ${failed} failed, ` +
    `${not_applicable} not applicable, ${open} open`
  )
}

export const firstLine = (text: string): string => text.trim().split('\n', 1)[0] ?? ''
/** Every box of the run, with the phase that it belongs to. */
export const boxesOf = (view: RunView): { phase: PhaseView; box: BoxView }[] =>
  view.phases.flatMap((phase) => phase.boxes.map((box) => ({ phase, box })))
