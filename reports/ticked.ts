import { ALSO_PROVEN } from '../helpers/checklist/plan.ts'
import { durationText, evidenceText } from '../helpers/checklist/text.ts'
import { boxesOf, countsText, firstLine, isRehearsal, MARK, type RunView } from '../helpers/checklist/view.ts'

/** The checklist as Markdown, ticked: every expected box, its evidence, and why it is not ticked. */
export function tickedOf(view: RunView): string {
  const boxes = boxesOf(view).map(({ box }) => box)
  const ended = view.ended_at === null ? 'not ended' : `ended ${view.ended_at}`
  const head = [
    `# Checklist · ${view.verdict}${isRehearsal(view) ? ' · REHEARSAL' : ''}`,
    '',
    `Run \`${view.run_id}\`, begun ${view.started_at}, ${ended}. ${countsText(boxes)}.`,
    ...(view.reasons.length === 0 ? [] : ['', ...view.reasons.map((reason) => `- ${oneLine(reason)}`)]),
  ]
  const phases = view.phases.map((phase) => {
    const first_also_proven = phase.boxes.find((box) => box.is_also_proven)
    const lines = phase.boxes.flatMap((box) => {
      const heading = box === first_also_proven ? ['', `### ${ALSO_PROVEN}`, ''] : []
      const proof = evidenceText(box.evidence, 8_000, 50)
      const duration = box.duration_ms >= 1000 ? ` (${durationText(box.duration_ms)})` : ''
      return [
        ...heading,
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
