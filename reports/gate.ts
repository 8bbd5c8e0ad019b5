import { existsSync, lstatSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { readProof } from '../helpers/backup/proof.ts'
import { changesIn, codeIdentity } from '../helpers/checklist/code.ts'
import { runsIn } from '../helpers/checklist/history.ts'
import type { RunView } from '../helpers/checklist/view.ts'
import { resolvePointer } from '../helpers/core/pointer.ts'
import { cutList } from '../helpers/core/text.ts'
import { backupsOf, type NamedBackup } from './backups-named.ts'
import { backupFaults } from './check-backups.ts'
import { readAttestation } from './check-statement.ts'
import { payloadOf } from './dsse.ts'
import { UNSIGNED, type VerifyOptions, verifyEvidence } from './verify.ts'
import { sha256Of } from './write.ts'

export interface Waiver {
  readonly name: string
  readonly accepted_on: string
  /** Last day on which it holds; null for one without end. */
  readonly expires_on: string | null
}

export interface GateOptions extends VerifyOptions {
  /** The folder of the run; undefined when there is none. */
  readonly run_directory: string | undefined
  /** The folder of all runs: a newer run that failed speaks against the one that is judged. */
  readonly runs_directory: string
  /** Modes of a run that opens the gate. */
  readonly modes: readonly string[]
  readonly age_max_days: number
  readonly waivers: readonly Waiver[]
  readonly now?: Date
}

export interface GateResult {
  readonly view: RunView | undefined
  /** Why the gate is closed, a line each. Empty when it is open. */
  readonly reasons: readonly string[]
  readonly notes: readonly string[]
  /** Of an open gate: the SHA-256 of the statement, and the last backup. */
  readonly statement_sha256: string | undefined
  readonly backup: NamedBackup | undefined
}

const CAUSES_MAX = 5
const DAY_MS = 86_400_000
/** A backup is proven when its file, its archive, its restore and its remote copy were verified. */
const LEVELS = [1, 2, 3, 4] as const

/**
 * Whether a run is good enough for a tag: PASSED, live, of this commit and tree, complete, recent, with an
 * intact and proven backup here and in the remote store, and without an expired waiver.
 */
export async function judgeGate(options: GateOptions): Promise<GateResult> {
  const { run_directory, now = new Date() } = options
  const nothing = { view: undefined, notes: [], statement_sha256: undefined, backup: undefined }
  if (run_directory === undefined)
    return { ...nothing, reasons: ['there is no run. Run the checklist: npx vitest run phases'] }
  if (statSync(run_directory, { throwIfNoEntry: false })?.isDirectory() !== true)
    return {
      ...nothing,
      reasons: [`${run_directory} is not the folder of a run. Name a folder in ${options.runs_directory}`],
    }
  const { view, faults, notes } = await verifyEvidence(run_directory, options)
  if (view === undefined) return { ...nothing, reasons: faults, notes }
  const backup = backupsOf(view).at(-1)
  const newer = newerRuns(view, options)
  const reasons = [
    ...verdictReasons(view),
    ...modeReasons(view, options.modes),
    ...codeReasons(view, options.repository),
    ...ageReasons(view, options.age_max_days, now),
    ...newer.reasons,
    ...waiverReasons(options.waivers, now),
    ...faults,
    ...(await backupReasons(backup, options)),
    ...notes.filter((note) => note.startsWith('the plan was not checked')),
  ]
  const envelope = readAttestation(run_directory)
  const statement_sha256 = typeof envelope === 'string' ? undefined : sha256Of(payloadOf(envelope))
  const signature = notes.filter((note) => note === UNSIGNED || note.startsWith('signed by '))
  return { view, reasons, notes: [...signature, ...newer.notes], statement_sha256, backup }
}

function verdictReasons({ verdict, reasons }: RunView): string[] {
  if (verdict === 'PASSED') return []
  const more =
    reasons.length > CAUSES_MAX ? [`… and ${reasons.length - CAUSES_MAX} more, on the audit page`] : []
  return [
    ...reasons.slice(0, CAUSES_MAX).map((reason) => `the run is ${verdict}, not PASSED: ${reason}`),
    ...more,
  ]
}

function modeReasons({ mode }: RunView, modes: readonly string[]): string[] {
  if (mode !== null && modes.includes(mode)) return []
  const hint = mode === 'flat-files' ? ' (--flat-files allows it)' : ''
  return [`the run is a ${mode ?? 'run without a configuration'} run; expected ${modes.join(' or ')}${hint}`]
}

/** The run was made from a commit without changes, and that commit is checked out here without changes. */
function codeReasons({ identity }: RunView, repository: string): string[] {
  const here = codeIdentity(repository)
  const reasons: string[] = []
  if (identity['git_is_dirty'] !== false)
    reasons.push('the run was made from a work tree with changes that are not committed')
  if (identity['git_commit'] !== here.git_commit)
    reasons.push(`the run was made from commit ${identity['git_commit']}; HEAD is ${here.git_commit}`)
  if (identity['git_tree'] !== here.git_tree)
    reasons.push(`the run was made from tree ${identity['git_tree']}; that of HEAD is ${here.git_tree}`)
  if (here.git_is_dirty !== false) {
    const changed = cutList(changesIn(repository) ?? [])
    reasons.push(`the work tree has changes that are not committed: ${changed}`)
  }
  return reasons
}

function ageReasons({ ended_at }: RunView, age_max_days: number, now: Date): string[] {
  if (ended_at === null) return ['the run has not ended']
  const days = (now.getTime() - Date.parse(ended_at)) / DAY_MS
  if (days < 0) return [`the run ended at ${ended_at}, which is in the future: check the clock`]
  return days <= age_max_days
    ? []
    : [`the run ended at ${ended_at}, more than ${age_max_days} days ago. Run the checklist again`]
}

/**
 * Runs of the same commit that began later and did not pass. One that failed, of committed code and in a mode
 * that opens the gate, closes it: otherwise a person could choose the one run that passed. The others are
 * notes, so that a reader knows of them.
 */
function newerRuns(
  view: RunView,
  { runs_directory, modes }: GateOptions,
): { readonly reasons: readonly string[]; readonly notes: readonly string[] } {
  const reasons: string[] = []
  const notes: string[] = []
  for (const { run_id, started_at, verdict, mode, identity } of runsIn(runs_directory)) {
    const isNewer = run_id !== view.run_id && started_at >= view.started_at
    if (!isNewer || verdict === 'PASSED' || identity['git_commit'] !== view.identity['git_commit']) continue
    const text = `run ${run_id} of the same commit is newer, and is ${verdict} (${mode ?? 'mode unknown'})`
    const contradicts = verdict === 'FAILED' && mode !== null && modes.includes(mode)
    if (contradicts && identity['git_is_dirty'] === false)
      reasons.push(`${text}. Fix what failed, then run the checklist again`)
    else notes.push(text)
  }
  return { reasons, notes }
}

function waiverReasons(waivers: readonly Waiver[], now: Date): string[] {
  const today = dayOf(now)
  // It is tomorrow already east of Greenwich.
  const tomorrow = dayOf(new Date(now.getTime() + DAY_MS))
  return waivers.flatMap(({ name, accepted_on, expires_on }) => {
    if (expires_on !== null && expires_on < today)
      return [
        `the waiver for ${name} expired on ${expires_on}. Judge the finding again, or remove the waiver`,
      ]
    return accepted_on > tomorrow
      ? [`the waiver for ${name} was accepted on ${accepted_on}, which is in the future`]
      : []
  })
}

const dayOf = (time: Date): string => time.toISOString().slice(0, 10)

/** What differs or is missing is a fault of the verification already; here is what it cannot know. */
async function backupReasons(backup: NamedBackup | undefined, options: VerifyOptions): Promise<string[]> {
  if (backup === undefined) return ['the run made no backup']
  const reasons: string[] = []
  const { notes } = await backupFaults([backup], options)
  reasons.push(...notes.filter((note) => note.startsWith('the remote store was not checked')))
  const archive = join(options.backups, backup.file)
  const proven = (await readProof({ archive, manifest: { sha256: backup.sha256 } }))?.levels ?? []
  const missing = LEVELS.filter((level) => !proven.includes(level))
  if (missing.length > 0)
    reasons.push(
      `backup ${backup.file} is not proven: ${missing.map((level) => PROVEN_BY[level]).join(', ')}`,
    )
  return reasons
}

const PROVEN_BY = {
  1: 'its file was not compared with its manifest',
  2: 'its archive was not read to the end',
  3: 'it was not restored and compared',
  4: 'its remote copy was not downloaded and compared',
} as const

/** The newest run below a folder of reports; undefined when there is none. */
export function latestRunOf(reports_directory: string): string | undefined {
  const pointer = join(reports_directory, 'latest')
  if (lstatSync(pointer, { throwIfNoEntry: false }) === undefined) return undefined
  return existsSync(pointer) ? resolvePointer(pointer) : pointer // The folder that it names is gone.
}
