import { basename, dirname, join } from 'node:path'
import { execaSync } from 'execa'
import type { RunFigures, Scalar } from '../helpers/checklist/events.ts'
import { figuresOf, runsIn } from '../helpers/checklist/history.ts'
import { lookOf } from '../helpers/checklist/mode.ts'
import type { RunView } from '../helpers/checklist/view.ts'
import { childEnvironment } from '../helpers/config/children.ts'
import { ROOT_DIRECTORY } from '../helpers/config/config.ts'
import { writeAtomicallySync } from '../helpers/core/atomic-file.ts'
import { timeText } from '../helpers/core/text.ts'
import { pageHtml } from './audit.ts'
import { runsChart } from './charts/runs.ts'
import { escapeHtml, numberText, wideHtml } from './html.ts'
import { writeReports } from './write.ts'

/** The folder of all runs, in the folder of reports. */
const RUNS = 'runs'

/** Writes the reports of a run, and the index of all runs beside it. */
export function writeReportsAndIndex(run_directory: string): void {
  writeReports(run_directory)
  const runs_directory = dirname(run_directory)
  if (basename(runs_directory) === RUNS) writeIndex(runs_directory)
}

/**
 * Writes `index.html`, twice: beside the folders of the runs, and beside `latest`. So the same link leads to
 * it from a page that was opened by either way.
 */
export function writeIndex(runs_directory: string, repository = ROOT_DIRECTORY): void {
  const runs = [...runsIn(runs_directory)]
  const tags = tagsOf(runs, repository)
  writeAtomicallySync(join(runs_directory, 'index.html'), indexOf(runs, tags, ''))
  writeAtomicallySync(join(dirname(runs_directory), 'index.html'), indexOf(runs, tags, `${RUNS}/`))
}

/** The runs as one page, newest first. `folder` leads from the page to the folders of the runs. */
export function indexOf(
  runs: readonly RunView[],
  tags: ReadonlyMap<string, readonly string[]>,
  folder: string,
): string {
  const rows = runs.map((view, at) => rowHtml(view, runs[at + 1], tags.get(view.run_id) ?? [], folder))
  const head = COLUMNS.map(
    ([words, kind]) => `<th scope="col"${kind === '' ? '' : ` class="${kind}"`}>${words}</th>`,
  )
  const table = `<table><thead><tr>${head.join('')}</tr></thead><tbody>${rows.join('\n')}</tbody></table>`
  const [newest] = runs
  const of_mode = runs.filter(({ mode }) => mode === newest?.mode)
  const none = '<p>No run yet: <code>npx vitest run phases</code> makes one.</p>'
  const body =
    newest === undefined
      ? none
      : `${wideHtml('Runs', table)}<h2>Over the runs</h2>${runsChart(of_mode.toReversed().map(figuresOf))}`
  return pageHtml({
    title: 'Runs of the checklist',
    ribbon: '',
    body: `<h1>Runs of the checklist</h1>${body}`,
  })
}

const COLUMNS = [
  ['verdict', ''],
  ['mode', ''],
  ['run', ''],
  ['begun', ''],
  ['took', 'num'],
  ['boxes', 'num'],
  ['daily bars', 'num'],
  ['facts', 'num'],
  ['hard violations', 'num'],
  ['findings', 'num'],
  ['backup', ''],
  ['tag', ''],
] as const

function rowHtml(
  view: RunView,
  before: RunView | undefined,
  tags: readonly string[],
  folder: string,
): string {
  const figures = figuresOf(view)
  const { kind, word } = lookOf(view)
  const color = view.verdict === 'PASSED' ? 'good' : 'bad'
  const run_id = escapeHtml(view.run_id)
  const num = (name: string): string => `<td class="num">${figureHtml(figures, name)}</td>`
  // A page links to the run after it before that run exists: the row of the next run carries both anchors.
  const after = before === undefined ? '' : `<span id="after-${escapeHtml(before.run_id)}"></span>`
  const page = `${folder}${encodeURIComponent(view.run_id)}/audit.html`
  const cells = [
    `<td class="${color}"><b>${view.verdict}</b></td>`,
    `<td><span class="mode ${kind}">${word}</span></td>`,
    `<td class="day">${after}<a class="mono" href="${page}">${run_id}</a></td>`,
    `<td class="day">${timeText(view.started_at)}</td>`,
    num('duration_ms'),
    `<td class="num">${figures['boxes_passed']} of ${figures['boxes_total']}</td>`,
    num('bars'),
    num('facts'),
    num('hard_violations'),
    num('findings'),
    `<td>${backupHtml(figures)}</td>`,
    `<td>${tags.map(escapeHtml).join(', ')}</td>`,
  ]
  return `<tr id="${run_id}">${cells.join('')}</tr>`
}

function figureHtml(figures: RunFigures, name: string): string {
  const value: Scalar | undefined = figures[name]
  return typeof value === 'number' ? escapeHtml(numberText(value, name)) : '<span class="soft">–</span>'
}

function backupHtml({ backup, is_restored_equal }: RunFigures): string {
  if (typeof backup !== 'string') return '<span class="soft">–</span>'
  const proof =
    is_restored_equal === true
      ? '<span class="good">restored, equal</span>'
      : '<span class="warn">not restored</span>'
  return `${escapeHtml(backup)} ${proof}`
}

/** The tags of a repository whose message names a run; none outside of a git checkout. */
function tagsOf(runs: readonly RunView[], repository: string): Map<string, string[]> {
  const { exitCode, stdout } = execaSync(
    'git',
    ['for-each-ref', '--format=%(refname:short)%00%(contents)%01', 'refs/tags'],
    { cwd: repository, env: childEnvironment(), extendEnv: false, reject: false, timeout: 10_000 },
  )
  const tags = new Map<string, string[]>()
  if (exitCode !== 0) return tags
  for (const entry of stdout.split('\u0001')) {
    const [name = '', message = ''] = entry.split('\0')
    for (const { run_id } of runs)
      if (message.includes(run_id)) tags.set(run_id, [...(tags.get(run_id) ?? []), name.trim()])
  }
  return tags
}
