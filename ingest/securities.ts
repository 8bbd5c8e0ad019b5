import { reading } from './contract/fields.ts'
import type { SourcedJob } from './contract/job.ts'

/** The securities master: one row for each security of the universe, delisted ones included. */
export const securities: SourcedJob = {
  name: 'securities',
  kind: 'sourced',
  dataset: 'securities',
  table: 'securities',
  needs: [],
  key: ['security_id'],
  values: [
    'source_id',
    'ticker',
    'name',
    'exchange_mic',
    'security_type',
    'currency',
    'cik',
    'figi',
    'share_class_figi',
    'list_date',
    'delist_date',
    'is_listed',
  ],
  subject: 'security',
  is_windowed: false,
  without_records: 'not_found',

  parse(record, { identity }) {
    const { source_id } = record
    if (source_id === undefined || source_id === null)
      return { rejected: 'source_id is missing', kind: 'malformed' }
    const holder = identity.bySourceId(source_id)
    if (holder === undefined) return { skipped: true }
    const read = reading(record)
    const row = {
      security_id: String(holder.security_id),
      source_id,
      ticker: read.text('ticker'),
      name: read.text('name'),
      exchange_mic: read.matching(
        'exchange_mic',
        'an ISO 10383 code of four letters or digits',
        /^[A-Z0-9]{4}$/,
      ),
      security_type: read.text('type'),
      currency: read.matching('currency', 'an ISO 4217 code of three letters', /^[A-Z]{3}$/),
      cik: read.cik('cik'),
      figi: read.matching('figi', 'a FIGI of twelve letters or digits', /^[A-Z0-9]{12}$/),
      share_class_figi: read.matching(
        'share_class_figi',
        'a FIGI of twelve letters or digits',
        /^[A-Z0-9]{12}$/,
      ),
      list_date: read.day('list_date'),
      delist_date: read.day('delist_date'),
      is_listed: read.matching('is_listed', 'true or false', /^(TRUE|FALSE)$/)?.toLowerCase() ?? null,
    }
    read.required('ticker', row.ticker)
    if (row.list_date !== null && row.delist_date !== null && row.list_date > row.delist_date) {
      read.fault(`list_date ${row.list_date} is after delist_date ${row.delist_date}`)
    }
    if (read.faults.length > 0)
      return { rejected: read.faults.join('; '), kind: 'malformed', item: source_id }
    return { row, item: source_id }
  },
}
