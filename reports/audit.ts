import type { AuditSection } from '../helpers/checklist/events.ts'
import { durationText } from '../helpers/checklist/text.ts'
import {
  type BoxView,
  boxesOf,
  isRehearsal,
  type PhaseView,
  type RunView,
} from '../helpers/checklist/view.ts'
import { POLICY, STYLE } from './audit-style.ts'
import { ganttOf } from './gantt.ts'
import { heatmapOf, isHeatmap } from './heatmap.ts'
import { escapeHtml, evidenceHtml, factsHtml, type Picture } from './html.ts'
import { isSessions, sessionsOf } from './sessions.ts'
import { MARK } from './ticked.ts'

/**
 * The run as one static page: no script, nothing loaded from anywhere. `head` is the hash of the journal's
 * last line.
 */
export function auditOf(view: RunView, head: string): string {
  const title = `${view.verdict} · checklist run ${view.run_id}`
  const sections: readonly (readonly [title: string, body: string])[] = [
    [
      'Identity',
      factsHtml({
        run_id: view.run_id,
        ...view.identity,
        scope_sha256: view.scope,
        plan_sha256: view.plan_sha256,
      }),
    ],
    ['Checklist', `${overviewHtml(view)}${view.phases.map(phaseHtml).join('')}`],
    ['Data completeness', sectionHtml(view, 'data')],
    ['Validation', sectionHtml(view, 'validation')],
    ['Idempotence', sectionHtml(view, 'idempotence')],
    ['Backups', sectionHtml(view, 'backups')],
    ['Timing', ganttOf(view)],
    ['Overrides', overridesHtml(view)],
    ['How to verify', verifyHtml(view)],
    ['Seal', sealHtml(head)],
  ]
  const numbered = sections.map(([name, body], index) => ({
    id: `s${index + 2}`,
    heading: `${index + 2} · ${name}`,
    body,
  }))
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
${isRehearsal(view) ? '<div class="ribbon">REHEARSAL · simulated data, not fit for research</div>' : ''}
<main>
<h1>Checklist run <span class="mono">${escapeHtml(view.run_id)}</span></h1>
<p class="soft">${escapeHtml(subtitle(view))}</p>
${verdictHtml(view)}
<nav>${numbered.map(({ id, heading }) => `<a href="#${id}">${escapeHtml(heading)}</a>`).join('')}</nav>
${numbered.map(({ id, heading, body }) => `<section><h2 id="${id}">${escapeHtml(heading)}</h2>\n${body}</section>`).join('\n')}
</main>
</body>
</html>
`
}

function subtitle(view: RunView): string {
  const database = view.identity['database']
  const parts = [
    typeof database === 'string' ? `database ${database}` : '',
    `begun ${utc(view.started_at)}`,
    view.ended_at === null ? 'not ended' : `ended ${utc(view.ended_at)}`,
  ]
  return parts.filter((part) => part !== '').join(' · ')
}

function verdictHtml(view: RunView): string {
  const boxes = boxesOf(view).map(({ box }) => box)
  const count = (state: BoxView['state']): number => boxes.filter((box) => box.state === state).length
  const has_passed = view.verdict === 'PASSED'
  const duration =
    view.ended_at === null ? '…' : durationText(Date.parse(view.ended_at) - Date.parse(view.started_at))
  const figures = [
    [`${count('passed')} / ${boxes.length}`, 'boxes ticked'],
    [String(count('failed')), 'failed'],
    [String(count('unticked')), 'open'],
    [
      `${view.phases.filter((phase) => phase.state === 'ticked').length} / ${view.phases.length}`,
      'phases ticked',
    ],
    [duration, 'from start to end'],
  ]
  const reasons = view.reasons.map((reason) => `<li>${escapeHtml(reason)}</li>`).join('')
  const meaning = has_passed
    ? 'Every expected box ran and passed, once, in order, in this run.'
    : 'What stands between this run and PASSED:'
  return `<div class="verdict ${has_passed ? 'passed' : ''}" id="s1">
<strong class="${has_passed ? 'good' : 'bad'}">${view.verdict}${isRehearsal(view) ? ' · REHEARSAL' : ''}</strong>
<p>${meaning}</p>${reasons === '' ? '' : `<ul class="reasons">${reasons}</ul>`}
<div class="figures">${figures.map(([value, name]) => `<div><b>${escapeHtml(value ?? '')}</b><span class="soft">${name}</span></div>`).join('')}</div>
</div>`
}

const pictureOf: Picture = (_name, rows, { first_month }) => {
  if (typeof first_month === 'string' && isHeatmap(rows)) return heatmapOf(first_month, rows)
  return isSessions(rows) ? sessionsOf(rows) : undefined
}

/** The whole checklist at a glance: a row a phase, a mark a box, in order. */
function overviewHtml(view: RunView): string {
  const rows = view.phases.map((phase) => {
    const passed = phase.boxes.filter((box) => box.state === 'passed').length
    const marks = phase.boxes
      .map(
        (box) =>
          `<span class="${MARK_CLASS[box.state]}" title="${escapeHtml(box.claim)}">${GLANCE[box.state]}</span>`,
      )
      .join('')
    const took =
      phase.started_at === null || phase.ended_at === null
        ? ''
        : durationText(Date.parse(phase.ended_at) - Date.parse(phase.started_at))
    return `<tr><td><a href="#${phase.phase}">${escapeHtml(phase.title)}</a></td><td class="${STATE_CLASS[phase.state]}">${phase.state}</td><td class="glance">${marks}</td><td class="num">${passed} of ${phase.boxes.length}</td><td class="num soft">${took}</td></tr>`
  })
  return `<div class="wide"><table class="overview"><tr><th>phase</th><th>state</th><th>boxes: ■ ticked, ✗ failed, □ open</th><th class="num">ticked</th><th class="num">took</th></tr>${rows.join('')}</table></div>`
}

const GLANCE = { passed: '■', failed: '✗', unticked: '□' } as const
const STATE_CLASS = {
  ticked: 'good',
  failed: 'bad',
  blocked: 'warn',
  incomplete: 'warn',
  running: 'warn',
  'not run': 'warn',
} as const

function phaseHtml(phase: PhaseView): string {
  const faults = phase.faults.map((fault) => `<pre class="bad">${escapeHtml(fault.message)}</pre>`).join('')
  const cause = phase.cause === null ? '' : `<p class="warn">${escapeHtml(phase.cause)}</p>`
  const rows = phase.boxes.map((box) => boxHtml(box, phase.cause)).join('')
  return `<h3 id="${escapeHtml(phase.phase)}">${escapeHtml(phase.title)} · <span class="${STATE_CLASS[phase.state]}">${phase.state}</span></h3>${cause}${faults}
<table class="boxes"><tr><th class="mark"></th><th>claim and evidence</th><th class="num entry">journal line</th><th class="num took">took</th></tr>${rows}</table>`
}

const MARK_CLASS = { passed: 'good', failed: 'bad', unticked: 'soft' } as const

function boxHtml(box: BoxView, cause: string | null): string {
  const faults = box.faults
    .map(
      (fault) =>
        `<pre class="bad">${escapeHtml(`${fault.message}${fault.at === undefined ? '' : `\nat ${fault.at}`}`)}</pre>`,
    )
    .join('')
  const reason =
    box.reason === null || box.reason === cause ? '' : `<p class="warn">${escapeHtml(box.reason)}</p>`
  const line =
    box.line === null || box.state === 'unticked'
      ? ''
      : `${box.line.seq} <code title="${box.line.sha256}">${box.line.sha256.slice(0, 8)}</code>`
  const took = box.state === 'unticked' ? '' : durationText(box.duration_ms)
  return `<tr><td class="mark ${MARK_CLASS[box.state]}">${MARK[box.state]}</td><td>${escapeHtml(box.claim)}${reason}${faults}${evidenceHtml(box.evidence)}</td><td class="num soft entry">${line}</td><td class="num soft">${took}</td></tr>`
}

function sectionHtml(view: RunView, section: AuditSection): string {
  const given = view.sections.filter((each) => each.section === section)
  if (given.length === 0) return '<p class="soft">No box gave evidence to this section in this run.</p>'
  return given
    .map(
      ({ phase, claim, evidence }) =>
        `<h3>${escapeHtml(claim)}</h3><p class="soft">from ${escapeHtml(phase)}</p>${evidenceHtml(evidence, true, pictureOf)}`,
    )
    .join('')
}

function overridesHtml(view: RunView): string {
  const given = view.sections.some((each) => each.section === 'overrides')
  return given ? sectionHtml(view, 'overrides') : '<p>None: no box recorded a waiver or an override.</p>'
}

function verifyHtml(view: RunView): string {
  const folder = `reports/runs/${escapeHtml(view.run_id)}`
  return `<p>From the root of a checkout, with the folder of this run in place:</p>
<pre># the journal's chain, the manifest, and that every page follows from the journal
npm run report:verify -- ${folder}

# what ran, where, by whom, and which boxes were expected
head -n 1 ${folder}/journal.jsonl

# the same boxes again, from a clean state
npx vitest run phases</pre>
<p class="soft">Each line of the journal names the SHA-256 of the line before it. A changed, removed or added line breaks the chain at that line;
the hash of the last line is sealed below and in <code>manifest.json</code>. A chain proves order and wholeness; keep the manifest's hash elsewhere to prove its age.</p>`
}

const sealHtml = (head: string): string =>
  `<p>SHA-256 of the journal's last line when this page was written:</p><pre>${head}</pre><p class="soft"><code>manifest.json</code> holds the SHA-256 of this page, of <code>junit.xml</code> and of <code>checklist.md</code>.</p>`

const utc = (at: string): string => `${at.slice(0, 19).replace('T', ' ')} UTC`
