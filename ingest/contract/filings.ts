import { reading } from './fields.ts'
import type { SourcedJob } from './job.ts'

/** Annual, quarterly and current reports, late ones, and what registers or ends a listing. */
const KEPT_FORMS = new RegExp(
  '^(?:NT )?(?:10-?KT?(?:405|SB)?|10-?QT?(?:SB)?|8-K|20-F|40-F|6-K|25(?:-NSE)?|15-1\\w+|15F?-\\w+|S-[1-4]' +
    '|F-[1-4]|10-12[BG]|8-A12[BG])(?:/A)?$',
)

/**
 * Filings of the filers whose facts are loaded, before their facts. Those that no research of prices and
 * facts reads (reports of insiders, of holders, correspondence) are skipped, unless they have XBRL data.
 * `items` are joined by commas; `accepted_at` has an offset from UTC.
 */
export const filings: SourcedJob = {
  name: 'fundamentals-raw',
  kind: 'sourced',
  dataset: 'filings',
  table: 'filings',
  needs: ['securities'],
  key: ['cik', 'accession'],
  values: [
    'form',
    'filed',
    'accepted_at',
    'is_accepted_at_certain',
    'report_date',
    'items',
    'sic',
    'is_xbrl',
    'size_bytes',
    'primary_document',
  ],
  subject: 'filer',
  is_windowed: false,
  without_records: 'empty',

  parse(record, { identity }) {
    const read = reading(record)
    const cik = read.cik('cik')
    if (!read.required('cik', cik)) return { rejected: read.faults.join('; '), kind: 'malformed' }
    if (!identity.hasFiler(cik)) return { skipped: true }
    const form = read.text('form')
    const is_xbrl = read.flag('is_xbrl')
    if (form !== null && is_xbrl !== 'true' && !KEPT_FORMS.test(form)) return { skipped: true }
    const accepted_at = read.moment('accepted_at')
    const certain = read.flag('is_accepted_at_certain') ?? 'true'
    const row = {
      cik,
      accession: read.text('accession'),
      form,
      filed: read.day('filed'),
      accepted_at,
      is_accepted_at_certain: accepted_at === null ? null : certain,
      report_date: read.day('report_date'),
      items: itemsOf(read.text('items')),
      sic: read.matching('sic', 'a code of four digits', /^\d{4}$/),
      is_xbrl,
      size_bytes: read.whole('size_bytes'),
      primary_document: read.text('primary_document'),
    }
    for (const name of ['accession', 'form', 'filed'] as const) read.required(name, row[name])
    if (read.faults.length > 0) return { rejected: read.faults.join('; '), kind: 'malformed', item: cik }
    return { row, item: cik }
  },
}

/** The items as an array of PostgreSQL. */
function itemsOf(text: string | null): string | null {
  const items = (text ?? '').split(',').map((item) => item.trim())
  const named = items.filter((item) => item !== '')
  return named.length === 0 ? null : `{${named.map((item) => JSON.stringify(item)).join(',')}}`
}
