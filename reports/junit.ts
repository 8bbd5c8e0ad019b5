import type { Fault, Scalar } from '../helpers/checklist/events.ts'
import { clip } from '../helpers/checklist/text.ts'
import { type BoxView, isRehearsal, type PhaseView, type RunView } from '../helpers/checklist/view.ts'

const PROPERTY_CHARACTERS_MAX = 2_000

/**
 * The testcase that fails whenever the run did not pass, so that a reader of JUnit sees what no single box
 * can say.
 */
export const RUN_SUITE = 'run'
const RUN_CLAIM = 'every expected box ran and passed, in order'

/**
 * The run as JUnit XML: one suite a phase, one testcase an expected box, evidence as properties. A box that
 * did not run is `<skipped>` with its reason, never a plain testcase.
 */
export function junitOf(view: RunView): string {
  const suites = view.phases.map((phase) => phaseSuite(view, phase))
  const totals = [...suites, runSuite(view)]
  const sum = (of: (suite: Suite) => number): number => totals.reduce((all, suite) => all + of(suite), 0)
  const attributes = attributesOf({
    name: `stocks-research checklist${isRehearsal(view) ? ' (REHEARSAL)' : ''}`,
    tests: sum((suite) => suite.tests),
    failures: sum((suite) => suite.failures),
    errors: sum((suite) => suite.errors),
    skipped: sum((suite) => suite.skipped),
    time: secondsOf(spanOf(view.started_at, view.ended_at)),
    timestamp: view.started_at,
  })
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites${attributes}>\n${totals.map((suite) => suite.xml).join('')}</testsuites>\n`
}

interface Suite {
  readonly tests: number
  readonly failures: number
  readonly errors: number
  readonly skipped: number
  readonly xml: string
}

function phaseSuite(view: RunView, phase: PhaseView): Suite {
  const boxes = phase.boxes.map((box) => boxCase(phase.phase, box))
  const faults = phase.faults.map((fault, index) => faultCase(phase.phase, fault, index))
  const count = (state: BoxView['state']): number => phase.boxes.filter((box) => box.state === state).length
  const totals = {
    tests: boxes.length + faults.length,
    failures: count('failed'),
    errors: faults.length,
    skipped: count('unticked'),
  }
  const attributes = attributesOf({
    name: phase.phase,
    ...totals,
    time: secondsOf(spanOf(phase.started_at, phase.ended_at)),
    timestamp: phase.started_at ?? view.started_at,
  })
  const properties = propertiesOf(
    { title: phase.title, state: phase.state, mode: modeOf(view), run_id: view.run_id },
    '    ',
  )
  return {
    ...totals,
    xml: `  <testsuite${attributes}>\n${properties}${[...boxes, ...faults].join('')}  </testsuite>\n`,
  }
}

function boxCase(phase: string, box: BoxView): string {
  const attributes = attributesOf({ classname: phase, name: box.claim, time: secondsOf(box.duration_ms) })
  const evidence = Object.fromEntries(
    Object.entries(box.evidence).map(([name, value]) => [
      name,
      Array.isArray(value) ? JSON.stringify(value) : (value as Scalar),
    ]),
  )
  const outcome =
    box.state === 'failed'
      ? failure('failure', box.faults)
      : box.state === 'unticked'
        ? `      <skipped${attributesOf({ message: box.reason ?? 'not run' })}/>\n`
        : ''
  return `    <testcase${attributes}>\n${propertiesOf(evidence, '      ')}${outcome}    </testcase>\n`
}

/** An error outside of a box: an import, a hook, a worker that died. */
const faultCase = (phase: string, fault: Fault, index: number): string =>
  `    <testcase${attributesOf({ classname: phase, name: `the phase runs without an error outside of its boxes${index === 0 ? '' : ` (${index + 1})`}`, time: '0.000' })}>\n${failure('error', [fault])}    </testcase>\n`

function runSuite(view: RunView): Suite {
  const has_passed = view.verdict === 'PASSED'
  const totals = { tests: 1, failures: has_passed ? 0 : 1, errors: 0, skipped: 0 }
  const message = `${view.verdict}: ${view.reasons[0] ?? ''}`
  const outcome = has_passed
    ? ''
    : `      <failure${attributesOf({ message: clip(message, 500), type: view.verdict })}>${escapeXml(view.reasons.join('\n'))}</failure>\n`
  const properties = propertiesOf(
    { verdict: view.verdict, mode: modeOf(view), run_id: view.run_id, ...view.identity },
    '    ',
  )
  const testcase = `    <testcase${attributesOf({ classname: RUN_SUITE, name: RUN_CLAIM, time: '0.000' })}>\n${outcome}    </testcase>\n`
  const attributes = attributesOf({ name: RUN_SUITE, ...totals, time: '0.000', timestamp: view.started_at })
  return { ...totals, xml: `  <testsuite${attributes}>\n${properties}${testcase}  </testsuite>\n` }
}

function failure(element: 'failure' | 'error', faults: readonly Fault[]): string {
  const first = faults[0] ?? { name: 'Error', message: 'no message' }
  const text = faults
    .map((fault) => `${fault.name}: ${fault.message}${fault.at === undefined ? '' : `\n  at ${fault.at}`}`)
    .join('\n\n')
  return `      <${element}${attributesOf({ message: clip(first.message, 500), type: first.name })}>${escapeXml(text)}</${element}>\n`
}

function propertiesOf(properties: Readonly<Record<string, Scalar>>, indent: string): string {
  const lines = Object.entries(properties).map(
    ([name, value]) =>
      `${indent}  <property${attributesOf({ name, value: clip(String(value), PROPERTY_CHARACTERS_MAX) })}/>\n`,
  )
  return lines.length === 0 ? '' : `${indent}<properties>\n${lines.join('')}${indent}</properties>\n`
}

const modeOf = (view: RunView): string => (isRehearsal(view) ? 'REHEARSAL' : (view.mode ?? 'unknown'))
/** Never negative, also where the clock was set back between the two. */
const spanOf = (from: string | null, to: string | null): number =>
  from === null || to === null ? 0 : Math.max(0, Date.parse(to) - Date.parse(from))
const secondsOf = (duration_ms: number): string => (duration_ms / 1000).toFixed(3)

const attributesOf = (attributes: Readonly<Record<string, string | number>>): string =>
  Object.entries(attributes)
    .map(
      ([name, value]) =>
        ` ${name}="${escapeXml(String(value)).replaceAll('"', '&quot;').replaceAll('\n', '&#10;')}"`,
    )
    .join('')

/** Text as XML 1.0 may hold it. Characters that it may not hold become the replacement character. */
export const escapeXml = (text: string): string =>
  text
    .toWellFormed()
    .replaceAll(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, '\u{fffd}')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
