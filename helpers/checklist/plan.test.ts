import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { beforeAll, describe, expect, test } from 'vitest'
import { ROOT_DIRECTORY } from '../config/config.ts'
import { wrapped } from '../testing/documents/wrapped.ts'
import { ALSO_PROVEN, parsePlan, phaseOf } from './plan.ts'

const GOOD = `# A plan

prose

## Phase 0 · A

\`00-a\` · why

- [ ] one
- [ ] two

## Phase 1 · B
\`01-b\`
- [ ] one
`

describe('a plan', () => {
  test('marks how many boxes at its end are beyond the original checklist', () => {
    const text = GOOD.replace('- [ ] two', '\n### also proven\n\n- [ ] two')
    expect(parsePlan(text).phases).toEqual([
      { phase: '00-a', title: 'Phase 0 · A', boxes: ['one', 'two'], also_proven_count: 1 },
      { phase: '01-b', title: 'Phase 1 · B', boxes: ['one'] },
    ])
  })

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
  let page = ''
  beforeAll(async () => {
    page = await pageOf(await listedBoxes())
  })

  test('is the page that follows from the phase files, word for word and in order', async () => {
    // `npx vitest run --project unit helpers/checklist/plan.test.ts -u` writes the page anew.
    await expect(page).toMatchFileSnapshot(join(ROOT_DIRECTORY, 'phases', 'checklist.md'))
    expect(parsePlan(page).phases).toHaveLength(10)
  })

  test('has claims of at most 90 characters, apart from the text of commands', () => {
    const long = parsePlan(page)
      .phases.flatMap(({ boxes }) => boxes)
      .filter((claim) => claim.replaceAll(/`[^`]*`/g, '').length > CLAIM_CHARACTERS_MAX)
    expect(long).toEqual([])
  })
})

const CLAIM_CHARACTERS_MAX = 90

const INTRODUCTION = `# The checklist

The boxes that \`npx vitest run phases\` must tick. Each box is one test, and its title is the claim below.
The engine reads this page before a run starts: a box that is filtered, skipped, renamed, reordered or
missing makes the run incomplete. Boxes under "${ALSO_PROVEN}" are beyond the original checklist.

A test of the engine writes this page from the phase files, and holds the two equal.
`

interface ListedBox {
  readonly phase: string
  readonly claim: string
  readonly is_also_proven: boolean
}

/** The page of the phase files: their headings and goals, and the titles of their tests. */
async function pageOf(boxes: readonly ListedBox[]): Promise<string> {
  const parts = [INTRODUCTION]
  for (const [phase, listed] of Map.groupBy(boxes, (box) => box.phase)) {
    const text = await readFile(join(ROOT_DIRECTORY, 'phases', `${phase}.test.ts`), 'utf8')
    const { title, goal } = headOf(text)
    const line = ({ claim }: ListedBox): string => `- [ ] ${claim}\n`
    const also = listed.filter(({ is_also_proven }) => is_also_proven)
    const required = listed.filter(({ is_also_proven }) => !is_also_proven)
    const head = wrapped(`\`${phase}\` · ${goal}`)
    parts.push(`## ${title}\n\n${head}\n\n${required.map(line).join('')}`)
    if (also.length > 0) parts.push(`### ${ALSO_PROVEN}\n\n${also.map(line).join('')}`)
  }
  return parts.join('\n')
}

/** Heading and goal in the comment at the top of a phase file. */
function headOf(text: string): { title: string; goal: string } {
  const [, title = '', goal = ''] =
    /^\/\*\*\n \* (Phase .+)\n \*\n \* Goal: ([\s\S]+?)\n \* Again:/.exec(text) ?? []
  const words = goal.replaceAll(/\s*\n \*\s*/g, ' ').trim()
  return { title, goal: words.charAt(0).toUpperCase() + words.slice(1) }
}

/**
 * Titles of all boxes as Vitest collects them: imported, not run, under a project name that no engine
 * watches.
 */
async function listedBoxes(): Promise<ListedBox[]> {
  mkdirSync(join(ROOT_DIRECTORY, '.data'), { recursive: true })
  const directory = mkdtempSync(join(ROOT_DIRECTORY, '.data', 'listing-'))
  try {
    const root = JSON.stringify(ROOT_DIRECTORY)
    const include = `include: ['phases/*.test.ts'], taskTitleValueFormatTruncate: 0`
    const settings = `{ name: 'listing', root: ${root}, ${include} }`
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
      .map(({ name, file }) => ({
        phase: phaseOf(file),
        claim: name.split(' > ').at(-1) ?? name,
        is_also_proven: name.startsWith(`${ALSO_PROVEN} > `),
      }))
      .toSorted((a, b) => a.phase.localeCompare(b.phase))
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
