import { RANGES, reading } from './contract/fields.ts'
import { holderOf } from './contract/holder.ts'
import type { Holder, SourcedJob, SourceRecord } from './contract/job.ts'

/**
 * Unadjusted daily bars, as traded. The window bounds them; a bar that no ticker interval covers is another
 * company's. A day without a session has none.
 */
export const pricesDaily: SourcedJob = {
  name: 'prices-daily',
  kind: 'sourced',
  dataset: 'prices_daily',
  table: 'prices_daily',
  needs: ['securities', 'ticker-history'],
  key: ['security_id', 'trade_date'],
  values: ['open', 'high', 'low', 'close', 'volume'],
  subject: 'security',
  is_windowed: true,
  dated_by: 'trade_date',
  without_records: 'not_found',

  parse(record, { identity, window, isSession }) {
    const read = reading(record)
    const trade_date = read.day('date')
    if (!read.required('date', trade_date)) {
      const item = record['source_id'] ?? undefined
      return { rejected: read.faults.join('; '), kind: 'malformed', ...(item === undefined ? {} : { item }) }
    }
    const holder = holderOf(record, trade_date, identity)
    if (!('security_id' in holder)) return holder
    const item = holder.source_id
    const row = {
      security_id: String(holder.security_id),
      trade_date,
      open: read.within('open', RANGES.price),
      high: read.within('high', RANGES.price),
      low: read.within('low', RANGES.price),
      close: read.within('close', RANGES.price),
      volume: read.within('volume', RANGES.volume),
    }
    read.required('close', row.close)
    const currency = record['currency'] ?? 'USD'
    if (currency.trim().toUpperCase() !== 'USD')
      read.fault(`currency is "${currency}"; prices are stored in US dollars, and are not converted`)
    if (isAbove(row.low, row.open, row.close, row.high))
      read.fault(`low ${row.low} is above open, close or high`)
    if (isBelow(row.high, row.open, row.close)) read.fault(`high ${row.high} is below open or close`)
    if (read.faults.length > 0) return { rejected: read.faults.join('; '), kind: 'malformed', item }
    if (trade_date < window.start_date || trade_date > window.end_date) return { skipped: true, item }
    if (!isSession(trade_date)) {
      return {
        rejected: `the calendar has no session on ${trade_date}`,
        kind: 'malformed',
        item,
        off_session_date: trade_date,
      }
    }
    if (!identity.isListed(holder, trade_date))
      return { rejected: outsideListing(record, holder, trade_date), kind: 'foreign', item }
    return { row, item }
  },
}

/** A permanent id says whose bar it is; only a ticker can be another company's on another day. */
function outsideListing({ source_id }: SourceRecord, holder: Holder, trade_date: string): string {
  const { delist_date } = holder
  if (delist_date !== undefined && trade_date > delist_date)
    return `the bar is after the end of the listing of "${holder.source_id}", ${delist_date}`
  const nothing = `no ticker interval of "${holder.source_id}" covers ${trade_date}`
  return source_id === undefined || source_id === null ? `${nothing}: the bar is another company's` : nothing
}

// A float keeps the order of decimals or calls two of them equal; what it calls equal, the constraint of the
// table still judges.
function isAbove(low: string | null, ...others: readonly (string | null)[]): boolean {
  if (low === null) return false
  const least = Number(low)
  for (const other of others) if (other !== null && least > Number(other)) return true
  return false
}

function isBelow(high: string | null, ...others: readonly (string | null)[]): boolean {
  if (high === null) return false
  const most = Number(high)
  for (const other of others) if (other !== null && most < Number(other)) return true
  return false
}
