import { lookOf } from '../helpers/checklist/mode.ts'
import { ALSO_PROVEN } from '../helpers/checklist/plan.ts'
import { clip, durationText, evidenceText } from '../helpers/checklist/text.ts'
import { boxesOf, countsText, firstLine, MARK, type RunView } from '../helpers/checklist/view.ts'
import { xmlCharacters } from './junit.ts'

/** The checklist as Markdown, ticked: every expected box, its evidence, and why it is not ticked. */
export function tickedOf(view: RunView): string {
  const boxes = boxesOf(view).map(({ box }) => box)
  const ended = view.ended_at === null ? 'not ended' : `ended ${view.ended_at}`
  const look = lookOf(view)
  const head = [
    `# Checklist · ${view.verdict} · ${look.word}`,
    '',
    `Run \`${view.run_id}\`, begun ${view.started_at}, ${ended}. ${countsText(boxes)}; ${look.meaning}.`,
    ...(view.reasons.length === 0
      ? []
      : ['', ...view.reasons.map((reason) => `- ${oneLine(clip(reason, 1_000))}`)]),
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
        ...box.faults.map((fault) => `  - failed: ${oneLine(clip(fault.message, 8_000))}`),
        ...(box.reason === null ? [] : [`  - ${oneLine(clip(box.reason, 1_000))}`]),
      ]
    })
    const faults = phase.faults.map((fault) => `> ${oneLine(clip(firstLine(fault.message), 1_000))}`)
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

/** Text from outside on one line of Markdown: no control characters, no HTML, no link, no image. */
const oneLine = (text: string): string =>
  xmlCharacters(text)
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/[\\<[\]]/g, '\\$&')
    .trim()
