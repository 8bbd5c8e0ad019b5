import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { describe, expect, test } from 'vitest'
import { ROOT_DIRECTORY } from '../config/config.ts'
import { parsePlan, phaseOf, readPlan } from './plan.ts'

const GOOD =
  '# A plan\n\nprose\n\n## Phase 0 · A\n\n`00-a` · why\n\n- [ ] one\n- [ ] two\n\n## Phase 1 · B\n`01-b`\n- [ ] one\n'

describe('a plan', () => {
  test('gives its phases, files and claims in order', () => {
    expect(parsePlan(GOOD).phases).toEqual([
      { phase: '00-a', title: 'Phase 0 · A', boxes: ['one', 'two'] },
      { phase: '01-b', title: 'Phase 1 · B', boxes: ['one'] },
    ])
    expect(parsePlan(GOOD.replaceAll('\n', '\r\n'))).toEqual(parsePlan(GOOD))
  })

  test.for([
    ['a ticked box', GOOD.replace('- [ ] two', '- [x] two'), 'line 10: a box of the plan must be open'],
    ['a claim twice', GOOD.replace('two', 'one'), 'line 10: the phase has this claim twice'],
    ['phases out of order', GOOD.replace('`00-a`', '`02-a`'), 'line 13: phase 01-b is not in the order'],
    ['boxes before a file name', GOOD.replace('`01-b`', ''), 'has boxes before the name of its file'],
    [
      'a phase without boxes',
      `${GOOD}\n## Phase 2 · C\n\`02-c\`\n`,
      'needs a file name and at least one box',
    ],
    ['nothing', '', 'has no phase'],
  ] as const)('with %s is refused, and the line is named', ([, text, message]) => {
    expect(() => parsePlan(text)).toThrow(message)
  })
})

describe('the plan of this project', () => {
  test('has a phase for each file, and a box for each test, word for word and in order', async () => {
    const plan = readPlan(join(ROOT_DIRECTORY, 'phases', 'checklist.md'))
    const expected = plan.phases.flatMap(({ phase, boxes }) => boxes.map((claim) => `${phase}: ${claim}`))
    expect(await listedBoxes()).toEqual(expected)
  })
})

/**
 * Titles of all boxes as Vitest collects them: imported, not run, under a project name that no engine
 * watches.
 */
async function listedBoxes(): Promise<string[]> {
  mkdirSync(join(ROOT_DIRECTORY, '.data'), { recursive: true })
  const directory = mkdtempSync(join(ROOT_DIRECTORY, '.data', 'listing-'))
  try {
    const root = JSON.stringify(ROOT_DIRECTORY)
    const settings = `{ name: 'listing', root: ${root}, include: ['phases/*.test.ts'], taskTitleValueFormatTruncate: 0 }`
    writeFileSync(
      join(directory, 'vitest.config.ts'),
      `export default { test: { projects: [{ test: ${settings} }] } }\n`,
    )
    const list = join(directory, 'list.json')
    const args = [
      'list',
      '--config',
      join(directory, 'vitest.config.ts'),
      '--no-static-parse',
      `--json=${list}`,
    ]
    const { all } = await execa(
      process.execPath,
      [join(ROOT_DIRECTORY, 'node_modules/vitest/vitest.mjs'), ...args],
      {
        cwd: ROOT_DIRECTORY,
        env: { VITEST: '', VITEST_POOL_ID: '', VITEST_WORKER_ID: '' },
        all: true,
      },
    )
    const boxes = JSON.parse(readFileSync(list, 'utf8')) as { name: string; file: string }[]
    expect(boxes.length, all).toBeGreaterThan(0)
    return boxes
      .map(({ name, file }) => ({ phase: phaseOf(file), claim: name.split(' > ').at(-1) ?? name }))
      .toSorted((a, b) => (a.phase < b.phase ? -1 : a.phase > b.phase ? 1 : 0))
      .map(({ phase, claim }) => `${phase}: ${claim}`)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
