import { addDays } from '../../helpers/core/days.ts'
import { RANGES, reading } from './fields.ts'
import type { SharedTable } from './job.ts'

/** The Federal Reserve publishes the rates of a week (H.10) on the Monday after it. */
const FED = 'fed'

/**
 * Exchange rates: `rate` units of `to_currency` for one unit of `from_currency` on `date`. `source` names who
 * states them, `published` the first day on which they were public.
 */
export const fxRates: SharedTable = {
  dataset: 'fx_rates',
  table: 'fx_rates',
  key: ['rate_date', 'from_currency', 'to_currency', 'source'],
  values: ['rate', 'known_from'],

  parse(record) {
    const read = reading(record)
    const rate_date = read.day('date')
    const from_currency = read.matching('from_currency', 'an ISO 4217 code', /^[A-Z]{3}$/)
    const to_currency = read.matching('to_currency', 'an ISO 4217 code', /^[A-Z]{3}$/)
    const rate = read.within('rate', RANGES.rate)
    const published = read.day('published')
    const source = read.text('source') ?? 'delivery'
    read.required('date', rate_date)
    read.required('from_currency', from_currency)
    read.required('to_currency', to_currency)
    read.required('rate', rate)
    if (from_currency !== null && from_currency === to_currency)
      read.fault(`from and to are both ${from_currency}`)
    if (rate_date !== null && published !== null && published < rate_date)
      read.fault(`published is ${published}, before the day of the rate, ${rate_date}`)
    if (read.faults.length > 0 || rate_date === null) return { rejected: read.faults.join('; ') }
    const known_from = published ?? publicFrom(source, rate_date)
    return { row: { rate_date, from_currency, to_currency, source, rate, known_from } }
  },
}

/**
 * The European Central Bank publishes a rate on its day, before the exchange closes. A release of the Federal
 * Reserve comes on Monday after the close, or on Tuesday when Monday is a holiday.
 */
function publicFrom(source: string, day: string): string {
  if (source !== FED) return day
  // From Sunday to Saturday: a week ends on Friday, and a rate of a weekend would belong to the next one.
  const daysToTuesday = [9, 8, 7, 6, 5, 4, 10]
  return addDays(day, daysToTuesday[new Date(`${day}T00:00:00Z`).getUTCDay()] ?? 10)
}
