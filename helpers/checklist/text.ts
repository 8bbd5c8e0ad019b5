import type { Evidence, Scalar } from './events.ts'

const EVIDENCE_CHARACTERS_MAX = 240
const SCALAR_CHARACTERS_MAX = 90
const LINE_CHARACTERS_MAX = 1_000
/** Of a longer table only the size is shown: its first rows are not representative. */
const TABLE_ROWS_SHOWN_MAX = 20
const SEPARATOR = ' · '

/**
 * Evidence in one short line: scalars as they are, lists by their size and their first `entries_max` entries.
 */
export function evidenceText(
  evidence: Evidence,
  characters_max = EVIDENCE_CHARACTERS_MAX,
  entries_max = 3,
): string {
  const parts = Object.entries(evidence).map(
    ([name, value]) =>
      `${name} = ${Array.isArray(value) ? listText(value, entries_max) : scalarText(value as Scalar)}`,
  )
  return clip(parts.join(SEPARATOR), characters_max)
}

const scalarText = (value: Scalar): string =>
  clip(String(value).replaceAll(/\s+/g, ' '), SCALAR_CHARACTERS_MAX)

function listText(list: readonly unknown[], entries_max: number): string {
  if (list.length === 0) return 'none'
  if (list.length > TABLE_ROWS_SHOWN_MAX && typeof list[0] === 'object') return `${list.length} rows`
  const entries = list.slice(0, entries_max).map((entry) =>
    clip(
      entry !== null && typeof entry === 'object'
        ? Object.values(entry)
            .filter((each) => each !== null)
            .join(' ')
        : String(entry),
      120,
    ),
  )
  return `${list.length} (${entries.join(', ')}${list.length > entries_max ? ', …' : ''})`
}

/** Lines of at most `width` characters, broken between facts where that is possible. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = []
  for (const fact of text.split(SEPARATOR)) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + SEPARATOR.length + fact.length <= width)
      lines[lines.length - 1] = `${last}${SEPARATOR}${fact}`
    else lines.push(fact)
  }
  return lines
}

export const clip = (text: string, characters_max: number): string =>
  text.length <= characters_max ? text : `${text.slice(0, characters_max - 1)}…`

/** A reason or a fault on one line of the terminal. */
export const oneLine = (text: string): string => clip(text.replaceAll(/\s+/g, ' '), LINE_CHARACTERS_MAX)

/** `850 ms`, `12.3 s`, `4 min 05 s`, `2 h 07 min`. */
export function durationText(measured_ms: number): string {
  const duration_ms = Math.max(0, measured_ms) // Below zero when the clock was set back in between.
  if (duration_ms < 1000) return `${Math.round(duration_ms)} ms`
  if (duration_ms < 60_000) return `${(duration_ms / 1000).toFixed(1)} s`
  const seconds = Math.round(duration_ms / 1000)
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`
  return `${Math.floor(seconds / 3600)} h ${String(Math.floor((seconds % 3600) / 60)).padStart(2, '0')} min`
}
