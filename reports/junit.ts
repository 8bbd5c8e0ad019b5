import type { Fault, Scalar } from '../helpers/checklist/events.ts'
import { lookOf } from '../helpers/checklist/mode.ts'
import { clip } from '../helpers/checklist/text.ts'
import { type BoxView, boxesOf, countsOf, type PhaseView, type RunView } from '../helpers/checklist/view.ts'
import { withoutCommands } from '../helpers/core/text.ts'

const PROPERTY_CHARACTERS_MAX = 2_000
const EVIDENCE_CHARACTERS_MAX = 2_000
const TEXT_CHARACTERS_MAX = 10_000
const MESSAGE_CHARACTERS_MAX = 500

/**
 * The suite with one testcase, which fails whenever the run did not pass: a reader of JUnit sees that a run
 * is incomplete, which no single box says.
 */
export const RUN_SUITE = 'run'
const RUN_CLAIM = 'every expected box ran in order, and passed or had nothing to verify'

/**
 * The run as JUnit XML: one suite a phase, one testcase an expected box, its evidence as output. A box that
 * did not run, or does not apply, is `<skipped>` with its reason, never a plain testcase. Elements and
 * attributes are those of Jenkins' schema (junit-10.xsd), the strictest of the readers: it allows no
 * properties in a testcase, and no count of skipped ones at the root.
 */
export function junitOf(view: RunView): string {
  const suites = view.phases.map((phase) => phaseSuite(view, phase))
  const totals = [...suites, runSuite(view)]
  const sum = (of: (suite: Suite) => number): number => totals.reduce((all, suite) => all + of(suite), 0)
  const attributes = attributesOf({
    name: `stocks-research checklist (${lookOf(view).word})`,
    tests: sum((suite) => suite.tests),
    failures: sum((suite) => suite.failures),
    errors: sum((suite) => suite.errors),
    time: secondsOf(spanOf(view.started_at, view.ended_at)),
  })
  const body = totals.map((suite) => suite.xml).join('')
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites${attributes}>\n${body}</testsuites>\n`
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
  const { failed, open, not_applicable } = countsOf(phase.boxes)
  const totals = {
    tests: boxes.length + faults.length,
    failures: failed,
    errors: faults.length,
    skipped: open + not_applicable,
  }
  const attributes = attributesOf({
    name: phase.phase,
    ...totals,
    time: secondsOf(spanOf(phase.started_at, phase.ended_at)),
    timestamp: phase.started_at ?? view.started_at,
  })
  const properties = propertiesOf(
    {
      title: phase.title,
      state: phase.state,
      boxes_not_applicable: not_applicable,
      mode: modeOf(view),
      run_id: view.run_id,
    },
    '    ',
  )
  return {
    ...totals,
    xml: `  <testsuite${attributes}>\n${properties}${[...boxes, ...faults].join('')}  </testsuite>\n`,
  }
}

function boxCase(phase: string, box: BoxView): string {
  const attributes = attributesOf({ classname: phase, name: box.claim, time: secondsOf(box.duration_ms) })
  const output = Object.entries(box.evidence).map(([name, value]) => {
    const text = Array.isArray(value) ? JSON.stringify(value) : String(value)
    return `${name} = ${clip(text, EVIDENCE_CHARACTERS_MAX)}`
  })
  const evidence =
    output.length === 0 ? '' : `      <system-out>${escapeXml(output.join('\n'))}</system-out>\n`
  return `    <testcase${attributes}>\n${outcomeOf(box)}${evidence}    </testcase>\n`
}

function outcomeOf(box: BoxView): string {
  if (box.state === 'passed') return ''
  if (box.state === 'failed') return failure('failure', box.faults)
  return `      <skipped${attributesOf({ message: clip(box.reason ?? 'not run', TEXT_CHARACTERS_MAX) })}/>\n`
}

/** An error outside of a box: an import, a hook, a worker that died. */
function faultCase(phase: string, fault: Fault, index: number): string {
  const number = index === 0 ? '' : ` (${index + 1})`
  const name = `the phase runs without an error outside of its boxes${number}`
  const attributes = attributesOf({ classname: phase, name, time: '0.000' })
  return `    <testcase${attributes}>\n${failure('error', [fault])}    </testcase>\n`
}

function runSuite(view: RunView): Suite {
  const has_passed = view.verdict === 'PASSED'
  const totals = { tests: 1, failures: has_passed ? 0 : 1, errors: 0, skipped: 0 }
  const message = `${view.verdict}: ${view.reasons[0] ?? ''}`
  const about = attributesOf({ message: clip(message, MESSAGE_CHARACTERS_MAX), type: view.verdict })
  const reasons = escapeXml(clip(view.reasons.join('\n'), TEXT_CHARACTERS_MAX))
  const outcome = has_passed ? '' : `      <failure${about}>${reasons}</failure>\n`
  const { not_applicable } = countsOf(boxesOf(view).map(({ box }) => box))
  const properties = propertiesOf(
    {
      verdict: view.verdict,
      boxes_not_applicable: not_applicable,
      mode: modeOf(view),
      run_id: view.run_id,
      ...view.identity,
    },
    '    ',
  )
  const named = attributesOf({ classname: RUN_SUITE, name: RUN_CLAIM, time: '0.000' })
  const testcase = `    <testcase${named}>\n${outcome}    </testcase>\n`
  const attributes = attributesOf({ name: RUN_SUITE, ...totals, time: '0.000', timestamp: view.started_at })
  return { ...totals, xml: `  <testsuite${attributes}>\n${properties}${testcase}  </testsuite>\n` }
}

function failure(element: 'failure' | 'error', faults: readonly Fault[]): string {
  const first = faults[0] ?? { name: 'Error', message: 'no message' }
  const text = faults
    .map((fault) => `${fault.name}: ${fault.message}${fault.at === undefined ? '' : `\n  at ${fault.at}`}`)
    .join('\n\n')
  const about = attributesOf({ message: clip(first.message, MESSAGE_CHARACTERS_MAX), type: first.name })
  return `      <${element}${about}>${escapeXml(clip(text, TEXT_CHARACTERS_MAX))}</${element}>\n`
}

function propertiesOf(properties: Readonly<Record<string, Scalar>>, indent: string): string {
  const lines = Object.entries(properties).map(([name, value]) => {
    const text = clip(String(value), PROPERTY_CHARACTERS_MAX)
    return `${indent}  <property${attributesOf({ name, value: text })}/>\n`
  })
  return lines.length === 0 ? '' : `${indent}<properties>\n${lines.join('')}${indent}</properties>\n`
}

const modeOf = (view: RunView): string => lookOf(view).word
/** Zero when the clock was set back between the two. */
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

/** Text as XML 1.0 may hold it; every other character becomes the replacement character. */
export const escapeXml = (text: string): string =>
  xmlCharacters(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** Text of characters that XML 1.0 allows, without those that command a terminal or turn text round. */
export const xmlCharacters = (text: string): string =>
  withoutCommands(text).replaceAll(/[\ufffe\uffff]/g, '\u{fffd}')
