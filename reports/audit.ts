import type { AuditSection, Fault } from '../helpers/checklist/events.ts'
import { ALSO_PROVEN } from '../helpers/checklist/plan.ts'
import { durationText } from '../helpers/checklist/text.ts'
import {
  type BoxView,
  boxesOf,
  countsOf,
  isRehearsal,
  MARK,
  type PhaseView,
  type RunView,
} from '../helpers/checklist/view.ts'
import { POLICY, STYLE } from './audit-style.ts'
import { ganttOf } from './gantt.ts'
import { heatmapOf, isHeatmap } from './heatmap.ts'
import { escapeHtml, evidenceHtml, factsHtml, type Picture } from './html.ts'
import { isSessions, sessionsOf } from './sessions.ts'

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
  const links = numbered.map(({ id, heading }) => `<a href="#${id}">${escapeHtml(heading)}</a>`)
  const parts = numbered.map(
    ({ id, heading, body }) => `<section><h2 id="${id}">${escapeHtml(heading)}</h2>\n${body}</section>`,
  )
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
${isRehearsal(view) ? RIBBON : ''}
<main>
<h1>Checklist run <span class="mono">${escapeHtml(view.run_id)}</span></h1>
<p class="soft">${escapeHtml(subtitle(view))}</p>
${verdictHtml(view)}
<nav>${links.join('')}</nav>
${parts.join('\n')}
</main>
</body>
</html>
`
}

const RIBBON = '<div class="ribbon">REHEARSAL · simulated data, not fit for research</div>'

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
  const { total, passed, failed, not_applicable, open } = countsOf(boxesOf(view).map(({ box }) => box))
  const phases_ticked = view.phases.filter((phase) => phase.state === 'ticked').length
  const has_passed = view.verdict === 'PASSED'
  const duration =
    view.ended_at === null ? '…' : durationText(Date.parse(view.ended_at) - Date.parse(view.started_at))
  const figures: readonly (readonly [value: string, name: string])[] = [
    [`${passed} / ${total}`, 'boxes ticked'],
    [String(failed), 'failed'],
    [String(not_applicable), 'not applicable'],
    [String(open), 'open'],
    [`${phases_ticked} / ${view.phases.length}`, 'phases ticked'],
    [duration, 'from start to end'],
  ]
  const tiles = figures
    .map(([value, name]) => `<div><b>${escapeHtml(value)}</b><span class="soft">${name}</span></div>`)
    .join('')
  const reasons = view.reasons.map((reason) => `<li>${escapeHtml(reason)}</li>`).join('')
  const rehearsal = isRehearsal(view) ? ' · REHEARSAL' : ''
  const meaning = has_passed
    ? 'Every expected box ran once, in order, in this run, and passed or had nothing to verify.'
    : 'What keeps this run from PASSED:'
  return `<div class="verdict ${has_passed ? 'passed' : ''}" id="s1">
<strong class="${has_passed ? 'good' : 'bad'}">${view.verdict}${rehearsal}</strong>
<p>${meaning}</p>${reasons === '' ? '' : `<ul class="reasons">${reasons}</ul>`}
<div class="figures">${tiles}</div>
</div>`
}

const pictureOf: Picture = (_name, rows, { first_month }) => {
  if (typeof first_month === 'string' && isHeatmap(rows)) return heatmapOf(first_month, rows)
  return isSessions(rows) ? sessionsOf(rows) : undefined
}

/** The whole checklist at a glance: a row a phase, a mark a box, in order. */
function overviewHtml(view: RunView): string {
  const rows = view.phases.map((phase) => {
    const { total, passed } = countsOf(phase.boxes)
    const marks = phase.boxes
      .map(({ state, claim }) => {
        const look = LOOK[state]
        return `<span class="${look.color}" title="${escapeHtml(claim)}">${look.glance}</span>`
      })
      .join('')
    const took =
      phase.started_at === null || phase.ended_at === null
        ? ''
        : durationText(Date.parse(phase.ended_at) - Date.parse(phase.started_at))
    const cells = [
      `<td><a href="#${phase.phase}">${escapeHtml(phase.title)}</a></td>`,
      `<td class="${STATE_CLASS[phase.state]}">${phase.state}</td>`,
      `<td class="glance">${marks}</td>`,
      `<td class="num">${passed} of ${total}</td>`,
      `<td class="num soft">${took}</td>`,
    ]
    return `<tr>${cells.join('')}</tr>`
  })
  const key = 'boxes: ■ ticked, ✗ failed, ◇ not applicable, □ open'
  const numbers = '<th class="num">ticked</th><th class="num">took</th>'
  const head = `<th>phase</th><th>state</th><th>${key}</th>${numbers}`
  return `<div class="wide"><table class="overview"><tr>${head}</tr>${rows.join('')}</table></div>`
}

/** How a box looks: its colour, and its mark in the overview. */
const LOOK = {
  passed: { color: 'good', glance: '■' },
  failed: { color: 'bad', glance: '✗' },
  'not applicable': { color: 'idle', glance: '◇' },
  open: { color: 'soft', glance: '□' },
} as const

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
  const required = phase.boxes.filter((box) => !box.is_also_proven).map((box) => boxHtml(box, phase.cause))
  const also = phase.boxes.filter((box) => box.is_also_proven).map((box) => boxHtml(box, phase.cause))
  const also_heading =
    also.length === 0 ? '' : `<tr><td></td><th colspan="3" scope="rowgroup">${ALSO_PROVEN}</th></tr>`
  const state = `<span class="${STATE_CLASS[phase.state]}">${phase.state}</span>`
  const id = escapeHtml(phase.phase)
  return `<h3 id="${id}">${escapeHtml(phase.title)} · ${state}</h3>${cause}${faults}
