import { rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { SerializedError, TestAnnotation, UserConsoleLog } from 'vitest'
import type { Reporter, TestCase, TestModule, TestProject, TestSpecification, Vitest } from 'vitest/node'
import { reportsDirectoryOf } from '../config/config.ts'
import { messageOf } from '../core/errors.ts'
import { pointTo } from '../core/pointer.ts'
import { endAbandonedRuns } from './abandoned.ts'
import { type AuditSection, EVIDENCE_ANNOTATION, type Evidence, PROGRESS_ANNOTATION } from './events.ts'
import { durationsBefore, historyOf } from './history.ts'
import { misplaced } from './judge.ts'
import { Ledger } from './ledger.ts'
import { openingOf } from './opening.ts'
import { faultOf, outcomeOf } from './outcome.ts'
import { type Plan, phaseOf } from './plan.ts'
import { RunRecord, type WriteReports } from './record.ts'
import { PHASES } from './sequencer.ts'
import { Terminal } from './terminal.ts'
import { isSettled } from './view.ts'

/** Time for what was opened to be closed after a signal. */
const CLOSING_MAX_MS = 15_000

export interface ChecklistOptions {
  /** Path of the plan. */
  readonly plan: string
  readonly writeReports: WriteReports
  /** Folder of `runs/`, `ledger/` and `latest`. Default: as the configuration says. */
  readonly directory?: string
}

/** Journal, ledger, reports and terminal of the `phases` project. Silent when no phase runs. */
export class ChecklistReporter implements Reporter {
  readonly #options: ChecklistOptions
  readonly #terminal = new Terminal()
  #vitest: Vitest | undefined
  #plan: Plan | undefined
  #ledger: Ledger | undefined
  #record: RunRecord | undefined
  #project: TestProject | undefined
  #scope: string | undefined
  /** Ids of the boxes that have begun. */
  readonly #started = new Set<string>()
  /** The phase whose boxes run now. */
  #open: string | undefined

  constructor(options: ChecklistOptions) {
    this.#options = options
  }

  onInit(vitest: Vitest): void {
    this.#vitest = vitest
  }

  onTestRunStart(specifications: readonly TestSpecification[]): void {
    const project = specifications.find((each) => each.project.name === PHASES)?.project
    if (project === undefined) return
    const directory = this.#options.directory ?? reportsDirectoryOf()
    try {
      const files = specifications.filter((each) => each.project.name === PHASES)
      this.#begin(
        project,
        directory,
        files.map(({ moduleId }) => phaseOf(moduleId)),
      )
    } catch (error) {
      this.#refuse(project, directory, messageOf(error))
    }
  }

  #begin(project: TestProject, directory: string, phases: readonly string[]): void {
    const { plan, fault, started } = openingOf(this.#options.plan, this.#vitest)
    const run_directory = join(directory, 'runs', started.run_id)
    const ledger_directory = join(directory, 'ledger')
    this.#project = project
    this.#plan = plan
    this.#ledger = new Ledger(ledger_directory)
    const abandoned = endAbandonedRuns(join(directory, 'runs'), started.run_id, this.#options.writeReports)
    this.#record = new RunRecord(run_directory, this.#options.writeReports)
    const history = historyOf(join(directory, 'runs'), started)
    this.#record.append({ ...started, history })
    pointTo(join(directory, 'latest'), run_directory)
    if (fault !== undefined) {
      this.#record.append({ event: 'precondition-failed', message: fault, box: null })
      project.provide('gate', { is_open: false, fault })
    }
    this.#record.writeReports()
    this.#record.onLost = this.#lose
    const { run_id, narrowed } = started
    const missing = plan.phases.map(({ phase }) => phase).filter((phase) => !phases.includes(phase))
    const left_out = [...missing, ...(narrowed === null ? [] : [narrowed])]
    project.provide('run', { run_id, run_directory, ledger_directory, left_out })
    this.#terminal.started(this.#record.view(), durationsBefore(join(directory, 'runs'), started))
    for (const line of abandoned) this.#terminal.note(line)
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, this.#interrupt)
  }

  /** A run that can leave no evidence does not begin, and an older run must not look like its result. */
  #refuse(project: TestProject, directory: string, why: string): void {
    const fault =
      `The evidence of this run cannot be written below ${directory}: ${why}. ` +
      'Nothing was touched. Free space or give access there, and run again.'
    this.#record = undefined
    process.exitCode = 1
    project.provide('gate', { is_open: false, fault })
    this.#terminal.note(fault)
    try {
      rmSync(join(directory, 'latest'), { force: true, recursive: true })
    } catch {} // Then there is no older one either, or it cannot be helped.
  }

  /**
   * A run that can leave no more evidence stops. Its journal has no verdict, which the next run notices, and
   * no gate takes it.
   */
  readonly #lose = (error: Error): void => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, this.#interrupt)
    this.#record = undefined
    process.exitCode = 1
    this.#terminal.broken(error.message)
    void this.#vitest?.cancelCurrentRun('test-failure')
  }

  /**
   * A phase that starts is open again, and so are all later ones: a crash must not leave the ticks of an
   * earlier run.
   */
  onTestModuleQueued(module: TestModule): void {
    if (!this.#isPhase(module)) return
    this.#readGate()
    const phase = phaseOf(module.moduleId)
    if (this.#open !== undefined) this.#closeDead(this.#open)
    this.#ledger?.untickFrom(phase)
    this.#open = phase
    this.#record?.append({ event: 'phase-queued', phase })
    this.#terminal.phase(this.#plan?.phases.find((each) => each.phase === phase)?.title ?? phase)
  }

  onTestModuleCollected(module: TestModule): void {
    if (!this.#isPhase(module)) return
    const boxes = [...module.children.allTests()].map((test) => ({
      claim: test.name,
      selected: test.options.mode === 'run',
    }))
    this.#record?.append({ event: 'phase-collected', phase: phaseOf(module.moduleId), boxes })
  }

  onTestCaseReady(test: TestCase): void {
    if (this.#isPhase(test.module)) this.#start(test)
  }

  onTestCaseAnnotate(test: TestCase, annotation: TestAnnotation): void {
    if (!this.#isPhase(test.module)) return
    if (annotation.type === PROGRESS_ANNOTATION) this.#terminal.progress(annotation.message)
    if (annotation.type !== EVIDENCE_ANNOTATION) return
    this.#start(test)
    const { evidence, section } = JSON.parse(annotation.message) as {
      evidence: Evidence
      section: AuditSection | null
    }
    this.#record?.append({
      event: 'box-evidence',
      phase: phaseOf(test.module.moduleId),
      claim: test.name,
      evidence,
      section,
    })
  }

  onTestCaseResult(test: TestCase): void {
    if (!this.#isPhase(test.module)) return
    const result = test.result()
    if (result.state === 'pending') return
    if (result.state !== 'skipped') this.#start(test)
    const phase = phaseOf(test.module.moduleId)
    const evidence =
      this.#phaseView(phase)?.boxes.find((box) => box.claim === test.name)?.evidence ??
      test.meta().evidence ??
      {}
    const { state, errors, note } = outcomeOf(test, evidence)
    const duration_ms = Math.round(test.diagnostic()?.duration ?? 0)
    this.#record?.append({ event: 'box-ended', phase, claim: test.name, state, errors, note, duration_ms })
    const box = this.#phaseView(phase)?.boxes.find(({ claim }) => claim === test.name)
    if (box !== undefined) this.#terminal.boxEnded(phase, box)
  }

  onTestModuleEnd(module: TestModule): void {
    if (!this.#isPhase(module)) return
    const errors = [
      ...module.errors(),
      ...[...module.children.allSuites()].flatMap((suite) => suite.errors()),
    ]
    this.#close(phaseOf(module.moduleId), module.state() === 'passed', errors)
  }

  /** Reads the whole run: a phase whose worker was killed calls no `onTestModuleEnd`. */
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const record = this.#record
    if (record === undefined || record.has_ended) return
    this.#readGate()
    if (this.#open !== undefined) this.#closeDead(this.#open)
    for (const error of unhandled) record.append({ event: 'run-error', fault: faultOf(error) })
    if (this.#scope === undefined && !record.entries.some((entry) => entry.event === 'precondition-failed')) {
      record.append({
        event: 'precondition-failed',
        message: 'the global setup ended without a result; its error is on the terminal',
        box: null,
      })
    }
    const others = modules.filter((module) => module.project.name !== PHASES && !module.ok())
    for (const module of others)
      this.#terminal.note(
        `a test file of the project "${module.project.name}" failed: ${module.relativeModuleId}`,
      )
    this.#finish(record.end())
  }

  /** What a phase or a library prints is no evidence, but it is shown. */
  onUserConsoleLog(log: UserConsoleLog): void {
    if (this.#record === undefined) return
    for (const line of log.content.trimEnd().split('\n').slice(0, 50)) this.#terminal.note(`    | ${line}`)
  }

  #finish(verdict: string): void {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, this.#interrupt)
    if (this.#record === undefined) return
    const view = this.#record.view()
    for (const phase of view.phases) {
      if (phase.state !== 'not run' && phase.cause?.startsWith('blocked by precondition') !== true) continue
      this.#terminal.phase(phase.title)
      for (const box of phase.boxes) if (box.state === 'failed') this.#terminal.box(box)
      this.#terminal.open(phase)
    }
    const errors = this.#record.entries.flatMap((entry) => (entry.event === 'run-error' ? [entry.fault] : []))
    if (errors.length > 0) this.#terminal.phase('Errors outside of the boxes')
    for (const error of errors) this.#terminal.fault(error)
    const directory = relative(process.cwd(), this.#record.directory)
    this.#terminal.ended(view, directory.startsWith('..') ? this.#record.directory : directory)
    // Vitest counts a skipped test as a success; a checklist does not.
    if (verdict !== 'PASSED') process.exitCode = 1
    if (this.#vitest?.config.watch === true) void this.#vitest.exit(true)
  }

  /** The first signal ends the record and closes the run in order; the second one kills the process. */
  readonly #interrupt = (signal: NodeJS.Signals): void => {
    if (this.#record === undefined || this.#record.has_ended) return
    this.#finish(this.#record.end(signal))
    const code = signal === 'SIGINT' ? 130 : 143
    process.once('exit', () => {
      process.exitCode = code // Vitest, closing, calls the process failed with its own code.
    })
    setTimeout(() => process.exit(code), CLOSING_MAX_MS).unref()
    void Promise.resolve(this.#vitest?.close()).finally(() => process.exit(code))
  }

  #readGate(): void {
    const gate = this.#project?.getProvidedContext().gate
    if (gate === undefined || this.#scope !== undefined || this.#record === undefined) return
    if (this.#record.entries.some((entry) => entry.event === 'precondition-failed')) return
    if (gate.is_open) {
      this.#scope = gate.scope
      this.#record.append({ event: 'target-prepared', scope: gate.scope, identity: gate.identity })
      return
    }
    this.#record.append({ event: 'precondition-failed', message: gate.fault, box: this.#boxOf(gate.claim) })
  }

  #start(test: TestCase): void {
    if (this.#started.has(test.id) || test.result().state === 'skipped') return
    this.#started.add(test.id)
    const phase = phaseOf(test.module.moduleId)
    this.#record?.append({ event: 'box-started', phase, claim: test.name })
    this.#terminal.boxStarted(phase, test.name)
  }

  #closeDead(phase: string): void {
    this.#close(phase, false, [
      { name: 'WorkerDied', message: `the process that ran ${phase} died before the phase was over` },
    ])
  }

  #close(phase: string, has_passed: boolean, errors: readonly SerializedError[]): void {
    const record = this.#record
    if (record === undefined || record.has_ended) return
    const blocked_by =
      errors.map((error) => error['blocked_by']).find((each) => typeof each === 'string') ?? null
    const boxes = this.#phaseView(phase)?.boxes ?? []
    const is_as_planned = boxes.length > 0 && misplaced(record.entries, phase).length === 0
    const ticked = has_passed && is_as_planned && boxes.every(isSettled) && this.#scope !== undefined
    record.append({
      event: 'phase-ended',
      phase,
      ticked,
      blocked_by,
      errors: blocked_by === null ? errors.map(faultOf) : [],
    })
    if (record.has_ended) return
    const run_id = record.view().run_id
    if (ticked && this.#scope !== undefined)
      this.#ledger?.tick({
        phase,
        scope: this.#scope,
        run_id,
        ticked_at: new Date().toISOString(),
        boxes_count: boxes.length,
      })
    this.#open = undefined
    const view = this.#phaseView(phase)
    for (const fault of view?.faults ?? []) this.#terminal.fault(fault)
    if (view !== undefined) this.#terminal.open(view)
    record.writeReports()
  }

  /** The box of the plan with this claim, in the first phase that has it. */
  #boxOf(claim: string | undefined): { phase: string; claim: string } | null {
    if (claim === undefined) return null
    const phase = this.#plan?.phases.find(({ boxes }) => boxes.includes(claim))?.phase
    return phase === undefined ? null : { phase, claim }
  }

  #phaseView(phase: string) {
    return this.#record?.view().phases.find((each) => each.phase === phase)
  }

  #isPhase = (module: TestModule): boolean => this.#record !== undefined && module.project.name === PHASES
}
