/** Earlier runs, from their journals: what a run is compared with. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { EvidenceRow, RunFigures, RunStarted } from './events.ts'
import { readJournal } from './journal.ts'
import { boxKey } from './time-left.ts'
import { boxesOf, countsOf, type RunView, viewOf } from './view.ts'

/** Runs that a journal repeats the figures of. */
const RUNS_MAX = 20

/** What a run left, in one row: its verdict and times, then the evidence that its boxes gave as figures. */
export function figuresOf(view: RunView): RunFigures {
  const { total, passed } = countsOf(boxesOf(view).map(({ box }) => box))
  const given = view.sections.filter(({ section }) => section === 'figures')
  const figures = given.flatMap(({ evidence }) =>
    Object.entries(evidence).filter(([, value]) => typeof value !== 'object' || value === null),
  )
  return {
    run_id: view.run_id,
    verdict: view.verdict,
    mode: view.mode,
    started_at: view.started_at,
    duration_ms:
      view.ended_at === null ? null : Math.max(0, Date.parse(view.ended_at) - Date.parse(view.started_at)),
    boxes_passed: passed,
    boxes_total: total,
    ...(Object.fromEntries(figures) as RunFigures),
  }
}

/** The figures of earlier runs of the same mode, newest first. */
export function historyOf(
  runs_directory: string,
  { run_id, mode }: Pick<RunStarted, 'run_id' | 'mode'>,
): RunFigures[] {
  const found: RunFigures[] = []
  for (const view of runsBefore(runs_directory, run_id)) {
    if (view.mode === mode) found.push(figuresOf(view))
    if (found.length === RUNS_MAX) break
  }
  return found
}

/**
 * The rows of evidence `name` that the newest earlier run of the same mode recorded; undefined when none did.
 */
export function rowsBefore(
  runs_directory: string,
  { run_id, mode }: Pick<RunStarted, 'run_id' | 'mode'>,
  name: string,
): { readonly run_id: string; readonly rows: readonly EvidenceRow[] } | undefined {
  for (const view of runsBefore(runs_directory, run_id)) {
    if (view.mode !== mode) continue
    const given = view.sections.find(({ evidence }) => evidence[name] !== undefined)
    if (given !== undefined)
      return { run_id: view.run_id, rows: given.evidence[name] as readonly EvidenceRow[] }
  }
  return undefined
}

/** Earlier runs that are asked how long a box took. */
const TIMED_RUNS_MAX = 5

/** How long each box took when it last passed in one of the newest earlier runs of the same mode. */
export function durationsBefore(
  runs_directory: string,
  { run_id, mode }: Pick<RunStarted, 'run_id' | 'mode'>,
): Map<string, number> {
  const durations_ms = new Map<string, number>()
  let runs_count = 0
  for (const view of runsBefore(runs_directory, run_id)) {
    if (view.mode !== mode) continue
    for (const { phase, box } of boxesOf(view)) {
      const key = boxKey(phase.phase, box.claim)
      if (box.state === 'passed' && !durations_ms.has(key)) durations_ms.set(key, box.duration_ms)
    }
    runs_count += 1
    if (runs_count === TIMED_RUNS_MAX) break
  }
  return durations_ms
}

/**
 * Journals that were read, by file: one that has ended does not change, and a run looks at the earlier ones
 * whenever a phase ends.
 */
const known = new Map<string, { readonly bytes: number; readonly view: RunView }>()

/** Runs whose journal is intact, newest first. */
export function* runsIn(runs_directory: string): Generator<RunView> {
  if (!existsSync(runs_directory)) return
  for (const name of readdirSync(runs_directory).toSorted().toReversed()) {
    const file = join(runs_directory, name, 'journal.jsonl')
    if (!existsSync(file)) continue
    const bytes = statSync(file).size
    const read = known.get(file)
    if (read?.bytes === bytes) {
      yield read.view
      continue
    }
    const { entries, fault, is_torn } = readJournal(readFileSync(file))
    if (entries[0]?.event !== 'run-started' || (fault !== undefined && !is_torn)) continue
    const view = viewOf(entries)
    if (view.verdict !== 'RUNNING') known.set(file, { bytes, view })
    yield view
  }
}

/** A run id begins with its time. */
function* runsBefore(runs_directory: string, run_id: string): Generator<RunView> {
  for (const view of runsIn(runs_directory)) if (view.run_id < run_id) yield view
}
