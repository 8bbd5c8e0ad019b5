/** The first screen of the audit page: six answers, each in its own card. */
import type { RunFigures, Scalar } from '../helpers/checklist/events.ts'
import { hasOffSiteCopy, lookOf } from '../helpers/checklist/mode.ts'
import { nextStep } from '../helpers/checklist/terminal.ts'
import { clip, durationText } from '../helpers/checklist/text.ts'
import { boxesOf, countsText, type RunView } from '../helpers/checklist/view.ts'
import { counted, sizeText, thousands, timeText } from '../helpers/core/text.ts'
import { changesOf } from './changes.ts'
import { sessionsChart } from './charts/sessions.ts'
import { type PageFacts, worstOf } from './figures.ts'
import { escapeHtml, hashHtml } from './html.ts'

const REASONS_SHOWN_MAX = 2
const REASON_CHARACTERS_MAX = 150
const REASONS_MAX = 200
const WORST_SHOWN = 5
const CHANGES_SHOWN_MAX = 8

/** Verdict and what blocks, then the five cards. */
export const answersHtml = (view: RunView, facts: PageFacts): string => `${verdictHtml(view)}
<div class="answers">
${cardHtml('dataset', 'What the data set is', datasetHtml(facts.now))}
${cardHtml('trust', 'How complete it is, and how far to trust it', trustHtml(facts))}
${cardHtml('doubt', 'What is missing or doubtful', doubtHtml(facts))}
${cardHtml('restore', 'Whether it can be restored', restoreHtml(view, facts))}
${cardHtml('changes', 'What changed since the run before', changesHtml(facts))}
</div>`

const cardHtml = (answer: string, title: string, body: string): string =>
  `<section class="card ${answer}" data-answer="${answer}"><h2>${title}</h2>\n${body}</section>`

const VERDICT_CLASS: Readonly<Record<string, string>> = { PASSED: 'passed', RUNNING: 'running' }
const VERDICT_COLOR: Readonly<Record<string, string>> = { PASSED: 'good', RUNNING: 'warn' }

function verdictHtml(view: RunView): string {
  const has_passed = view.verdict === 'PASSED'
  const boxes = boxesOf(view).map(({ box }) => box)
  const took =
    view.ended_at === null
      ? ''
      : ` · ${durationText(Date.parse(view.ended_at) - Date.parse(view.started_at))}`
  const next = nextStep(view)
  const blocks = has_passed
    ? '<p>Nothing blocks: every expected box ran once, in order, and passed or had nothing to verify.</p>'
    : reasonsHtml(view.reasons)
  const look = lookOf(view)
  return `<div class="verdict ${VERDICT_CLASS[view.verdict] ?? ''}" id="s1" data-answer="verdict">
<strong class="${VERDICT_COLOR[view.verdict] ?? 'bad'}">${view.verdict}</strong>
<span class="mode ${look.kind}">${look.word}</span>
<span class="soft">${countsText(boxes)}${took}</span>
${blocks}${next === undefined ? '' : `<p><b>Next:</b> ${escapeHtml(next)}</p>`}
</div>`
}

function reasonsHtml(reasons: readonly string[]): string {
  const items = reasons
    .slice(0, REASONS_MAX)
    .map((reason) => `<li>${escapeHtml(clip(reason, REASON_CHARACTERS_MAX))}</li>`)
  const shown = `<ul class="reasons">${items.slice(0, REASONS_SHOWN_MAX).join('')}</ul>`
  const rest = items.slice(REASONS_SHOWN_MAX)
  if (rest.length === 0) return shown
  const summary = `<summary>${counted(reasons.length - REASONS_SHOWN_MAX, 'more reason')}</summary>`
  return `${shown}<details>${summary}<ul class="reasons">${rest.join('')}</ul></details>`
}

/** A list of words and values; a row without a value is left out. */
function listHtml(
  rows: readonly (readonly [words: string, value: string | undefined])[],
  is_narrow = false,
): string {
  const items = rows.flatMap(([words, value]) =>
    value === undefined ? [] : [`<div><dt>${words}</dt><dd>${value}</dd></div>`],
  )
  return `<dl class="answer${is_narrow ? ' pairs' : ''}">${items.join('')}</dl>`
}

/** `422,722`; undefined for what is no number. */
const countOf = (value: Scalar | undefined): string | undefined =>
  typeof value === 'number' ? thousands(value) : undefined
const textOf = (value: Scalar | undefined): string | undefined =>
  typeof value === 'string' ? escapeHtml(clip(value, 120)) : undefined

function datasetHtml(now: RunFigures): string {
  if (typeof now['bars'] !== 'number')
    return '<p class="warn">No data set: the run ended before it was counted, in phase 7.</p>'
  const { securities_with_bars, first_bar_on, newest_bar_on, filers, database_bytes } = now
  const years = (Date.parse(String(newest_bar_on)) - Date.parse(String(first_bar_on))) / (365.25 * 86_400_000)
  const span = Number.isFinite(years) ? `${years.toFixed(1)} years` : undefined
  const of = (value: Scalar | undefined, noun: string): string =>
    typeof value === 'number' ? ` <small>${noun.replace('#', thousands(value))}</small>` : ''
  return listHtml([
    ['securities', `${countOf(now['securities'])}${of(securities_with_bars ?? null, '# with bars')}`],
    ['daily bars', countOf(now['bars'])],
    ['first to newest session', `${textOf(first_bar_on)} to <b>${textOf(newest_bar_on)}</b>`],
    ['span', `${span}${of(now['sessions'] ?? null, '# sessions')}`],
    ['reported facts', `${countOf(now['facts'])}${of(filers ?? null, 'of # filers')}`],
    ['derived quarters', countOf(now['quarters'])],
    ['corporate actions', countOf(now['corporate_actions'])],
    ['size', typeof database_bytes === 'number' ? sizeText(database_bytes) : undefined],
  ])
}

