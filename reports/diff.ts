/** What differs between two runs, as text. */
import type { EvidenceRow, RunFigures } from '../helpers/checklist/events.ts'
import { oneLine } from '../helpers/checklist/text.ts'
import { boxesOf, type RunView } from '../helpers/checklist/view.ts'
import { counted, cutList, timeText } from '../helpers/core/text.ts'
import { changesOf } from './changes.ts'
import { factsOf } from './figures.ts'

const LINES_MAX = 30

/** The differences from run `a` to run `b`: figures, tables, findings and boxes. */
export function diffText(a: RunView, b: RunView): string {
  const before = factsOf(a)
  const now = factsOf(b)
  const parts = [
    `from ${titleOf(a)}\nto   ${titleOf(b)}`,
    figuresText(before.now, now.now),
    listText('Tables whose content differs', tablesBetween(a, b)),
    listText('Findings of the second run only', findingsOnly(now.findings, before.findings)),
    listText('Findings of the first run only', findingsOnly(before.findings, now.findings)),
    listText('Boxes that ended otherwise', boxesBetween(a, b)),
  ]
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

const titleOf = ({ run_id, verdict, mode, started_at }: RunView): string =>
  `${run_id}  ${verdict}  ${mode ?? 'mode unknown'}  ${timeText(started_at)}`

function figuresText(before: RunFigures, now: RunFigures): string {
  const rows = changesOf(before, now).map(({ words, from, to, by }) => [words, from, to, by])
  if (rows.length === 0) return 'No figure differs.'
  const table = [['figure', 'first', 'second', 'by'], ...rows]
  const widths = table[0]?.map((_, at) => Math.max(...table.map((row) => row[at]?.length ?? 0))) ?? []
  return table
    .map((row) =>
      row
        .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** A heading and its lines; empty without one. */
function listText(heading: string, lines: readonly string[]): string {
  if (lines.length === 0) return ''
  const left = lines.length - LINES_MAX
  const rest = left > 0 ? [`  … and ${left} more`] : []
  const shown = lines.slice(0, LINES_MAX).map((line) => `  ${line}`)
  return [`${heading} (${lines.length}):`, ...shown, ...rest].join('\n')
}

function tablesOf({ sections }: RunView): Map<string, EvidenceRow> {
  const rows = sections.flatMap(({ evidence }) => (evidence['table_hashes'] ?? []) as readonly EvidenceRow[])
  return new Map(rows.map((row) => [String(row['table']), row]))
}

/** Tables of the final backups; those of schema ingestion record the run itself, and always differ. */
function tablesBetween(a: RunView, b: RunView): string[] {
  const before = tablesOf(a)
  const now = tablesOf(b)
  const names = [...new Set([...before.keys(), ...now.keys()])].filter(
    (name) => !name.startsWith('ingestion.'),
  )
  return names.toSorted().flatMap((name) => {
    const from = before.get(name)
    const to = now.get(name)
    if (from?.['sha256'] === to?.['sha256']) return []
    const rows = (row: EvidenceRow | undefined): string =>
      row === undefined ? 'not recorded' : counted(Number(row['rows']), 'row')
    return [`${name}: ${rows(from)}, now ${rows(to)}`]
  })
}

function findingsOnly(these: readonly EvidenceRow[], others: readonly EvidenceRow[]): string[] {
  const known = new Set(others.map(({ fingerprint }) => fingerprint))
  return these
    .filter(({ fingerprint }) => !known.has(fingerprint ?? null))
    .map(({ severity, check, security, day, evidence }) =>
      [severity, check, security, day ?? 'no day', evidence].join(' · '),
    )
    .map(oneLine)
}

/** Boxes whose state differs, and those that only one of the plans has. */
function boxesBetween(a: RunView, b: RunView): string[] {
  const statesOf = (view: RunView): Map<string, string> =>
    new Map(boxesOf(view).map(({ phase, box }) => [`${phase.phase}: ${box.claim}`, box.state]))
  const before = statesOf(a)
  const now = statesOf(b)
  const names = [...new Set([...before.keys(), ...now.keys()])]
  return names.flatMap((name) => {
    const from = before.get(name) ?? 'not in the plan'
    const to = now.get(name) ?? 'not in the plan'
    return from === to ? [] : [`${name}: ${from}, now ${to}`]
  })
}

/** The run that a person named: its id, the start of it, or `latest`. */
export function runNamed(runs: readonly RunView[], name: string): RunView | string {
  if (runs.length === 0) return 'There is no run yet: npx vitest run phases makes one.'
  const [newest] = runs
  if (name === 'latest' && newest !== undefined) return newest
  const found = runs.filter(({ run_id }) => run_id.startsWith(name))
  const [only] = found
  if (found.length === 1 && only !== undefined) return only
  const listed = cutList((found.length === 0 ? runs : found).map(({ run_id }) => run_id))
  return found.length === 0
    ? `There is no run "${name}". The runs are: ${listed}.`
    : `More than one run begins with "${name}": ${listed}. Give more of the id.`
}
