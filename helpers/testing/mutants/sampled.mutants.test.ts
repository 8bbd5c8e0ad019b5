/**
 * A random sample of small changes of the code, each put into a copy of the project. Prints the score: how
 * many of them a test notices. MUTANTS_COUNT says how many, MUTANTS_SEED which ones, MUTANTS_SUBJECT (a
 * pattern of its name) of what. Run by `npm run mutants:sample`.
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { execa } from 'execa'
import { afterAll, expect, test } from 'vitest'
import { copyProject } from './project-copy.ts'
import type { Reply } from './runner.ts'
import { RunnerProcess } from './runner-process.ts'
import { type Mutant, sampleOf } from './sample.ts'
import { survivorOf } from './survivors.ts'

const COUNT = Number(process.env['MUTANTS_COUNT'] ?? '200')
const SEED = process.env['MUTANTS_SEED'] ?? '1'
const SUBJECT = new RegExp(process.env['MUTANTS_SUBJECT'] ?? '')
const SCORE_MIN = 0.9

const copy = copyProject()
const runner = new RunnerProcess(copy.directory)
/** Test files that pass on the code as it is: only these can kill. */
const green = new Set<string>()
afterAll(async () => {
  await runner.stop()
  copy.remove()
})

type Fate = 'killed' | 'survived' | 'equivalent' | 'invalid'
/** PostgreSQL does not accept the statement: no author would have kept it. */
const isInvalid = ({ reason = '' }: Reply, { file }: Mutant): boolean =>
  file.endsWith('.sql') &&
  /(migrations\/|could not run: ).*(does not exist|syntax error|must |cannot |is ambiguous)/s.test(reason)

/** What is run for a mutant, in this order. */
function stagesOf({ file, subject }: Mutant): { tests: readonly string[]; pattern?: string }[] {
  if (subject.is_by_name !== true) return [{ tests: subject.tests }]
  // Of the tests of all checks those whose titles name the check, and those of a market without a fault; then
  // every other test file that names it.
  const name = basename(file, '.sql')
  const others = globSync('ingest/{validation,second-source}/*.test.ts', { cwd: copy.directory })
    .filter((path) => !/\.(reference|property)\.test\.ts$/.test(path))
    .filter((path) => !subject.tests.includes(path))
    .filter((path) => readFileSync(join(copy.directory, path), 'utf8').includes(`'${name}'`))
  return [
    { tests: subject.tests, pattern: `${name}|nothing` },
    { tests: [...others.toSorted(), ...(subject.also ?? [])] },
  ]
}

/** Whether the compiler, which `npm test` runs first, accepts the text. */
async function compiles(file: string, text: string): Promise<boolean> {
  writeFileSync(join(copy.directory, file), text)
  const tsc = join(copy.directory, 'node_modules', 'typescript', 'bin', 'tsc')
  const { exitCode } = await execa(process.execPath, [tsc], { cwd: copy.directory, reject: false })
  return exitCode === 0
}

async function fateOf(mutant: Mutant): Promise<readonly [Fate, string]> {
  const known = survivorOf(mutant)
  if (known?.verdict === 'equivalent') return ['equivalent', known.reason]
  const { file } = mutant
  const original = readFileSync(join(copy.directory, file), 'utf8')
  const text = original.slice(0, mutant.start) + mutant.replace + original.slice(mutant.end)
  const back = (): void => writeFileSync(join(copy.directory, file), original)
  for (const { tests, pattern } of stagesOf(mutant)) {
    const reply = await runner.replyTo(file, text, tests, pattern).finally(back)
    if (reply.killer === undefined) continue
    const [killer = ''] = reply.killer.split(': ')
    const key = `${killer} ${pattern}`
    if (tests.includes(killer) && !green.has(key)) {
      const without = await runner.replyTo(file, original, [killer], pattern)
      expect(without, `${killer} fails without a mutant`).toEqual({})
      green.add(key)
    }
    const fate = isInvalid(reply, mutant) ? 'invalid' : 'killed'
    return [fate, `${reply.killer} ${reply.reason ?? ''}`.trim()]
  }
  if (file.endsWith('.ts') && !(await compiles(file, text).finally(back))) return ['killed', 'tsc']
  return ['survived', known?.reason ?? 'no reason is known']
}

const mutants = sampleOf(copy.directory, SEED, COUNT).filter(({ subject }) => SUBJECT.test(subject.name))

test(`of the mutants of seed ${SEED}, nine of ten are noticed`, { timeout: 36_000_000 }, async () => {
  const counts = { killed: 0, survived: 0, equivalent: 0, invalid: 0 }
  for (const mutant of mutants) {
    const started_at = performance.now()
    const [fate, why] = await fateOf(mutant)
    counts[fate] += 1
    const seconds = ((performance.now() - started_at) / 1_000).toFixed(1)
    const { file, line, operator, from, to } = mutant
    process.stdout.write(
      `${fate} in ${seconds} s: ${file}:${line} ${operator}\n` +
        `  - ${from}\n  + ${to}\n  ${why.slice(0, 200)}\n`,
    )
  }
  const { killed, survived, equivalent, invalid } = counts
  const score = killed / (killed + survived)
  process.stdout.write(
    `score ${(100 * score).toFixed(1)} %: ${killed} killed, ${survived} survived, ` +
      `${equivalent} equivalent, ${invalid} not valid; seed ${SEED}\n`,
  )
  expect(score).toBeGreaterThanOrEqual(SCORE_MIN)
})
