import { RANGES, reading } from './contract/fields.ts'
import { filings } from './contract/filings.ts'
import type { SourcedJob } from './contract/job.ts'

/**
 * XBRL facts as filed: every vintage that the source gives, whole whatever the window. Facts belong to a
 * filer.
 */
export const fundamentalsRaw: SourcedJob = {
  name: 'fundamentals-raw',
  kind: 'sourced',
  dataset: 'fundamentals',
  table: 'fundamentals_raw',
  needs: ['securities'],
  key: ['cik', 'taxonomy', 'tag', 'unit', 'period_end', 'period_start', 'accession'],
  values: ['value', 'form', 'fiscal_year', 'fiscal_period', 'filed', 'frame'],
  subject: 'filer',
  is_windowed: false,
  dated_by: 'filed',
  without_records: 'not_found',
  loads_beside: filings,

  parse(record, { identity }) {
    const read = reading(record)
    const cik = read.cik('cik')
    if (!read.required('cik', cik)) return { rejected: read.faults.join('; '), kind: 'malformed' }
    if (!identity.hasFiler(cik)) return { skipped: true }
    const row = {
      cik,
      taxonomy: read.text('taxonomy'),
      tag: read.text('tag'),
      unit: read.text('unit'),
      period_end: read.day('period_end'),
      period_start: read.day('period_start'),
      accession: read.text('accession'),
      value: read.within('value', RANGES.fact),
      form: read.text('form'),
      fiscal_year: read.whole('fiscal_year'),
      fiscal_period: read.text('fiscal_period'),
      filed: read.day('filed'),
      frame: read.text('frame'),
    }
    for (const name of ['taxonomy', 'tag', 'unit', 'period_end', 'accession', 'value', 'filed'] as const)
      read.required(name, row[name])
    if (row.period_start !== null && row.period_end !== null && row.period_start > row.period_end) {
      read.fault(`period_start ${row.period_start} is after period_end ${row.period_end}`)
    }
    if (read.faults.length > 0) return { rejected: read.faults.join('; '), kind: 'malformed', item: cik }
    return { row, item: cik }
  },
}
