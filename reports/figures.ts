import type { Evidence, EvidenceRow, EvidenceValue, RunFigures } from '../helpers/checklist/events.ts'
import { figuresOf } from '../helpers/checklist/history.ts'
import type { RunView } from '../helpers/checklist/view.ts'
import { thousands } from '../helpers/core/text.ts'

/** What the top of the page needs of a run. */
export interface PageFacts {
  readonly now: RunFigures
  /** The newest earlier run that recorded a data set; else the newest one; undefined when there is none. */
  readonly before: RunFigures | undefined
  readonly findings: readonly EvidenceRow[]
  readonly first_month: string | undefined
  readonly coverage: readonly EvidenceRow[]
  readonly sessions: readonly EvidenceRow[]
  readonly rows_by_year: readonly EvidenceRow[]
  readonly findings_by_check: readonly EvidenceRow[]
  readonly failed: readonly EvidenceRow[]
  readonly without_bars: readonly EvidenceRow[]
  readonly checks_count: number
}

export function factsOf(view: RunView): PageFacts {
  const valueNamed = (name: string): EvidenceValue | undefined => newest(view, name)
  const first_month = valueNamed('first_month')
  return {
    now: figuresOf(view),
    before: view.history.find(({ bars }) => typeof bars === 'number') ?? view.history[0],
    findings: rowsOf(valueNamed('findings_by_name')),
    first_month: typeof first_month === 'string' ? first_month : undefined,
    coverage: rowsOf(valueNamed('coverage_by_security')),
    sessions: rowsOf(valueNamed('bars_by_session')),
    rows_by_year: rowsOf(valueNamed('rows_by_job_and_year')),
    findings_by_check: rowsOf(valueNamed('findings_by_check')),
    failed: rowsOf(valueNamed('failed_symbols')),
    without_bars: rowsOf(valueNamed('securities_without_any_bar')),
    checks_count: rowsOf(valueNamed('checks')).length,
  }
}

/** The value of this name in the last evidence whose value is of rows, where there is one. */
function newest({ sections }: RunView, name: string): EvidenceValue | undefined {
  const given = sections.map(({ evidence }: { evidence: Evidence }) => evidence[name])
  return given.findLast((value) => isRows(value)) ?? given.findLast((value) => value !== undefined)
}

const isRows = (value: EvidenceValue | undefined): value is readonly EvidenceRow[] =>
  Array.isArray(value) && value.every((each) => each !== null && typeof each === 'object')
const rowsOf = (value: EvidenceValue | undefined): readonly EvidenceRow[] => (isRows(value) ? value : [])

/** A name that is in doubt, with the reasons, the gravest first. */
export interface Doubt {
  readonly name: string
  readonly reasons: readonly string[]
}

/** `corporate actions` of `corporate-actions`: the name of a job or of a check in words. */
const wordsOf = (name: EvidenceRow[string] | undefined): string => String(name).replaceAll('-', ' ')

/** A count with separators; what is no number stays as it is. */
const countText = (value: EvidenceRow[string] | undefined): string =>
  typeof value === 'number' ? thousands(value) : String(value)

/** Without any bar > failed > hard finding > finding > missing session. */
const WEIGHTS = { without_bars: 1e9, failed: 1e8, hard: 1e6, soft: 1e3 } as const

/** The securities and filers that are most in doubt, the worst first. */
export function worstOf(facts: PageFacts, count: number): Doubt[] {
  const doubts = new Map<string, { weight: number; reasons: string[] }>()
  const add = (name: string, weight: number, reason: string): void => {
    const doubt = doubts.get(name) ?? { weight: 0, reasons: [] }
    doubt.weight += weight
    doubt.reasons.push(reason)
    doubts.set(name, doubt)
  }
  const tickers = new Map<unknown, string>(
    [...facts.without_bars, ...facts.coverage].map((row) => [row['source_id'], String(row['ticker'])]),
  )
  for (const finding of facts.findings)
    if (finding['security'] !== finding['subject'])
      tickers.set(finding['subject'], String(finding['security']))
  const nameOf = (id: unknown): string => tickers.get(id) ?? String(id)
  for (const row of facts.without_bars)
    add(
      nameOf(row['source_id']),
      WEIGHTS.without_bars,
      `no bar in ${countText(row['sessions_missing'])} sessions`,
    )
  for (const { job, item, ticker, error_class } of facts.failed)
    add(String(ticker ?? nameOf(item)), WEIGHTS.failed, `${wordsOf(job)} failed (${error_class})`)
  const by_check = Map.groupBy(facts.findings, (row) => `${row['security']}\n${row['check']}`)
  for (const rows of by_check.values()) {
    const { security, check, severity } = rows[0] as EvidenceRow
    const times = rows.length === 1 ? '' : ` × ${rows.length}`
    const weight = severity === 'hard' ? WEIGHTS.hard : WEIGHTS.soft
    add(String(security), weight * rows.length, `${wordsOf(check)}${times}`)
  }
  const missing = new Map(facts.without_bars.map((row) => [row['source_id'], true]))
  for (const { source_id, missing: sessions } of facts.coverage)
    if (source_id !== 'all' && typeof sessions === 'number' && sessions > 0 && !missing.has(source_id))
      add(
        nameOf(source_id),
        sessions,
        `${countText(sessions)} ${sessions === 1 ? 'session' : 'sessions'} without a bar`,
      )
  return [...doubts]
    .toSorted(([a, one], [b, other]) => other.weight - one.weight || (a < b ? -1 : 1))
    .slice(0, count)
    .map(([name, { reasons }]) => ({ name, reasons }))
}
