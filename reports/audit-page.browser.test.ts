/** The audit page in a browser: what a person sees first, on every kind of screen. */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { consoleOf, inPage, type Look, openingTimeOf } from '../helpers/testing/browser.ts'
import { SAMPLE_FIGURES, type SampleRun, writeSampleRun } from '../helpers/testing/sample-run.ts'
import { writeReports } from './write.ts'

const scratch = mkdtempSync(join(tmpdir(), 'audit-page-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const DESKTOP: Look = { width: 1280, height: 800 }
const PHONE: Look = { width: 400, height: 800 }

const earlier = {
  run_id: '20251231T000000Z-000000',
  verdict: 'FAILED',
  started_at: '2025-12-31T00:00:00Z',
  ...SAMPLE_FIGURES,
  bars: 9_799_000,
  facts: 6_100_000,
  findings: 900,
  sessions_missing: 1_500,
  items_failed: 0,
  duration_ms: 100_000,
  content_sha256: 'd'.repeat(64),
}

function pageOf(sample: SampleRun): { file: string; html: string } {
  const directory = mkdtempSync(join(scratch, 'run-'))
  writeSampleRun(directory, { history: [earlier], securities: 8_000, ...sample })
  writeReports(directory)
  const file = join(directory, 'audit.html')
  return { file, html: readFileSync(file, 'utf8') }
}

const passed = pageOf({})
const failed = pageOf({
  verdict: 'FAILED',
  reasons: Array.from({ length: 40 }, (_, at) => `phase ${at}: ${'a reason that is long '.repeat(20)}`),
})
const PAGES = { 'a run that passed': passed, 'a run that failed': failed }

interface Box {
  readonly answer: string
  readonly top: number
  readonly bottom: number
  readonly left: number
  readonly right: number
  readonly text: string
}

const POSITIONS = `return [...document.querySelectorAll('[data-answer]')].map((each) => {
  const { top, bottom, left, right } = each.getBoundingClientRect()
  return { answer: each.dataset.answer, top, bottom, left, right, text: each.innerText }
})`

describe.each(Object.entries(PAGES))('the audit page of %s', (_, { html, file }) => {
  test('shows all six answers on the first screen of 1280 × 800', async () => {
    const boxes = await inPage<Box[]>(html, DESKTOP, POSITIONS)
    const names = boxes.map(({ answer }) => answer)
    expect(names).toEqual(['verdict', 'dataset', 'trust', 'doubt', 'restore', 'changes'])
    for (const { answer, top, bottom, left, right } of boxes) {
      expect([top >= 0, left >= 0, bottom <= 800, right <= 1280], `${answer} ends at ${bottom}`).toEqual([
        true,
        true,
        true,
        true,
      ])
    }
    const text = boxes.map((each) => each.text).join('\n')
    for (const shown of ['8,000', '9,800,000', '6,200,000', '2025-01-03', '5.3 GB', '99.65 %', '+1,000'])
      expect(text).toContain(shown)
    expect(text).toContain('1 min 33 s')
    expect(text).toContain('full_20260101_0001.dump')
  })

  test.each([
    ['1280 px', DESKTOP],
    ['400 px', PHONE],
    ['dark', { ...DESKTOP, is_dark: true }],
  ] as const)('fits its width, and axe finds nothing serious: %s', async (_name, look) => {
    const { overflow, violations, is_dark } = await inPage<{
      overflow: number
      violations: string[]
      is_dark: boolean
    }>(
      html,
      look,
      `${AXE};
      for (const each of document.querySelectorAll('details')) each.open = true
      const { violations } = await axe.run(document, { resultTypes: ['violations'] })
      return {
        overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
        is_dark: matchMedia('(prefers-color-scheme: dark)').matches,
        violations: violations
          .filter(({ impact }) => impact === 'serious' || impact === 'critical')
          .map(({ id, nodes }) => id + ': ' + nodes.slice(0, 3).map(({ html }) => html.slice(0, 200))),
      }`,
    )
    expect(is_dark).toBe('is_dark' in look)
    expect(violations).toEqual([])
    expect(overflow).toBe(0)
  })

  test('breaks none of its own rules in the browser', async () => {
    expect(await consoleOf(file)).toEqual([])
  })

  test('of 8,000 securities is below 3 MB, and opens within a second', async () => {
    expect(statSync(file).size).toBeLessThan(3_000_000)
    const time_ms = await openingTimeOf(html)
    expect(time_ms).toBeGreaterThan(0)
    expect(time_ms).toBeLessThan(1_000)
  })
})

test('phases are folded, and those that failed are open', async () => {
  const OPEN = `return [...document.querySelectorAll('details.phase')].map((each) => each.open)`
  expect(await inPage<boolean[]>(passed.html, DESKTOP, OPEN)).toEqual(Array(10).fill(false))
  expect(await inPage<boolean[]>(failed.html, DESKTOP, OPEN)).toEqual([...Array(9).fill(false), true])
})
