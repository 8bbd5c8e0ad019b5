import { durationText, evidenceText } from '../helpers/checklist/text.ts'
import { boxesOf, firstLine, isRehearsal, type RunView } from '../helpers/checklist/view.ts'

export const MARK = { passed: '[x]', failed: '[!]', unticked: '[ ]' } as const

/** The checklist as Markdown, ticked: every expected box, its evidence, and why it is open. */
export function tickedOf(view: RunView): string {
  const boxes = boxesOf(view)
  const passed = boxes.filter(({ box }) => box.state === 'passed').length
  const head = [
    `# Checklist · ${view.verdict}${isRehearsal(view) ? ' · REHEARSAL' : ''}`,
    '',
    `Run \`${view.run_id}\`, begun ${view.started_at}, ${view.ended_at === null ? 'not ended' : `ended ${view.ended_at}`}. ${passed} of ${boxes.length} boxes ticked.`,
    ...(view.reasons.length === 0 ? [] : ['', ...view.reasons.map((reason) => `- ${oneLine(reason)}`)]),
  ]
  const phases = view.phases.map((phase) => {
    const lines = phase.boxes.flatMap((box) => {
      const proof = evidenceText(box.evidence, 8_000, 50)
      const duration = box.duration_ms >= 1000 ? ` (${durationText(box.duration_ms)})` : ''
      return [
        `- ${MARK[box.state]} ${box.claim}${duration}`,
        ...(proof === '' ? [] : [`  - evidence: ${oneLine(proof)}`]),
        ...box.faults.map((fault) => `  - failed: ${oneLine(fault.message)}`),
        ...(box.reason === null ? [] : [`  - ${oneLine(box.reason)}`]),
      ]
    })
    const faults = phase.faults.map((fault) => `> ${firstLine(fault.message)}`)
    return [
      '',
      `## ${phase.title} · ${phase.state}`,
      '',
      ...faults,
      ...(faults.length > 0 ? [''] : []),
      ...lines,
    ].join('\n')
  })
  return `${[...head, ...phases].join('\n')}\n`
}

const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').trim()
