/** The checklist on the audit page: one folded part a phase, open where something failed. */
import type { Fault } from '../helpers/checklist/events.ts'
import { ALSO_PROVEN } from '../helpers/checklist/plan.ts'
import { clip, durationText } from '../helpers/checklist/text.ts'
import { type BoxView, countsOf, MARK, type PhaseView, type RunView } from '../helpers/checklist/view.ts'
import { escapeHtml, evidenceHtml, hashHtml } from './html.ts'

/** What the page shows of an error; the journal has all of it. */
const FAULT_CHARACTERS_MAX = 8_000

/** How a box looks: its colour, and its mark in the summary of its phase. */
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

export const checklistHtml = (view: RunView): string =>
  `<p class="soft">Boxes: <span class="good">■</span> ticked, <span class="bad">✗</span> failed, \
<span class="idle">◇</span> not applicable, □ open. Each phase opens.</p>
${view.phases.map(phaseHtml).join('\n')}`

function phaseHtml(phase: PhaseView): string {
  const faults = phase.faults.map((fault) => faultHtml(fault)).join('')
  const cause = phase.cause === null ? '' : `<p class="warn">${shortHtml(phase.cause)}</p>`
  const required = phase.boxes.filter((box) => !box.is_also_proven).map((box) => boxHtml(box, phase.cause))
  const also = phase.boxes.filter((box) => box.is_also_proven).map((box) => boxHtml(box, phase.cause))
  const also_heading =
    also.length === 0 ? '' : `<tr><th colspan="4" scope="rowgroup">${ALSO_PROVEN}</th></tr>`
  // What failed is read first; phases that are blocked by it say no more than its name.
  const is_open = ['failed', 'incomplete', 'running'].includes(phase.state)
  const table =
    `<table class="boxes"><thead><tr>${BOX_HEAD}</tr></thead>` +
    `<tbody>${required.join('')}</tbody><tbody>${also_heading}${also.join('')}</tbody></table>`
  return `<details class="phase" id="${escapeHtml(phase.phase)}"${is_open ? ' open' : ''}>
<summary>${summaryHtml(phase)}</summary>${cause}${faults}
${table}</details>`
}

const BOX_HEAD =
  '<th scope="col" class="mark">box</th><th scope="col">claim and evidence</th>' +
  '<th scope="col" class="num entry">journal line</th><th scope="col" class="num took">took</th>'

/** A phase at a glance: its title, its state, a mark a box, how many are ticked, how long it took. */
function summaryHtml(phase: PhaseView): string {
  const { total, passed } = countsOf(phase.boxes)
  const marks = phase.boxes.map(
    ({ state }) => `<span class="${LOOK[state].color}">${LOOK[state].glance}</span>`,
  )
  const took =
    phase.started_at === null || phase.ended_at === null
      ? ''
      : durationText(Date.parse(phase.ended_at) - Date.parse(phase.started_at))
  return [
    `<b>${escapeHtml(phase.title)}</b>`,
    `<span class="${STATE_CLASS[phase.state]}">${phase.state}</span>`,
    `<span class="glance" aria-hidden="true">${marks.join('')}</span>`,
    `<span class="num">${passed} of ${total}</span>`,
    `<span class="num soft">${took}</span>`,
  ].join('')
}

function boxHtml(box: BoxView, cause: string | null): string {
  const faults = box.faults.map(faultHtml).join('')
  const color = box.state === 'not applicable' ? 'idle' : 'warn'
  const reason =
    box.reason === null || box.reason === cause ? '' : `<p class="${color}">${shortHtml(box.reason)}</p>`
  const has_ended = box.line !== null && box.state !== 'open'
  const line = has_ended ? `${box.line.seq} ${hashHtml(box.line.sha256)}` : ''
  const facts = evidenceHtml(box.evidence)
  const evidence = facts === '' ? '' : `<div class="evidence">${facts}</div>`
  const cells = [
    `<td class="mark ${LOOK[box.state].color}">${MARK[box.state]}</td>`,
    `<td>${escapeHtml(box.claim)}${reason}${faults}${evidence}</td>`,
    `<td class="num soft entry">${line}</td>`,
    `<td class="num soft">${box.state === 'open' ? '' : durationText(box.duration_ms)}</td>`,
  ]
  return `<tr>${cells.join('')}</tr>`
}

const shortHtml = (text: string): string => escapeHtml(clip(text, FAULT_CHARACTERS_MAX))

/** The first line is what a person must fix; the others are below it. */
function faultHtml({ message, at }: Fault): string {
  const place = at === undefined ? '' : `\nat ${clip(at, FAULT_CHARACTERS_MAX)}`
  return `<pre class="bad">${escapeHtml(`${clip(message, FAULT_CHARACTERS_MAX)}${place}`)}</pre>`
}
