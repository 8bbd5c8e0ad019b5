import { addDays, daysBetween, weekday } from './calendar.ts'
import type { FiscalQuarter } from './types.ts'

/**
 * month_03 … month_12: the year ends with that month. week_year: on the last Saturday of September, the 53rd
 * week in the first quarter. retail_year: on the Saturday nearest to 31 January, the 53rd week in the last
 * quarter, named after the year in which it began.
 */
export type FiscalKind = 'month_03' | 'month_06' | 'month_09' | 'month_12' | 'week_year' | 'retail_year'

const FIRST_FISCAL_YEAR = 2015
const LAST_FISCAL_YEAR = 2025

/** Every quarter of the fiscal years 2015 to 2025, ascending and without a gap. */
export function fiscalQuarters(kind: FiscalKind): FiscalQuarter[] {
  const quarters: FiscalQuarter[] = []
  for (let fiscal_year = FIRST_FISCAL_YEAR; fiscal_year <= LAST_FISCAL_YEAR; fiscal_year++) {
    const start = addDays(yearEnd(kind, fiscal_year - 1), 1)
    const ends = quarterEnds(kind, fiscal_year, start)
    for (const [index, end] of ends.entries()) {
      const previous = ends[index - 1]
      quarters.push({
        fiscal_year,
        quarter: (index + 1) as 1 | 2 | 3 | 4,
        start: previous === undefined ? start : addDays(previous, 1),
        end,
      })
    }
  }
  return quarters
}

function quarterEnds(kind: FiscalKind, fiscal_year: number, start: string): string[] {
  const end = yearEnd(kind, fiscal_year)
  if (kind !== 'week_year' && kind !== 'retail_year') {
    const month = Number(kind.slice(-2))
    return [-9, -6, -3, 0].map((shift) => monthEnd(fiscal_year, month + shift))
  }
  const is_long = daysBetween(start, end) + 1 > 365
  const first_weeks = kind === 'week_year' && is_long ? 14 : 13
  return [...[0, 1, 2].map((quarter) => addDays(start, (first_weeks + 13 * quarter) * 7 - 1)), end]
}

function yearEnd(kind: FiscalKind, fiscal_year: number): string {
  if (kind === 'week_year') {
    const last = monthEnd(fiscal_year, 9)
    return addDays(last, -((weekday(last) + 1) % 7))
  }
  if (kind === 'retail_year') {
    const january = monthEnd(fiscal_year + 1, 1)
    const back = (weekday(january) + 1) % 7
    return addDays(january, back <= 3 ? -back : 7 - back)
  }
  return monthEnd(fiscal_year, Number(kind.slice(-2)))
}

/** Last day of a month; months below 1 count back from January. */
function monthEnd(year: number, month: number): string {
  return new Date(Date.UTC(year, month, 0)).toISOString().slice(0, 10)
}

/** MMDD of the end of its newest year, as the SEC writes it. */
export const fiscalYearEnd = (kind: FiscalKind): string => yearEnd(kind, 2024).slice(5).replace('-', '')
