import * as Plot from '@observablehq/plot'
import type { EvidenceRow } from '../../helpers/checklist/events.ts'
import { thousands } from '../../helpers/core/text.ts'
import { monthAt, monthAxis } from './months.ts'
import { chartOf, keyHtml } from './plot.ts'

const ROW_HEIGHT = 17
const LABEL_CHARACTERS_MAX = 18

/** Whether rows are of `coverageMonths`: a string with one character a month. */
export const isCoverage = (rows: readonly EvidenceRow[]): boolean =>
  rows.length > 0 && rows.every(({ months }) => typeof months === 'string' && /^[-0-9#]+$/.test(months))

interface Stretch {
  readonly row: string
  readonly from: number
  readonly to: number
  readonly color: string
  readonly title: string
}

/**
 * Security by month: full where every listed session has a bar, other colours for some and for none, empty
 * where the security was not listed. Equal months in a row are one rectangle.
 */
export function coverageChart(first_month: string, rows: readonly EvidenceRow[]): string {
  const count = Math.max(1, ...rows.map(({ months }) => String(months).length))
  // A ticker may be there twice, and a row is found by its name.
  const names = rows.map((row, index) => `${index} ${String(row['ticker'] ?? row['source_id'] ?? '')}`)
  const nameOf = (row: string): string => {
    const name = row.slice(row.indexOf(' ') + 1)
    return name.length > LABEL_CHARACTERS_MAX ? `${name.slice(0, LABEL_CHARACTERS_MAX - 1)}…` : name
  }
  const stretches = rows.flatMap((row, index) => stretchesOf(row, names[index] ?? '', first_month))
  const missing = rows.map((row, index) => ({ row: names[index], text: missingText(row) }))
  const key = [
    keyHtml('full', 'every listed session has a bar'),
    keyHtml('some', 'some sessions are missing'),
    keyHtml('none', 'no bar'),
    'empty: not listed, or the listing day is unknown. ',
    'A security without a row misses no session, or fewer than those shown.',
  ]
  return chartOf(
    'Sessions with a bar, by security and month',
    {
      height: 30 + rows.length * ROW_HEIGHT,
      marginTop: 24,
      marginBottom: 4,
      marginLeft: 140,
      marginRight: 100,
      x: { ...monthAxis(first_month, count), axis: 'top' },
      y: { type: 'band', domain: names, label: null, tickFormat: nameOf, tickSize: 0, padding: 0.15 },
      marks: [
        Plot.barX(stretches, {
          x1: 'from',
          x2: 'to',
          y: 'row',
          fill: 'color',
          title: 'title',
          insetRight: 0.5,
        }),
        Plot.text(missing, { x: count, y: 'row', text: 'text', textAnchor: 'start', dx: 8 }),
      ],
    },
    key.join(' '),
  )
}

const missingText = ({ missing }: EvidenceRow): string =>
  typeof missing === 'number' ? `${thousands(missing)} missing` : ''

function stretchesOf(row: EvidenceRow, name: string, first_month: string): Stretch[] {
  const label = String(row['ticker'] ?? row['source_id'] ?? '').slice(0, 200)
  const runs = [...String(row['months']).matchAll(/(.)\1*/g)].filter(([run]) => !run.startsWith('-'))
  return runs.map(({ 0: run, index }) => {
    const from = monthAt(first_month, index)
    const to = monthAt(first_month, index + run.length - 1)
    const { color, covered } = levelOf(run[0] ?? '0')
    const title = `${label}, ${from === to ? from : `${from} to ${to}`}: ${covered}`
    return { row: name, from: index, to: index + run.length, color, title }
  })
}

/** What one character of a row means: `#` is every session, a digit the tenths that have a bar. */
function levelOf(level: string): { color: string; covered: string } {
  if (level === '#') return { color: 'var(--full)', covered: 'every session' }
  if (level === '0') return { color: 'var(--none)', covered: 'no session' }
  const covered = `about ${level}0 % of the sessions`
  return { color: level === '9' ? 'var(--most)' : 'var(--some)', covered }
}
