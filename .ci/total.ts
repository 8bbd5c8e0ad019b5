/**
 * Adds up what the steps of .ci/run counted, and prints the plain closing line. A step that left no count, a
 * test file that no step ran, a box of the plan that was not reported, and a skipped test are failures. A
 * test file that is left out, for want of reference data or of a browser, is listed and counted as skipped.
 *
 * node .ci/total.ts <failed steps> [--without-reference-data] [--without-browser]
 */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { relative } from 'node:path'

interface Count {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  /** What is missing, in a sentence each. */
  readonly missing: readonly string[]
  /** The failed tests: file, title, and the first line of the reason. */
  readonly failures: readonly string[]
}
/** What is read here of a JSON report of Vitest. */
interface VitestReport {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numTodoTests: number
  readonly testResults: readonly {
    readonly name: string
    readonly assertionResults: readonly {
      readonly status: string
      readonly fullName: string
      readonly failureMessages?: readonly string[]
    }[]
  }[]
}
interface Step {
  /** A file below .data/ci. */
  readonly report: string
  readonly read: (file: string) => Count
}

const FOLDER = '.data/ci'
const failed_steps = Number(process.argv[2] ?? '0')
const hasReferenceData = !process.argv.includes('--without-reference-data')
const hasBrowser = !process.argv.includes('--without-browser')

const slashed = (path: string): string => path.replaceAll('\\', '/')
const print = (text: string): void => void process.stdout.write(`${text}\n`)
const allFiles = globSync('{ingest,helpers,reports}/**/*.test.ts').map(slashed).toSorted()
/** Longer than a CI run may take, and no step of this one. */
const isApart = (path: string): boolean => /\.(matrix|mutants|soak)\.test\.ts$/.test(path)
const testFiles = allFiles.filter((path) => !isApart(path))
const isReference = (path: string): boolean => path.endsWith('.reference.test.ts')
const isAcceptance = (path: string): boolean => path.endsWith('.acceptance.test.ts')
const needsReferenceData = (path: string): boolean =>
  isReference(path) || path.endsWith('/real-data.acceptance.test.ts')
const isBrowser = (path: string): boolean => path.endsWith('.browser.test.ts')
const leftOut = testFiles.filter(
  (path) => (!hasReferenceData && needsReferenceData(path)) || (!hasBrowser && isBrowser(path)),
)

/** The counts of a JSON report of Vitest, which must hold a test of each expected file. */
function fromJson(file: string, expected: readonly string[]): Count {
  const report = JSON.parse(readFileSync(file, 'utf8')) as VitestReport
  const withTests = report.testResults.filter(({ assertionResults }) => assertionResults.length > 0)
  const ran = new Set(withTests.map(({ name }) => slashed(relative(process.cwd(), name))))
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests,
    skipped: report.numPendingTests + report.numTodoTests,
    missing: expected.filter((path) => !ran.has(path)).map((path) => `${path} ran no test`),
    failures: failuresOf(report),
  }
}

function failuresOf({ testResults }: VitestReport): string[] {
  const failures: string[] = []
  for (const { name, assertionResults } of testResults) {
    const path = slashed(relative(process.cwd(), name))
    for (const { status, fullName, failureMessages } of assertionResults) {
      if (status !== 'failed') continue
      const reason = failureMessages?.[0]?.split('\n', 1)[0] ?? 'no reason was reported'
      failures.push(`${path}: ${fullName}: ${reason}`)
    }
  }
  return failures
}

/** The counts of the checklist's JUnit report, which must hold every box of the plan. */
function fromJunit(file: string): Count {
  const text = readFileSync(file, 'utf8')
  const suites = text.match(/<testsuite [^>]*>/g) ?? []
  // The schema has "skipped" at each suite and not at the root. A suite without a count makes the sum NaN.
  const number = (name: string): number => {
    let sum = suites.length === 0 ? Number.NaN : 0
    for (const suite of suites) {
      sum += Number(new RegExp(`\\b${name}="(\\d+)"`).exec(suite)?.[1] ?? Number.NaN)
    }
    return sum
  }
  const failed = number('failures') + number('errors')
  const skipped = number('skipped')
  const planned = readFileSync('phases/checklist.md', 'utf8').match(/^- \[ \] /gm)?.length ?? 0
  // The testcase of the class "run" is about the run as a whole.
  const boxes = text.match(/<testcase classname="\d/g)?.length ?? 0
  const isComplete = boxes === planned && planned > 0
  return {
    passed: number('tests') - failed - skipped,
    failed,
    skipped,
    missing: isComplete ? [] : [`${boxes} boxes were reported, ${planned} are planned`],
    failures: [...text.matchAll(/<failure message="([^"]*)"/g)].map(([, message]) => message ?? ''),
  }
}

const json = (report: string, expected: readonly string[]): Step => ({
  report,
  read: (file) => fromJson(file, expected),
})
const steps: Step[] = [
  json(
    'test.json',
    testFiles.filter((path) => !isReference(path) && !isAcceptance(path) && !isBrowser(path)),
  ),
  { report: 'rehearsal.xml', read: fromJunit },
  json(
    'acceptance.json',
    testFiles.filter((path) => isAcceptance(path) && !leftOut.includes(path)),
  ),
]
if (hasReferenceData) steps.push(json('reference.json', testFiles.filter(isReference)))
if (hasBrowser) steps.push(json('browser.json', testFiles.filter(isBrowser)))

/** The counts of a step; one without a report, or with one that has no numbers, misses that. */
function countOf({ report, read }: Step): Count {
  const file = `${FOLDER}/${report}`
  const none = { passed: 0, failed: 0, skipped: 0, failures: [] }
  if (!existsSync(file)) return { ...none, missing: [`${file} does not exist`] }
  const count = read(file)
  if (Number.isFinite(count.passed + count.failed + count.skipped)) return count
  return { ...none, missing: [...count.missing, `${file} has no counts`] }
}

let passed = 0
let failed = 0
let skipped = 0
for (const step of steps) {
  const count = countOf(step)
  passed += count.passed
  failed += count.failed + count.missing.length
  skipped += count.skipped
  const missing = `${count.missing.length} missing`
  print(
    `${step.report}: ${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped, ${missing}`,
  )
  for (const what of count.missing) print(`  missing: ${what}`)
  for (const what of count.failures) print(`  failed: ${what}`)
}
const hasUnexpectedSkips = skipped > 0
if (leftOut.length > 0) {
  print(`left out, without REFERENCE_DATA or without Chromium: ${leftOut.length} test files`)
  for (const path of leftOut) print(`  left out: ${path}`)
  skipped += leftOut.length
}
print(`no part of this run: ${allFiles.filter(isApart).join(', ')} (npm run matrix, mutants, soak)`)
// A step may fail without a failed test: a type error, an unhandled rejection, an empty run.
if (failed_steps > 0 && failed === 0) failed = failed_steps
print(`\n${passed} passed, ${failed} failed, ${skipped} skipped`)
process.exitCode = failed === 0 && !hasUnexpectedSkips && passed > 0 && failed_steps === 0 ? 0 : 1
