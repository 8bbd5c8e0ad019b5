/** What follows the checklist on the audit page: charts, findings, and the evidence by section. */
import type { AuditSection, EvidenceRow } from '../helpers/checklist/events.ts'
import type { RunView } from '../helpers/checklist/view.ts'
import { counted } from '../helpers/core/text.ts'
import { coverageChart, isCoverage } from './charts/coverage.ts'
import { findingsChart, rowsChart } from './charts/rows.ts'
import { runsChart } from './charts/runs.ts'
import { isSessions } from './charts/sessions.ts'
import { timingsChart } from './charts/timings.ts'
import type { PageFacts } from './figures.ts'
import { escapeHtml, evidenceHtml, type Picture, wideHtml } from './html.ts'

const FINDINGS_SHOWN_MAX = 300
const FINDING_CHARACTERS_MAX = 300

/** The charts, each under its heading; one without data is left out. */
export function chartsHtml(view: RunView, facts: PageFacts): string {
  const { first_month, coverage, rows_by_year, findings_by_check } = facts
  const parts = [
    first_month !== undefined && isCoverage(coverage)
      ? `<h3>Coverage by security and month</h3>${coverageChart(first_month, coverage)}`
      : '',
    rows_by_year.length > 0 ? `<h3>Rows by job and year</h3>${rowsChart(rows_by_year)}` : '',
    findings_by_check.length > 0 ? `<h3>Findings by check</h3>${findingsChart(findings_by_check)}` : '',
    `<h3>When each phase ran</h3>${timingsChart(view)}`,
    `<h3>Over the runs</h3>${runsChart([...view.history.toReversed(), facts.now])}`,
  ]
  return parts.join('\n')
}

/** The findings by name, as they are sorted: hard ones first, then new ones. */
export function findingsHtml({ findings, now }: PageFacts): string {
  if (findings.length === 0)
    return typeof now['findings'] === 'number'
      ? '<p>None.</p>'
      : '<p>The checks did not run on the full data.</p>'
  const columns = ['check', 'severity', 'security', 'day', 'evidence', 'new'] as const
  const head = columns.map((column) => `<th scope="col">${column}</th>`).join('')
  const sorted = findings.toSorted((a, b) => rankOf(a) - rankOf(b))
  const rows = sorted.slice(0, FINDINGS_SHOWN_MAX).map((finding) => `<tr>${findingCells(finding)}</tr>`)
  const left = findings.length - rows.length
  const rest = left > 0 ? `<p>${counted(left, 'more finding')} in the journal.</p>` : ''
  const hard = counted(Number(now['hard_violations'] ?? 0), 'violation of hard checks')
  const soft = counted(Number(now['findings'] ?? 0), 'violation of soft checks')
  const about = `<p class="soft">${hard} and ${soft}. Equal evidence is listed once; the view \
<code>ingestion.findings_v</code> has all.</p>`
  const table = `<table><thead><tr>${head}</tr></thead><tbody>${rows.join('')}</tbody></table>`
  return `${about}${wideHtml('Findings by name', table)}${rest}`
}

const rankOf = ({ severity, is_new }: EvidenceRow): number =>
  (severity === 'hard' ? 0 : 2) + (is_new === true ? 0 : 1)

const NOVELTY: Readonly<Record<string, string>> = { true: 'new', false: 'known', null: 'no earlier run' }

function findingCells({ check, severity, security, day, evidence, is_new }: EvidenceRow): string {
  const text = (value: unknown): string => escapeHtml(String(value ?? '').slice(0, FINDING_CHARACTERS_MAX))
  const color = severity === 'hard' ? ' class="bad"' : ''
  return [
    `<td><code>${text(check)}</code></td>`,
    `<td${color}>${text(severity)}</td>`,
    `<td><b>${text(security)}</b></td>`,
    `<td class="day">${text(day)}</td>`,
    `<td>${text(evidence)}</td>`,
    `<td>${NOVELTY[String(is_new)] ?? ''}</td>`,
  ].join('')
}

/** Evidence that the page draws or lists elsewhere, by a name that leaves out the table. */
const isDrawn: Picture = (name, rows) =>
  isCoverage(rows) || isSessions(rows) || name === 'findings_by_name' || name === 'rows_by_job_and_year'
    ? ''
    : undefined

/** The evidence that boxes gave to a section, each box under its claim. */
export function sectionHtml(view: RunView, section: AuditSection): string {
  const given = view.sections.filter((each) => each.section === section)
  if (given.length === 0) return '<p class="soft">No box recorded evidence for this section in this run.</p>'
  return given
    .map(({ phase, claim, evidence }) => {
      const source = `<p class="soft">from ${escapeHtml(phase)}</p>`
      return `<h3>${escapeHtml(claim)}</h3>${source}${evidenceHtml(evidence, true, isDrawn)}`
    })
    .join('')
}
