import * as Plot from '@observablehq/plot'
import type { EvidenceRow } from '../../helpers/checklist/events.ts'
import { thousands } from '../../helpers/core/text.ts'
import { monthAxis, monthsBetween } from './months.ts'
import { chartOf, keyHtml } from './plot.ts'

/**
 * Whether rows are the sessions of `coverageMonths`: counts of each session of a month, with a blank between.
 */
export const isSessions = (rows: readonly EvidenceRow[]): boolean =>
  rows.length > 0 &&
  rows.every(
    ({ month, listed, bars }) =>
      [month, listed, bars].every((each) => typeof each === 'string') && /^[\d ]+$/.test(`${listed}${bars}`),
  )

interface Session {
  readonly at: number
  readonly listed: number
  readonly bars: number
}

/**
 * Bars of each session against the calendar: the securities that were listed, and those with a bar. Below,
 * by month on a scale of its own: the bars that are missing, and the findings that name a day.
 */
export function sessionsChart(rows: readonly EvidenceRow[], finding_days: readonly string[]): string {
  const first_month = String(rows[0]?.['month'])
  const count = rows.length
  const sessions = rows.flatMap(sessionsOf)
  const missing = rows.map((_, month) => {
    const of_month = sessions.filter(({ at }) => Math.floor(at) === month)
    return { month, missing: of_month.reduce((sum, { listed, bars }) => sum + Math.max(0, listed - bars), 0) }
  })
  const found = finding_days
    .map((day) => monthsBetween(first_month, day))
    .filter((month) => month >= 0 && month < count)
  const most = Math.max(...missing.map((each) => each.missing))
  const x = monthAxis(first_month, count)
  const top = chartOf('Bars of each session, against the securities that were listed', {
    height: 118,
    marginTop: 8,
    marginBottom: 4,
    marginLeft: 52,
    marginRight: 8,
    x: { ...x, axis: null },
    y: { zero: true, grid: true, ticks: 3, label: null },
    marks: [
      Plot.areaY(sessions, { x: 'at', y: 'bars', fill: 'var(--full)', fillOpacity: 0.35 }),
      Plot.lineY(sessions, { x: 'at', y: 'listed', stroke: 'var(--soft)', curve: 'step-after' }),
    ],
  })
  const bottom = chartOf(
    'Missing bars and findings, by month',
    {
      height: 78,
      marginTop: 14,
      marginBottom: 22,
      marginLeft: 52,
      marginRight: 8,
      x,
      y: { domain: [0, Math.max(1, most)], ticks: 1, label: null },
      marks: [
        Plot.rectY(missing, {
          x1: 'month',
          x2: ({ month }: { month: number }) => month + 1,
          y: 'missing',
          fill: 'var(--some)',
          inset: 0.5,
        }),
        Plot.tickX(found, { x: (month: number) => month + 0.5, stroke: 'var(--none)', strokeWidth: 3 }),
      ],
    },
    [
      keyHtml('full', 'securities with a bar'),
      keyHtml('listed', 'listed'),
      keyHtml('some', `bars missing by month, at most ${thousands(most)}`),
      keyHtml('none', 'months with a finding'),
    ].join(' '),
  )
  return top + bottom
}

/** The sessions of a month, each at its place in the month. */
function sessionsOf({ listed, bars }: EvidenceRow, month: number): Session[] {
  const counts = String(bars).split(' ').map(Number)
  const expected = String(listed).split(' ').map(Number)
  return expected.map((number, index) => ({
    at: month + index / expected.length,
    listed: number,
    bars: counts[index] ?? 0,
  }))
}
