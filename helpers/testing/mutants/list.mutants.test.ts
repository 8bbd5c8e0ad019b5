/** Each mutant is put into a copy of the project; one of its tests must fail. Run by `npm run mutants`. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, expect, test } from 'vitest'
import { ownEnvironment } from '../../config/children.ts'
import { MUTANTS } from './mutants.ts'
import { copyProject } from './project-copy.ts'

const { directory: copy, remove } = copyProject()
/** Tests that pass on the code as it is: only these can kill. */
const green = new Set<string>()
afterAll(remove)

/** The first failed test of a file; undefined when all pass. Throws when none ran. */
async function firstFailed(path: string): Promise<string | undefined> {
  const report = join(copy, 'mutant.json')
  rmSync(report, { force: true })
  const vitest = join(copy, 'node_modules', 'vitest', 'vitest.mjs')
  const args = ['run', path, '--bail=1', '--reporter=json', `--outputFile=${report}`]
  await execa(process.execPath, [vitest, ...args], {
    cwd: copy,
    env: ownEnvironment({}),
    extendEnv: false,
    reject: false,
  })
  const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as {
    testResults: { assertionResults: { status: string; fullName: string }[]; status: string }[]
  }
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults)
  // If the set-up of a file fails (the mutant broke a migration), none of its tests ran.
  if (!tests.some(({ status }) => status === 'passed' || status === 'failed')) {
    if (testResults.some(({ status }) => status === 'failed')) return 'the set-up of the file'
    throw new TypeError(`${path} ran no test`)
  }
  return tests.find(({ status }) => status === 'failed')?.fullName
}

test.for(MUTANTS.map((mutant) => [mutant.fault, mutant] as const))('%s', async ([, mutant]) => {
  const file = join(copy, mutant.file)
  const original = readFileSync(file, 'utf8')
  for (const path of mutant.tests) {
    if (!green.has(path)) {
      expect(await firstFailed(path), `${path} fails without the mutant`).toBeUndefined()
      green.add(path)
    }
    writeFileSync(
      file,
      original.replace(mutant.find, () => mutant.replace),
    )
    const killer = await firstFailed(path).finally(() => writeFileSync(file, original))
    if (killer === undefined) continue
    process.stdout.write(`killed by "${killer}": ${mutant.fault}\n`)
    return
  }
  expect.fail(`survived ${mutant.tests.join(', ')}: ${mutant.fault} (${mutant.file})`)
})
