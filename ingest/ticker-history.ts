import { reading } from './contract/fields.ts'
import type { SourcedJob } from './contract/job.ts'

/**
 * Which security held which ticker on which days; both days inclusive, `valid_to` null while it still does.
 */
export const tickerHistory: SourcedJob = {
  name: 'ticker-history',
  kind: 'sourced',
  dataset: 'ticker_history',
  table: 'ticker_history',
  needs: ['securities'],
  key: ['security_id', 'valid_from'],
  values: ['ticker', 'valid_to', 'exchange_mic', 'reason'],
  subject: 'security',
  is_windowed: false,
  without_records: 'not_found',
  holds_intervals: true,

  parse(record, { identity }) {
    const { source_id } = record
    if (source_id === undefined || source_id === null)
      return { rejected: 'source_id is missing', kind: 'malformed' }
    const holder = identity.bySourceId(source_id)
    if (holder === undefined) return { skipped: true }
    const read = reading(record)
    const valid_from = read.day('valid_from')
    const stated_to = read.day('valid_to')
    // A delisted security holds no ticker any more, else the next owner of the ticker could not have it.
    const isEnded =
      (record['valid_to'] ?? null) === null && valid_from !== null && valid_from <= (holder.delist_date ?? '')
    const row = {
      security_id: String(holder.security_id),
      valid_from,
      ticker: read.text('ticker'),
      valid_to: isEnded ? (holder.delist_date ?? null) : stated_to,
      exchange_mic: read.matching(
        'exchange_mic',
        'an ISO 10383 code of four letters or digits',
        /^[A-Z0-9]{4}$/,
      ),
      reason: read.text('reason') ?? (isEnded ? 'it ends with the listing' : null),
    }
    read.required('ticker', row.ticker)
    if (
      read.required('valid_from', row.valid_from) &&
      row.valid_to !== null &&
      row.valid_from > row.valid_to
    ) {
      read.fault(`valid_from ${row.valid_from} is after valid_to ${row.valid_to}`)
    }
    if (read.faults.length > 0)
      return { rejected: read.faults.join('; '), kind: 'malformed', item: source_id }
    return { row, item: source_id }
  },
}
