/**
 * Adds up what the steps of .ci/run counted, and prints the plain closing line. A step that left no count, a
 * test file that no step ran, a box of the plan that was not reported, and a skipped test are failures.
 */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { relative } from 'node:path'

interface Count {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  /** What is missing, in a sentence each. */
  readonly missing: readonly string[]
}

const FOLDER = '.data/ci'
const failedSteps = Number(process.argv[2] ?? '0')
const slashed = (path: string): string => path.replaceAll('\\', '/')
const testFiles = globSync('{ingest,helpers,reports}/**/*.test.ts').map(slashed)
const isOf = (kind: string) => (path: string) => path.endsWith(`.${kind}.test.ts`)

function fromJson(file: string, expected: readonly string[]): Count {
  const report = JSON.parse(readFileSync(file, 'utf8')) as Record<
    'numPassedTests' | 'numFailedTests' | 'numPendingTests' | 'numTodoTests',
    number
  > & {
    readonly testResults: readonly { readonly name: string; readonly assertionResults: readonly unknown[] }[]
  }
  const ran = new Set(
    report.testResults.flatMap(({ name, assertionResults }) =>
      assertionResults.length === 0 ? [] : [slashed(relative(process.cwd(), name))],
    ),
  )
  const missing = expected.filter((path) => !ran.has(path)).map((path) => `${path} ran no test`)
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests,
    skipped: report.numPendingTests + report.numTodoTests,
    missing,
  }
}

function fromJunit(file: string): Count {
  const text = readFileSync(file, 'utf8')
  const [head = ''] = /<testsuites[^>]*>/.exec(text) ?? []
  const number = (name: string): number =>
    Number(new RegExp(`\\b${name}="(\\d+)"`).exec(head)?.[1] ?? Number.NaN)
  const [tests, failures, errors, skipped] = [
    number('tests'),
    number('failures'),
    number('errors'),
    number('skipped'),
  ]
  const planned = readFileSync('phases/checklist.md', 'utf8').match(/^- \[ \] /gm)?.length ?? 0
  // The one of the class "run" speaks of the run as a whole.
  const boxes = text.match(/<testcase classname="\d/g)?.length ?? 0
  const missing =
    boxes === planned && planned > 0 ? [] : [`${boxes} boxes were reported, ${planned} are planned`]
  return { passed: tests - failures - errors - skipped, failed: failures + errors, skipped, missing }
}

const steps: readonly (readonly [report: string, read: (file: string) => Count])[] = [
  ['rehearsal.xml', fromJunit],
  [
    'test.json',
    (file) =>
      fromJson(
        file,
        testFiles.filter((path) => !isOf('reference')(path) && !isOf('acceptance')(path)),
      ),
  ],
  ['reference.json', (file) => fromJson(file, testFiles.filter(isOf('reference')))],
  ['acceptance.json', (file) => fromJson(file, testFiles.filter(isOf('acceptance')))],
]
let [passed, failed, skipped] = [0, 0, 0]
for (const [report, read] of steps) {
  const file = `${FOLDER}/${report}`
  const count = existsSync(file)
    ? read(file)
    : { passed: 0, failed: 0, skipped: 0, missing: [`${file} is not there`] }
  const isCounted = Number.isFinite(count.passed + count.failed + count.skipped)
  const missing = isCounted ? count.missing : [...count.missing, `${file} has no counts`]
  if (isCounted)
    [passed, failed, skipped] = [passed + count.passed, failed + count.failed, skipped + count.skipped]
  failed += missing.length
  process.stdout.write(
    `${report}: ${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped, ${missing.length} missing\n`,
  )
  for (const what of missing) process.stdout.write(`  missing: ${what}\n`)
}
// A step may fail without a failed test: a type error, an unhandled rejection, an empty run.
if (failedSteps > 0 && failed === 0) failed = failedSteps
process.stdout.write(`\n${passed} passed, ${failed} failed, ${skipped} skipped\n`)
process.exitCode = failed === 0 && skipped === 0 && passed > 0 && failedSteps === 0 ? 0 : 1
