/** The list of all runs, and what differs between two. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseHTML } from 'linkedom'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { figuresOf, historyOf, runsIn } from '../helpers/checklist/history.ts'
import type { RunView } from '../helpers/checklist/view.ts'
import { writeSampleRun } from '../helpers/testing/sample-run.ts'
import { diffText, runNamed } from './diff.ts'
import { indexOf, writeReportsAndIndex } from './runs-index.ts'

const directory = mkdtempSync(join(tmpdir(), 'runs-index-'))
const runs_directory = join(directory, 'runs')
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const FIRST = '20260101T000000Z-000001'
const SECOND = '20260102T000000Z-000002'
const LIVE = '20260103T000000Z-000003'

beforeAll(() => {
  for (const sample of [
    { run_id: FIRST, verdict: 'FAILED' as const, reasons: ['a box failed'] },
    { run_id: SECOND },
    { run_id: LIVE, mode: 'live', dropbox: 'dropbox' },
  ]) {
    const run_directory = join(runs_directory, sample.run_id)
    mkdirSync(run_directory, { recursive: true })
    writeSampleRun(run_directory, sample)
    writeReportsAndIndex(run_directory)
  }
})

const runs = (): RunView[] => [...runsIn(runs_directory)]

test('the index lists the runs, newest first, with verdict, mode, figures, backup and tag', () => {
  const html = indexOf(runs(), new Map([[LIVE, ['v1.0.0']]]), 'runs/')
  const rows = [...parseHTML(html).document.querySelectorAll('tbody tr')].map((row) =>
    [...row.children].map(({ textContent }) => (textContent ?? '').replace(/\s+/g, ' ').trim()).join(' | '),
  )
  expect(rows).toHaveLength(3)
  expect(rows[0]).toMatch(new RegExp(`^PASSED \\| LIVE \\| ${LIVE} `))
  for (const shown of ['120 of 120', '9,800,000', '6,200,000', 'restored, equal', 'v1.0.0'])
    expect(rows[0]).toContain(shown)
  expect(rows[1]).toMatch(new RegExp(`^PASSED \\| REHEARSAL \\| ${SECOND} `))
  expect(rows[2]).toMatch(new RegExp(`^FAILED \\| REHEARSAL \\| ${FIRST} `))
})

test('both indexes lead to the pages, and each page leads to the runs before and after it', () => {
  for (const index of [join(directory, 'index.html'), join(runs_directory, 'index.html')]) {
    const html = readFileSync(index, 'utf8')
    const links = [...html.matchAll(/href="([^"]+)"/g)].map(([, link = '']) => link)
    expect(links).toHaveLength(3)
    for (const link of links) expect(existsSync(join(dirname(index), link)), link).toBe(true)
    for (const id of [FIRST, SECOND, LIVE, `after-${FIRST}`, `after-${SECOND}`])
      expect(html).toContain(`id="${id}"`)
  }
  const page = readFileSync(join(runs_directory, SECOND, 'audit.html'), 'utf8')
  expect(page).toContain(`href="../index.html#after-${SECOND}"`)
})

test('a run is compared with earlier runs of its own mode, newest first', () => {
  const [live, second, first] = runs()
  expect(historyOf(runs_directory, { run_id: SECOND, mode: 'rehearsal' })).toEqual([
    figuresOf(first as RunView),
  ])
  expect(historyOf(runs_directory, { run_id: LIVE, mode: 'live' })).toEqual([])
  expect(historyOf(runs_directory, { run_id: '9', mode: 'rehearsal' }).map(({ run_id }) => run_id)).toEqual([
    second?.run_id,
    first?.run_id,
  ])
  expect(live?.mode).toBe('live')
})

test('diff prints the figures, findings and boxes that differ, and nothing of what is equal', () => {
  const [live, second, first] = runs() as [RunView, RunView, RunView]
  const text = diffText(first, second)
  expect(text).toMatch(/verdict +FAILED +PASSED/)
  expect(text).toMatch(/boxes ticked +119 +120 +\+1/)
  expect(text).toContain('09-definition-of-done: claim 11 of phase 9 holds: failed, now passed')
  expect(text).not.toContain('daily bars')
  expect(text).not.toContain('Findings of')
  expect(diffText(second, live)).toMatch(/mode +rehearsal +live/)
  expect(diffText(second, second)).toContain('No figure differs.')
})

test('a run is named by its id, its start, or latest; an unknown or ambiguous name lists the runs', () => {
  expect(runNamed(runs(), 'latest')).toMatchObject({ run_id: LIVE })
  expect(runNamed(runs(), '20260102')).toMatchObject({ run_id: SECOND })
  expect(runNamed(runs(), '2027')).toBe(`There is no run "2027". The runs are: ${LIVE}, ${SECOND}, ${FIRST}.`)
  expect(runNamed(runs(), '2026')).toContain('More than one run begins with "2026"')
  expect(runNamed([], 'latest')).toContain('There is no run yet')
})
