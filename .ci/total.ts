/** Adds up what the steps of .ci/run counted, and prints the plain closing line. A step that left no count is a failure. */
import { existsSync, readFileSync } from 'node:fs'

interface Count {
  passed: number
  failed: number
  skipped: number
}

const FOLDER = '.data/ci'
const failedSteps = Number(process.argv[2] ?? '0')

function fromJson(file: string): Count {
  const report = JSON.parse(readFileSync(file, 'utf8')) as Record<
    'numPassedTests' | 'numFailedTests' | 'numPendingTests' | 'numTodoTests',
    number
  >
  return { passed: report.numPassedTests, failed: report.numFailedTests, skipped: report.numPendingTests + report.numTodoTests }
}

function fromJunit(file: string): Count {
  const [head = ''] = /<testsuites[^>]*>/.exec(readFileSync(file, 'utf8')) ?? []
  const number = (name: string): number => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(head)?.[1] ?? Number.NaN)
  const [tests, failures, errors, skipped] = [number('tests'), number('failures'), number('errors'), number('skipped')]
  return { passed: tests - failures - errors - skipped, failed: failures + errors, skipped }
}

const total: Count = { passed: 0, failed: 0, skipped: 0 }
for (const [name, read] of [
  ['test.json', fromJson],
  ['reference.json', fromJson],
  ['rehearsal.xml', fromJunit],
  ['acceptance.json', fromJson],
] as const) {
  const file = `${FOLDER}/${name}`
  const count = existsSync(file) ? read(file) : { passed: 0, failed: 1, skipped: 0 }
  const honest = Number.isFinite(count.passed + count.failed + count.skipped) ? count : { passed: 0, failed: 1, skipped: 0 }
  process.stdout.write(`${name}: ${honest.passed} passed, ${honest.failed} failed, ${honest.skipped} skipped\n`)
  total.passed += honest.passed
  total.failed += honest.failed
  total.skipped += honest.skipped
}
// A step may fail without a failed test: a type error, an unhandled rejection, an empty run.
if (failedSteps > 0 && total.failed === 0) total.failed = failedSteps
process.stdout.write(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`)
process.exitCode = total.failed === 0 && total.passed > 0 && failedSteps === 0 ? 0 : 1