function trustHtml({ now, sessions, findings, checks_count }: PageFacts): string {
  const { coverage_ratio, sessions_missing, hard_violations, findings: findings_count } = now
  const coverage =
    typeof coverage_ratio === 'number'
      ? `<b>${Number((coverage_ratio * 100).toFixed(2))} %</b> of listed sessions have a bar, ` +
        `${countOf(sessions_missing)} are missing.`
      : 'Coverage was not measured in this run.'
  const checks =
    typeof hard_violations === 'number'
      ? `${counted(checks_count, 'check')}: <b class="${hard_violations === 0 ? 'good' : 'bad'}">` +
        `${counted(hard_violations, 'hard violation')}</b>, ${counted(Number(findings_count), 'finding')}.`
      : 'The checks did not run on the full data.'
  const days = findings.flatMap(({ day }) => (typeof day === 'string' ? [day] : []))
  const picture = sessions.length === 0 ? '' : sessionsChart(sessions, days)
  return `<p>${coverage} ${checks}</p>${picture}`
}

function doubtHtml(facts: PageFacts): string {
  const { now, findings } = facts
  const new_count = findings.filter(({ is_new }) => is_new === true).length
  // Without a run before, no finding is known to be new.
  const isCompared = findings.some(({ is_new }) => typeof is_new === 'boolean')
  const novelty = isCompared ? ` <small>${new_count} new</small>` : ''
  const soft = countOf(now['findings'])
  const lines = listHtml(
    [
      ['failed items', countOf(now['items_failed'])],
      ['without data', countOf(now['items_not_found'])],
      ['withdrawn rows', countOf(now['rows_withdrawn'])],
      ['rejected records', countOf(now['records_rejected'])],
      ['hard violations', countOf(now['hard_violations'])],
      ['findings', soft === undefined ? undefined : `${soft}${novelty}`],
    ],
    true,
  )
  const worst = worstOf(facts, WORST_SHOWN).map(
    ({ name, reasons }) =>
      `<li><b>${escapeHtml(clip(name, 24))}</b> ${escapeHtml(clip(reasons.join(', '), 60))}</li>`,
  )
  if (typeof now['bars'] !== 'number' && worst.length === 0)
    return '<p class="warn">Not known: the run ended before the data was counted.</p>'
  const list = worst.length === 0 ? '<p>No security is in doubt.</p>' : `<ol>${worst.join('')}</ol>`
  return `${lines}<h3>The worst ${worst.length > 0 ? worst.length : ''} by name</h3>${list}`
}

/** A store and a path; the folder of the store is the beginning of the path, and is not repeated. */
const remoteOf = (value: Scalar | undefined): string | undefined =>
  typeof value === 'string' ? textOf(value.replace(/ (\/\S+) (\1\/\S+)$/, ' $2')) : undefined

function restoreHtml(view: RunView, { now }: PageFacts): string {
  const proven = now['is_restored_equal'] === true ? now : undefined
  const shown = proven ?? view.history.find(({ is_restored_equal }) => is_restored_equal === true)
  if (shown === undefined)
    return '<p class="bad">No proof: no backup was restored and compared, in this run or an earlier one.</p>'
  const made_at = shown['backup_made_at']
  const took = shown['time_to_recover_ms']
  const off_site = hasOffSiteCopy(view.identity)
    ? ''
    : '<p class="warn">No off-site copy: the second copy is on this machine.</p>'
  const answer =
    proven === undefined
      ? '<p class="warn">Not proven in this run. The newest proven backup is of an earlier one:</p>'
      : '<p><b class="good">Yes.</b> In this run the backup was restored, and equals the database.</p>'
  return `${answer}${off_site}${listHtml([
    ['run', proven === undefined ? textOf(shown['run_id']) : undefined],
    ['newest proven backup', textOf(shown['backup'])],
    ['made', typeof made_at === 'string' ? timeText(made_at) : undefined],
    ['size', typeof shown['backup_bytes'] === 'number' ? sizeText(shown['backup_bytes']) : undefined],
    ['second copy', remoteOf(shown['backup_remote'])],
    ['time to recover', typeof took === 'number' ? durationText(took) : undefined],
    ['SHA-256', typeof shown['backup_sha256'] === 'string' ? hashHtml(shown['backup_sha256']) : undefined],
  ])}`
}

function changesHtml({ now, before }: PageFacts): string {
  if (before === undefined) return '<p>There is no earlier run of this mode to compare with.</p>'
  const changes = changesOf(before, now)
  const rows = changes
    .slice(0, CHANGES_SHOWN_MAX)
    .map(
      ({ words, from, to, by }) =>
        `<tr><th scope="row">${escapeHtml(words)}</th><td class="num">${escapeHtml(from)}</td>` +
        `<td class="num">${escapeHtml(to)}</td><td class="num">${escapeHtml(by)}</td></tr>`,
    )
  const equal =
    typeof now['content_sha256'] === 'string' && now['content_sha256'] === before['content_sha256']
      ? '<p>The content is the same, by hash.</p>'
      : ''
  const head = '<th scope="col">figure</th><th scope="col" class="num">before</th>'
  const heads = `${head}<th scope="col" class="num">now</th><th scope="col" class="num">by</th>`
  const table =
    rows.length === 0
      ? '<p>No figure differs.</p>'
      : `<table><thead><tr>${heads}</tr></thead><tbody>${rows.join('')}</tbody></table>`
  const run_id = escapeHtml(String(before['run_id']))
  const about = `<p class="soft">Compared with ${run_id}, ${escapeHtml(String(before['verdict']))}.</p>`
  return `${equal}${table}${about}`
}
