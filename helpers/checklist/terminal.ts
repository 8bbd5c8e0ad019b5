import { styleText } from 'node:util'
import { redact } from '../core/redact.ts'
import { plainText } from '../core/text.ts'
import type { Fault } from './events.ts'
import { lookOf } from './mode.ts'
import { ALSO_PROVEN } from './plan.ts'
import { clip, durationText, evidenceText, wrapped } from './text.ts'
import { boxKey, TimeLeft } from './time-left.ts'
import { type BoxView, boxesOf, countsText, MARK, type PhaseView, type RunView } from './view.ts'

const COLOUR = { passed: 'green', failed: 'red', 'not applicable': 'cyan', open: 'yellow' } as const

/** The modes look different at a glance; see `lookOf`. */
const MODE_COLOUR = { rehearsal: 'yellow', local: 'blue', live: 'green', unknown: 'red' } as const

/** A terminal shows the time left anew this often. */
const TICK_MS = 1_000
/** A file or a pipe gets a line of progress after this time without any line. */
const QUIET_MS = 60_000
const FAULT_LINES_MAX = 30
const FAULT_CHARACTERS_MAX = 8_000
const REASON_CHARACTERS_MAX = 200
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
 * end. In a file or a pipe it is quiet: boxes, failures and the end, without evidence; of a long box one line
 * a minute, so that whoever waits for output (a CI service) sees that it goes on.
 */
export class Terminal {
  readonly #screen: Screen
  readonly #is_interactive: boolean
  readonly #has_colour: boolean
  readonly #pace = new Pace()
  #has_progress_line = false
  #is_also_proven = false
  #time_left: TimeLeft | undefined
  /** The claim of the box that runs, and the line of its progress. */
  #claim = ''
  #progress = ''
  #ticking: NodeJS.Timeout | undefined
  readonly #now: () => number
  #lastLine_ms: number

  constructor(screen: Screen = process.stdout, now: () => number = () => performance.now()) {
    this.#screen = screen
    this.#now = now
    this.#lastLine_ms = now()
    this.#is_interactive = screen.isTTY === true
    this.#has_colour = this.#is_interactive && screen.hasColors?.() === true
  }

  /** `durations_ms` is how long boxes took in earlier runs, by `boxKey`. */
  started(run: RunView, durations_ms: ReadonlyMap<string, number> = new Map()): void {
    const boxes = boxesOf(run).map(({ phase, box }) => boxKey(phase.phase, box.claim))
    this.#time_left = new TimeLeft(boxes, durations_ms)
    const { kind, word, meaning } = lookOf(run)
    const title = `Checklist · ${boxes.length} boxes in ${run.phases.length} phases`
    this.#line(`${this.#style('bold', title)} · ${this.#style(MODE_COLOUR[kind], word)}`)
    this.#line(this.#style('dim', meaning))
    this.#line(this.#style('dim', `run ${plainText(run.run_id)}`))
  }

  phase(title: string): void {
    this.#is_also_proven = false
    this.#line('')
    this.#line(this.#style('bold', plainText(title)))
  }

