import { stripVTControlCharacters, styleText } from 'node:util'
import { redact } from '../core/redact.ts'
import type { Evidence, Fault } from './events.ts'
import { Pace } from './pace.ts'
import { clip, durationText, evidenceText, wrapped } from './text.ts'
import { boxesOf, type PhaseView, type RunView } from './view.ts'

const PROGRESS_INTERVAL_MS = 10_000
/** Columns before evidence. */
const INDENT = 6

export interface Screen {
  write(text: string): unknown
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
  /** False under NO_COLOR. */
  hasColors?(): boolean
}

/**
 * What a person sees: headings, boxes with their key evidence, progress, failures with a next step, and the
 * end.
 */
export class Terminal {
  readonly #screen: Screen
  readonly #has_colour: boolean
  readonly #pace = new Pace()
  #has_progress_line = false
  #progress_at_ms = Number.NEGATIVE_INFINITY

  constructor(screen: Screen = process.stdout) {
    this.#screen = screen
    this.#has_colour = screen.isTTY === true && screen.hasColors?.() === true
  }

  started(run: RunView, boxes_count: number): void {
    const mode = run.mode === null ? '' : ` · ${run.mode === 'rehearsal' ? 'REHEARSAL' : run.mode}`
    this.#line(this.#style('bold', `Checklist · ${boxes_count} boxes in ${run.phases.length} phases${mode}`))
    this.#line(this.#style('dim', `run ${run.run_id}`))
  }

  phase(title: string): void {
    this.#line('')
    this.#line(this.#style('bold', title))
  }

  box(
    claim: string,
    state: 'passed' | 'failed' | 'skipped',
    duration_ms: number,
    evidence: Evidence,
    faults: readonly Fault[],
  ): void {
    const mark =
      state === 'passed'
        ? this.#style('green', '[x]')
        : state === 'failed'
          ? this.#style('red', '[!]')
          : '[ ]'
    this.#line(
      `  ${mark} ${claim}${duration_ms >= 1000 ? this.#style('dim', `  ${durationText(duration_ms)}`) : ''}`,
    )
    const proof = evidenceText(evidence)
    const width =
      this.#screen.isTTY === true ? (this.#screen.columns ?? 100) - INDENT : Number.POSITIVE_INFINITY
    for (const line of proof === '' ? [] : wrapped(proof, width))
      this.#line(this.#style('dim', `${' '.repeat(INDENT)}${line}`))
    for (const fault of faults) this.fault(fault)
  }

  fault(fault: Fault): void {
    for (const line of fault.message.split('\n').slice(0, 30)) this.#line(`      ${this.#style('red', line)}`)
    if (fault.at !== undefined) this.#line(this.#style('dim', `      at ${fault.at}`))
  }

  /** One rewritten line on a terminal; elsewhere a plain line now and then. */
  progress(line: string): void {
    const text = stripVTControlCharacters(redact(line)).replaceAll(/\s+/g, ' ')
    const pace = this.#pace.of(text, performance.now())
    // What goes on is at the end of the line: a narrow screen loses the middle of it, not how far it is.
    const clean = `${clip(text, Math.max(20, (this.#screen.columns ?? 140) - 8 - pace.length))}${pace}`
    if (this.#screen.isTTY === true) {
      this.#screen.write(`\r\u001b[2K      … ${clean}`)
      this.#has_progress_line = true
      return
    }
    const now_ms = performance.now()
    if (now_ms - this.#progress_at_ms < PROGRESS_INTERVAL_MS) return
    this.#progress_at_ms = now_ms
    this.#line(`      … ${clean}`)
  }

  /** What a phase or the run says beside its boxes. */
  note(line: string): void {
    this.#line(`  ${line}`)
  }

  unticked(phase: PhaseView): void {
    const open = phase.boxes.filter((box) => box.state === 'unticked')
    for (const [reason, boxes] of Map.groupBy(open, (box) => box.reason ?? 'not run')) {
      for (const box of boxes) this.#line(`  [ ] ${box.claim}`)
      this.#line(this.#style('yellow', `      ${clip(reason, 200)}`))
    }
  }

  ended(run: RunView, directory: string): void {
    const boxes = boxesOf(run).map(({ box }) => box)
    const count = (state: string): number => boxes.filter((box) => box.state === state).length
    const colour = run.verdict === 'PASSED' ? 'green' : 'red'
    const mode = run.mode === 'rehearsal' ? ' · REHEARSAL' : ''
    this.#line('')
    this.#line(
      `${this.#style(colour, this.#style('bold', run.verdict))}${mode} · ${count('passed')} of ${boxes.length} boxes ticked, ${count('failed')} failed, ${count('unticked')} open · ${durationText(Date.parse(run.ended_at ?? run.started_at) - Date.parse(run.started_at))}`,
    )
    for (const reason of run.reasons.slice(0, 20))
      for (const line of reason.split('\n').slice(0, 30)) this.#line(`  ${clip(line, 400)}`)
    if (run.reasons.length > 20) this.#line(`  … and ${run.reasons.length - 20} more in the report`)
    const next = nextStep(run)
    if (next !== undefined) this.#line(`  next: ${next}`)
    this.#line(this.#style('dim', `  audit page   ${directory}/audit.html`))
    this.#line(this.#style('dim', `  JUnit        ${directory}/junit.xml`))
    this.#line(
      this.#style('dim', `  journal      ${directory}/journal.jsonl  (npm run report:verify checks it)`),
    )
  }

  #line(text: string): void {
    if (this.#has_progress_line) this.#screen.write('\r\u001b[2K')
    this.#has_progress_line = false
    this.#screen.write(`${redact(text)}\n`)
  }

  #style(format: Parameters<typeof styleText>[0], text: string): string {
    return this.#has_colour ? styleText(format, text, { validateStream: false }) : text
  }
}

/** What to do about a run that did not pass. */
export function nextStep(run: RunView): string | undefined {
  if (run.verdict === 'PASSED') return undefined
  if (
    run.phases.length === 0 ||
    run.phases.some((phase) => phase.cause?.startsWith('blocked by precondition'))
  )
    return 'put the precondition right, then npx vitest run phases'
  const broken = run.phases.find((phase) => phase.state === 'failed' || phase.state === 'incomplete')
  const first = broken ?? run.phases.find((phase) => phase.state === 'blocked')
  if (first === undefined) return 'npx vitest run phases runs all of it'
  return `put ${first.phase} right; npx vitest run phases/${first.phase.slice(0, 2)} tries it alone, npx vitest run phases runs all`
}
