import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { FormatError } from '../core/errors.ts'

/** One phase as the plan requires it: its heading, its file, and its claims in order. */
export interface PlannedPhase {
  /** Name of the phase file without `.test.ts`, such as `05-validation-pass`. */
  readonly phase: string
  /** The heading, such as `Phase 5 · Validation pass`. */
  readonly title: string
  /** The claims, in the order in which they must run. Unique within the phase. */
  readonly boxes: readonly string[]
  /** How many boxes at the end are beyond the original checklist; absent when none is. */
  readonly also_proven_count?: number
}

/** The boxes that a run must tick, known before it starts. */
export interface Plan {
  readonly phases: readonly PlannedPhase[]
  /** SHA-256 of the plan's text, hex. */
  readonly sha256: string
}

/** Heading of the boxes of a phase that are beyond the original checklist; in its file, a `describe`. */
export const ALSO_PROVEN = 'also proven'

/** The name of a phase by the path of its file. */
export const phaseOf = (path: string): string => basename(path.replaceAll('\\', '/'), '.test.ts')

/** @throws FormatError when the file is not a plan, naming the line. */
export function readPlan(file: string): Plan {
  return parsePlan(readFileSync(file, 'utf8'), file)
}

/**
 * Parses a plan: `## heading`, a line that begins with the phase's `file-name` in backticks, `- [ ] claim`
 * lines, and `### also proven` before the claims beyond the original checklist. Other lines are prose.
 */
export function parsePlan(text: string, name = 'the plan'): Plan {
  const phases: { phase: string; title: string; boxes: string[]; also_proven_count?: number }[] = []
  const lines = text.split(/\r?\n/)
  const fault = (index: number, what: string): FormatError =>
    new FormatError(`${name}, line ${index + 1}: ${what}`)
  for (const [index, line] of lines.entries()) {
    const heading = /^## +(.+?) *$/.exec(line)?.[1]
    if (heading !== undefined) phases.push({ phase: '', title: heading, boxes: [] })
    const current = phases.at(-1)
    if (current === undefined) continue
    const file = /^`(\d{2}-[a-z0-9-]+)`/.exec(line)?.[1]
    if (file !== undefined) {
      if (current.phase !== '') throw fault(index, `"${current.title}" names a second file, ${file}`)
      if (phases.some((each) => each.phase >= file))
        throw fault(index, `phase ${file} is not in the order of its number`)
      current.phase = file
    }
    if (line.trimEnd() === `### ${ALSO_PROVEN}`) current.also_proven_count = 0
    if (/^\s*[-*] \[[^ ]\]/.test(line)) throw fault(index, 'a box of the plan must be open: - [ ]')
    const claim = /^- \[ \] +(.+?) *$/.exec(line)?.[1]
    if (claim === undefined) continue
    if (current.phase === '') throw fault(index, `"${current.title}" has boxes before the name of its file`)
    if (current.boxes.includes(claim)) throw fault(index, `the phase has this claim twice: ${claim}`)
    current.boxes.push(claim)
    if (current.also_proven_count !== undefined) current.also_proven_count += 1
  }
  const empty = phases.find((each) => each.phase === '' || each.boxes.length === 0)
  if (empty !== undefined)
    throw new FormatError(`${name}: "${empty.title}" needs a file name and at least one box`)
  if (phases.length === 0) throw new FormatError(`${name} has no phase`)
  return { phases, sha256: createHash('sha256').update(lines.join('\n')).digest('hex') }
}
