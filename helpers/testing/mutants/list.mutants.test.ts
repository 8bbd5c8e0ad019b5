/**
 * Each mutant is put into a copy of the project; one of its tests must fail. If the test that fails draws its
 * cases at random, it must fail in every one of MUTANTS_RUNS runs, 20 when not given, each with cases of its
 * own. One run says as much about a test whose cases are always the same. Run by `npm run mutants`.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { MUTANTS, type Mutant } from './mutants.ts'
import { copyProject } from './project-copy.ts'
import type { Reply } from './runner.ts'
import { RunnerProcess } from './runner-process.ts'

const RUNS = Number(process.env['MUTANTS_RUNS'] ?? '20')

const copy = copyProject()
const runner = new RunnerProcess(copy.directory)
/** Tests that pass on the code as it is: only these can kill. */
const green = new Set<string>()
afterAll(async () => {
  await runner.stop()
  copy.remove()
})

const sourceOf = (path: string): string => readFileSync(join(copy.directory, path), 'utf8')
const isRandom = (path: string): boolean => /from 'fast-check'|Math\.random/.test(sourceOf(path))

/** The first of the tests that fails with the mutant, all of them or those with this title. */
async function killerOf(mutant: Mutant, tests: readonly string[], title?: string): Promise<Reply> {
  const original = sourceOf(mutant.file)
  const text = original.replace(mutant.find, () => mutant.replace)
  const pattern =
    title === undefined ? undefined : `${title.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)}$`
  return runner
    .replyTo(mutant.file, text, tests, pattern)
    .finally(() => writeFileSync(join(copy.directory, mutant.file), original))
}

test.for(MUTANTS.map((mutant) => [mutant.fault, mutant] as const))('%s', async ([fault, mutant]) => {
  const { killer, reason } = await killerOf(mutant, mutant.tests)
  if (killer === undefined) expect.fail(`survived ${mutant.tests.join(', ')}: ${fault} (${mutant.file})`)
  const [path = '', ...rest] = killer.split(': ')
  expect(mutant.tests, `killed by "${killer}": ${reason}`).toContain(path)
  if (!green.has(path)) {
    const without = await runner.replyTo(mutant.file, sourceOf(mutant.file), [path])
    expect(without, `${path} fails without the mutant`).toEqual({})
    green.add(path)
  }
  const title = rest.join(': ').split(' > ').at(-1)
  let killed = 1
  const wanted = isRandom(path) ? RUNS : 1
  for (let run = 2; run <= wanted; run += 1) {
    // Whatever test of the file fails would do; the one that failed before is the quickest to ask.
    const again = await killerOf(mutant, [path], title === '' ? undefined : title)
    const other = again.killer === undefined ? await killerOf(mutant, mutant.tests) : again
    if (other.killer !== undefined) killed += 1
  }
  process.stdout.write(`killed in ${killed} of ${wanted} runs by "${killer}": ${fault}\n`)
  expect(killed, `runs in which "${fault}" is noticed`).toBe(wanted)
})
