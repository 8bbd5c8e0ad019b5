/**
 * The assertions of the phases, as sentences. A matcher of Vitest says which values were compared; these say
 * what was found and what was expected. The first line of a failure is what a person must fix.
 */
import { expect } from 'vitest'
import { StocksError } from '../core/errors.ts'
import { counted } from '../core/text.ts'
import { clip } from './text.ts'

/** A claim does not hold. The message says what was found, and what was expected. */
export class ClaimError extends StocksError {
  readonly transient = false
}

/** Something that should not be there, and why, when several may share one reason. */
export interface Reasoned {
  readonly name: string
  readonly reason: string
}

const LINES_MAX = 20
const NAMES_MAX = 8
const LINE_CHARACTERS_MAX = 400

/** Fails with `sentence` unless `holds`. */
export function expectThat(holds: boolean, sentence: string): void {
  if (!holds) throw new ClaimError(sentence)
  expect(holds).toBe(true) // A box without an assertion fails, and Vitest counts its own only.
}

/** `what` is a noun: "the exit code of createdb". */
export function expectEqual(what: string, found: Value, expected: Value): void {
  expectThat(
    Object.is(found, expected),
    `${what}: found ${valueText(found)}, expected ${valueText(expected)}`,
  )
}

/** `fix` says what to change. */
export function expectAtLeast(what: string, found: number, min: number, fix = ''): void {
  expectThat(
    found >= min,
    `${what}: found ${valueText(found)}, expected at least ${valueText(min)}${after(fix)}`,
  )
}

/** `fix` says what to change. */
export function expectAtMost(what: string, found: number, max: number, fix = ''): void {
  expectThat(
    found <= max,
    `${what}: found ${valueText(found)}, expected at most ${valueText(max)}${after(fix)}`,
  )
}

/**
 * Fails when there is any. `noun` is what one of them is ("violation of a hard check"): the first line is
 * their number and the first of them, the lines below are the others. Equal reasons are one line.
 */
export function expectNone(
  found: readonly (string | Reasoned)[],
  noun: string,
  { count = found.length, fix = '' }: { readonly count?: number; readonly fix?: string } = {},
): void {
  const [first = 'none is listed', ...others] = reasonLines(found)
  const shown = others.slice(0, LINES_MAX).map((line) => `\n  ${line}`)
  const rest = others.length > LINES_MAX ? `\n  … and ${others.length - LINES_MAX} more` : ''
  const sentence = `found ${counted(count, noun)}, expected none: ${first}${after(fix)}`
  expectThat(found.length === 0 && count === 0, `${sentence}${shown.join('')}${rest}`)
}

type Value = string | number | boolean | null | undefined

/** One line for each reason, with the names that share it. */
export function reasonLines(found: readonly (string | Reasoned)[]): string[] {
  const groups = Map.groupBy(found, (each) => (typeof each === 'string' ? each : each.reason))
  return [...groups].map(([reason, group]) => {
    const names = group.flatMap((each) => (typeof each === 'string' ? [] : [each.name]))
    const more = names.length > NAMES_MAX ? ` and ${names.length - NAMES_MAX} more` : ''
    const whose = names.length === 0 ? '' : ` (${names.slice(0, NAMES_MAX).join(', ')}${more})`
    const times = names.length === 0 && group.length > 1 ? ` (${group.length} times)` : ''
    return `${clip(reason.trim().replaceAll(/\s+/g, ' '), LINE_CHARACTERS_MAX)}${whose}${times}`
  })
}

const after = (fix: string): string => (fix === '' ? '' : `. ${fix}`)

function valueText(value: Value): string {
  if (value === undefined) return 'nothing'
  if (typeof value === 'number') return value.toLocaleString('en-US', { maximumFractionDigits: 6 })
  return typeof value === 'string' ? `"${clip(value, LINE_CHARACTERS_MAX)}"` : String(value)
}
