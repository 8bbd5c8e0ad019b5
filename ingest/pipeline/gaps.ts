import type { ItemGap } from '../contract/job.ts'

/**
 * Items that ended alike, for one reason: a file that is refused is the reason of each of its securities, and
 * is told once.
 */
export interface GapGroup {
  /** "failed (truncated) after 2 attempts" */
  readonly ending: string
  readonly reason: string
  readonly items: readonly string[]
}

/** Every item by name, each reason once, in the order in which they come. */
export function gapGroups(gaps: readonly ItemGap[]): GapGroup[] {
  const groups = Map.groupBy(gaps, ({ status, error_class, reason, attempts_count }) =>
    JSON.stringify([status, error_class, reason, attempts_count]),
  )
  return [...groups.values()].flatMap((group) => {
    const [first] = group
    if (first === undefined) return []
    const { status, error_class, reason, attempts_count } = first
    const attempts = attempts_count > 1 ? ` after ${attempts_count} attempts` : ''
    const ending = `${status}${error_class === null ? '' : ` (${error_class})`}${attempts}`
    return [{ ending, reason, items: group.map(({ item }) => item) }]
  })
}

const COLUMNS = 118

/**
 * Lines for a person: one for an item that ended as no other did; else the reason once, how many they are,
 * and their names.
 */
export function gapLines(job: string, gaps: readonly ItemGap[]): string[] {
  return gapGroups(gaps).flatMap(({ ending, reason, items }) =>
    items.length === 1
      ? [`  ${job}  ${items[0]}  ${ending}: ${reason}`]
      : [`  ${job}  ${items.length.toLocaleString('en-US')} items  ${ending}: ${reason}`, ...wrapped(items)],
  )
}

function wrapped(items: readonly string[]): string[] {
  const lines: string[] = []
  let line = ''
  for (const item of items) {
    if (line !== '' && line.length + item.length + 2 > COLUMNS) {
      lines.push(`${line},`)
      line = ''
    }
    line += line === '' ? `      ${item}` : `, ${item}`
  }
  return [...lines, line]
}
