import { lookOf } from '../helpers/checklist/mode.ts'
import type { RunView } from '../helpers/checklist/view.ts'
import { timeText } from '../helpers/core/text.ts'
import { answersHtml } from './answers.ts'
import { POLICY, STYLE } from './audit-style.ts'
import { checklistHtml } from './boxes.ts'
import { chartsHtml, findingsHtml, sectionHtml } from './details.ts'
import { factsOf } from './figures.ts'
import { escapeHtml, factsHtml } from './html.ts'

/**
 * The run as one static page, the answers first: no script, nothing loaded from anywhere. `head` is the hash
 * of the journal's last line.
 */
export function auditOf(view: RunView, head: string): string {
  const facts = factsOf(view)
  const identity = {
    run_id: view.run_id,
    ...view.identity,
    scope_sha256: view.scope,
    plan_sha256: view.plan_sha256,
  }
  const parts: readonly Part[] = [
    { id: 'checklist', title: 'Checklist', body: checklistHtml(view) },
    { id: 'findings', title: 'Findings by name', body: findingsHtml(facts), is_folded: true },
    { id: 'charts', title: 'Charts', body: chartsHtml(view, facts), is_folded: true },
    { id: 'data', title: 'Data completeness', body: sectionHtml(view, 'data'), is_folded: true },
    { id: 'validation', title: 'Validation', body: sectionHtml(view, 'validation'), is_folded: true },
    { id: 'idempotence', title: 'Idempotence', body: sectionHtml(view, 'idempotence'), is_folded: true },
    { id: 'backups', title: 'Backups', body: sectionHtml(view, 'backups'), is_folded: true },
    { id: 'overrides', title: 'Waivers and overrides', body: overridesHtml(view), is_folded: true },
    { id: 'identity', title: 'Identity of the run', body: factsHtml(identity), is_folded: true },
    { id: 'verify', title: 'How to verify', body: verifyHtml(view, head), is_folded: true },
  ]
  const links = parts.map(({ id, title }) => `<a href="#${id}">${title}</a>`)
  return pageHtml({
    title: `${view.verdict} · checklist run ${view.run_id}`,
    ribbon: ribbonHtml(view),
    body: `${headerHtml(view)}
${answersHtml(view, facts)}
<nav aria-label="Parts of this page">${links.join(' ')}</nav>
${parts.map(partHtml).join('\n')}`,
  })
}

interface Part {
  readonly id: string
  readonly title: string
  readonly body: string
  readonly is_folded?: boolean
}

function partHtml({ id, title, body, is_folded }: Part): string {
  const heading = `<h2>${title}</h2>`
  const content =
    is_folded === true
      ? `<details class="part"><summary>${heading}</summary>\n${body}</details>`
      : `${heading}\n${body}`
  return `<section id="${id}">${content}</section>`
}

/** A whole page: everything in it, and nothing else may be loaded. `body` and `ribbon` are HTML. */
export const pageHtml = ({ title, ribbon, body }: { title: string; ribbon: string; body: string }): string =>
  `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<div role="banner">${ribbon}</div>
<main>
${body}
</main>
</body>
</html>
`

/** What the data is worth, across the page. */
function ribbonHtml(view: RunView): string {
  const { kind, word, meaning } = lookOf(view)
  return `<p class="ribbon ${kind}"><b>${word}</b> · ${meaning}</p>`
}

/** The index of the runs is beside the folders of the runs and beside `latest`: one link serves both. */
function headerHtml(view: RunView): string {
  const database = view.identity['database']
  const name = typeof database === 'string' ? ` of <span class="mono">${escapeHtml(database)}</span>` : ''
  const times = [
    `begun ${timeText(view.started_at)}`,
    view.ended_at === null ? 'not ended' : `ended ${timeText(view.ended_at)}`,
  ]
  const before = view.history[0]?.['run_id']
  const links = [
    typeof before === 'string' ? `<a href="../index.html#${escapeHtml(before)}">run before</a>` : '',
    `<a href="../index.html#after-${escapeHtml(view.run_id)}">run after</a>`,
    '<a href="../index.html">all runs</a>',
  ].filter((link) => link !== '')
  const run = `Run <span class="mono">${escapeHtml(view.run_id)}</span>`
  return `<header><h1>Checklist${name}</h1>
<p class="soft">${[run, ...times, ...links].join(' · ')}</p>
</header>`
}

function overridesHtml(view: RunView): string {
  const given = view.sections.some((each) => each.section === 'overrides')
  return given ? sectionHtml(view, 'overrides') : '<p>None: no box recorded a waiver or an override.</p>'
}

function verifyHtml(view: RunView, head: string): string {
  const folder = `reports/runs/${escapeHtml(view.run_id)}`
  return `<p>From the root of a checkout, with the folder of this run in place:</p>
<pre># the journal's chain, the manifest, and whether every page follows from the journal
npm run report:verify -- ${folder}

# what ran, where, by whom, and which boxes were expected
head -n 1 ${folder}/journal.jsonl

# what differs from another run
npm run report -- diff ${escapeHtml(view.run_id)} &lt;other run&gt;

# the same boxes again, from a clean state
npx vitest run phases</pre>
<p>SHA-256 of the journal's last line when this page was written:</p><pre>${head}</pre>
<p class="soft">Each line of the journal contains the SHA-256 of the line before it. A changed, removed or
added line breaks the chain at that line. <code>manifest.json</code> contains the hash of the last line, and
the SHA-256 of this page, of <code>junit.xml</code> and of <code>checklist.md</code>. The chain proves that
the lines are complete and in order; to prove its age, keep the hash of the manifest elsewhere.</p>`
}