  /** A box that begins: on a terminal a line shows its claim and the time left, until it ends. */
  boxStarted(phase: string, claim: string): void {
    if (!this.#is_interactive) return
    this.#stopTicking()
    this.#claim = plainText(redact(claim))
    this.#time_left?.started(boxKey(phase, claim), this.#now())
    this.#showProgress()
    this.#ticking = setInterval(() => this.#showProgress(), TICK_MS).unref()
  }

  boxEnded(phase: string, box: BoxView): void {
    this.#stopTicking()
    this.#time_left?.ended(boxKey(phase, box.claim))
    // An open one is shown when the phase ends, with the others that have its reason.
    if (box.state !== 'open') this.box(box)
  }

  /** A box that ended: its mark, its claim, its evidence, and why it failed or does not apply. */
  box({ claim, state, is_also_proven, reason, duration_ms, evidence, faults }: BoxView): void {
    if (is_also_proven && !this.#is_also_proven) this.#line(this.#style('dim', `  ${ALSO_PROVEN}`))
    this.#is_also_proven = is_also_proven
    const took = duration_ms >= 1000 ? this.#style('dim', `  ${durationText(duration_ms)}`) : ''
    this.#line(`  ${this.#style(COLOUR[state], MARK[state])} ${plainText(claim)}${took}`)
    if (reason !== null) this.#line(`${' '.repeat(INDENT)}${this.#style(COLOUR[state], plainText(reason))}`)
    const proof = this.#is_interactive ? plainText(evidenceText(evidence)) : ''
    for (const line of proof === '' ? [] : wrapped(proof, this.#width()))
      this.#line(this.#style('dim', `${' '.repeat(INDENT)}${line}`))
    for (const fault of faults) this.fault(fault)
  }

  fault(fault: Fault): void {
    for (const line of clip(fault.message, FAULT_CHARACTERS_MAX).split('\n').slice(0, FAULT_LINES_MAX))
      for (const part of this.#fitted(line)) this.#line(`${' '.repeat(INDENT)}${this.#style('red', part)}`)
    if (fault.at !== undefined) this.#line(this.#style('dim', `      at ${plainText(fault.at)}`))
  }

  /** The progress of the box that runs: a rewritten line on a terminal, at most one a minute elsewhere. */
  progress(line: string): void {
    this.#progress = redact(plainText(line)).replaceAll(/\s+/g, ' ')
    if (this.#is_interactive) {
      this.#showProgress()
      return
    }
    const now_ms = this.#now()
    const pace = this.#pace.of(this.#progress, now_ms)
    if (now_ms - this.#lastLine_ms < QUIET_MS) return
    this.#line(`${' '.repeat(INDENT)}… ${this.#progress}${pace}`)
  }

  #showProgress(): void {
    const now_ms = this.#now()
    const text = this.#progress === '' ? this.#claim : this.#progress
    const pace = this.#pace.of(text, now_ms)
    const left = pace === '' ? (this.#time_left?.text(now_ms) ?? '') : pace
    // What is left is at the end of the line: a narrow screen cuts the text before it.
    const width = this.#width() - 2
    const line = clip(`${clip(text, Math.max(20, width - left.length))}${left}`, width)
    this.#screen.write(`\r\u001b[2K${' '.repeat(INDENT)}… ${line}`)
    this.#has_progress_line = true
  }

  #stopTicking(): void {
    clearInterval(this.#ticking)
    this.#claim = ''
    this.#progress = ''
  }

  /** A line of a phase or of the run, beside the boxes. */
  note(line: string): void {
    this.#line(`  ${plainText(line)}`)
  }

  open(phase: PhaseView): void {
    const open = phase.boxes.filter((box) => box.state === 'open')
    for (const [reason, boxes] of Map.groupBy(open, (box) => box.reason ?? 'not run')) {
      for (const box of boxes) this.#line(`  [ ] ${plainText(box.claim)}`)
      for (const part of this.#fitted(clip(reason, REASON_CHARACTERS_MAX)))
        this.#line(`${' '.repeat(INDENT)}${this.#style('yellow', part)}`)
    }
  }

  /** The end of a run whose evidence cannot be written. */
  broken(why: string): void {
    this.#stopTicking()
    this.#line('')
    const verdict = this.#style('red', this.#style('bold', 'FAILED'))
    this.#line(`${verdict} · the run stopped, since nothing after this is proven`)
    for (const part of this.#fitted(why)) this.#line(`  ${part}`)
  }

  ended(run: RunView, folder: string): void {
    const directory = plainText(folder)
    this.#stopTicking()
    const boxes = boxesOf(run).map(({ box }) => box)
    const took_ms = Date.parse(run.ended_at ?? run.started_at) - Date.parse(run.started_at)
    const colour = run.verdict === 'PASSED' ? 'green' : 'red'
    const { kind, word } = lookOf(run)
    this.#line('')
    const verdict = this.#style(colour, this.#style('bold', run.verdict))
    const mode = this.#style(MODE_COLOUR[kind], word)
    this.#line(`${verdict} · ${mode} · ${countsText(boxes)} · ${durationText(took_ms)}`)
    for (const reason of run.reasons.slice(0, 20))
      for (const line of reason.split('\n').slice(0, FAULT_LINES_MAX))
        for (const part of this.#fitted(clip(line, 400))) this.#line(`  ${part}`)
    if (run.reasons.length > 20) this.#line(`  … and ${run.reasons.length - 20} more in the report`)
    const next = nextStep(run)
    if (next !== undefined) this.#line(`  next: ${next}`)
    this.#line(this.#style('dim', `  audit page   ${directory}/audit.html`))
    this.#line(this.#style('dim', `  JUnit        ${directory}/junit.xml`))
    this.#line(
      this.#style('dim', `  journal      ${directory}/journal.jsonl  (npm run report:verify checks it)`),
    )
  }

  /** Columns for text; in a file or a pipe a line is as long as it is. */
  #width(): number {
    if (!this.#is_interactive) return Number.POSITIVE_INFINITY
    // A terminal without a size (a recorder, a container) reports 0 columns.
    return (this.#screen.columns || 100) - INDENT
  }

  /** A line without control sequences, as lines that fit the screen, cut between words. */
  #fitted(line: string): string[] {
    return wordsWithin(plainText(line), this.#width())
  }

  #line(text: string): void {
    if (this.#has_progress_line) this.#screen.write('\r\u001b[2K')
    this.#has_progress_line = false
    this.#lastLine_ms = this.#now()
    this.#screen.write(`${redact(text)}\n`)
  }

  #style(format: Parameters<typeof styleText>[0], text: string): string {
    return this.#has_colour ? styleText(format, text, { validateStream: false }) : text
  }
}

/** A text as lines of at most `width` characters, cut between words; a longer word keeps its line. */
function wordsWithin(text: string, width: number): string[] {
  if (text.length <= width) return [text]
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}

/** The next step after a run; undefined after a rehearsal that passed. */
export function nextStep(run: RunView): string | undefined {
  if (run.verdict === 'PASSED') return GATE[run.mode ?? '']
  if (run.verdict === 'INTERRUPTED') return 'npx vitest run phases runs the complete checklist again'
  if (
    run.phases.length === 0 ||
    run.phases.some((phase) => phase.cause?.startsWith('blocked by precondition'))
  )
    return 'fix the precondition, then npx vitest run phases'
  const broken = run.phases.find((phase) => phase.state === 'failed' || phase.state === 'incomplete')
  const first = broken ?? run.phases.find((phase) => phase.state === 'blocked')
  if (first === undefined) return 'npx vitest run phases runs the complete checklist'
  const number = first.phase.slice(0, 2)
  return (
    `fix ${first.phase}; npx vitest run phases/${number} runs it alone, ` +
    'npx vitest run phases runs the complete checklist'
  )
}

/** What says whether a run that passed may be tagged, by mode. */
const GATE: Readonly<Record<string, string>> = {
  live: 'npm run gate says whether this run may be tagged',
  'flat-files': 'npm run gate -- --flat-files says whether this run may be tagged',
}

/** A rate measured over less time than this is not shown. */
const SETTLED_MS = 2_000

/**
 * The rate of a count and the time left, from lines such as `200 of 500 items`. A line with another beginning
 * or total, or a lower count, is another piece of work.
 */
export class Pace {
  #work = ''
  #began_ms = 0
  #began_count = 0
  #count = 0

  /** What to append to `line`; empty when there is no rate yet. */
  of(line: string, now_ms: number): string {
    const [, beginning = '', done = '', total = '', unit = ''] =
      /^(.*?)([\d,]+) of ([\d,]+) ([a-z]+)/.exec(line) ?? []
    if (total === '') return ''
    const count = numberOf(done)
    const count_max = numberOf(total)
    const work = `${beginning.split(' · ')[0]} ${total} ${unit}`
    if (work !== this.#work || count < this.#count) {
      this.#work = work
      this.#began_ms = now_ms
      this.#began_count = count
    }
    this.#count = count
    const took_ms = now_ms - this.#began_ms
    const rate = (count - this.#began_count) / took_ms
    if (took_ms < SETTLED_MS || rate <= 0 || count >= count_max) return ''
    return ` · ${rateText(rate * 1000)} ${unit}/s · about ${durationText((count_max - count) / rate)} left`
  }
}

const rateText = (rate: number): string =>
  rate >= 10 ? Math.round(rate).toLocaleString('en-US') : rate.toPrecision(2)
const numberOf = (text: string): number => Number(text.replaceAll(',', ''))