<table class="boxes"><tr>${BOX_HEAD}</tr>${required.join('')}${also_heading}${also.join('')}</table>`
}

const BOX_HEAD =
  '<th class="mark"></th><th>claim and evidence</th>' +
  '<th class="num entry">journal line</th><th class="num took">took</th>'

function boxHtml(box: BoxView, cause: string | null): string {
  const faults = box.faults.map(faultHtml).join('')
  const color = box.state === 'not applicable' ? 'idle' : 'warn'
  const reason =
    box.reason === null || box.reason === cause ? '' : `<p class="${color}">${escapeHtml(box.reason)}</p>`
  const has_ended = box.line !== null && box.state !== 'open'
  const hash = box.line?.sha256 ?? ''
  const line = has_ended ? `${box.line.seq} <code title="${hash}">${hash.slice(0, 8)}</code>` : ''
  const cells = [
    `<td class="mark ${LOOK[box.state].color}">${MARK[box.state]}</td>`,
    `<td>${escapeHtml(box.claim)}${reason}${faults}${evidenceHtml(box.evidence)}</td>`,
    `<td class="num soft entry">${line}</td>`,
    `<td class="num soft">${box.state === 'open' ? '' : durationText(box.duration_ms)}</td>`,
  ]
  return `<tr>${cells.join('')}</tr>`
}

/** The first line is what a person must fix; the others are below it. */
function faultHtml({ message, at }: Fault): string {
  const place = at === undefined ? '' : `\nat ${at}`
  return `<pre class="bad">${escapeHtml(`${message}${place}`)}</pre>`
}

function sectionHtml(view: RunView, section: AuditSection): string {
  const given = view.sections.filter((each) => each.section === section)
  if (given.length === 0) return '<p class="soft">No box recorded evidence for this section in this run.</p>'
  return given
    .map(({ phase, claim, evidence }) => {
      const source = `<p class="soft">from ${escapeHtml(phase)}</p>`
      return `<h3>${escapeHtml(claim)}</h3>${source}${evidenceHtml(evidence, true, pictureOf)}`
    })
    .join('')
}

function overridesHtml(view: RunView): string {
  const given = view.sections.some((each) => each.section === 'overrides')
  return given ? sectionHtml(view, 'overrides') : '<p>None: no box recorded a waiver or an override.</p>'
}

function verifyHtml(view: RunView): string {
  const folder = `reports/runs/${escapeHtml(view.run_id)}`
  return `<p>From the root of a checkout, with the folder of this run in place:</p>
<pre># the journal's chain, the manifest, and whether every page follows from the journal
npm run report:verify -- ${folder}

# what ran, where, by whom, and which boxes were expected
head -n 1 ${folder}/journal.jsonl

# the same boxes again, from a clean state
npx vitest run phases</pre>
<p class="soft">Each line of the journal contains the SHA-256 of the line before it. A changed, removed or
added line breaks the chain at that line; the hash of the last line is below and in
<code>manifest.json</code>. The chain proves that the lines are complete and in order; to prove its age,
keep the hash of the manifest elsewhere.</p>`
}

const sealHtml = (head: string): string =>
  `<p>SHA-256 of the journal's last line when this page was written:</p><pre>${head}</pre>
<p class="soft"><code>manifest.json</code> contains the SHA-256 of this page, of <code>junit.xml</code> and of
<code>checklist.md</code>.</p>`

const utc = (at: string): string => `${at.slice(0, 19).replace('T', ' ')} UTC`
