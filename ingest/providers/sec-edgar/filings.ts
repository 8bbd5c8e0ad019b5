import type { SourceRecord } from '../../contract/job.ts'
import { acceptancesOf } from './acceptance.ts'
import type { Filer } from './parse.ts'

/** A record for each filing of a filer. */
export function filingRecords({ cik, sic, filings }: Filer): SourceRecord[] {
  const acceptances = acceptancesOf(filings)
  return filings.map((filing, at): SourceRecord => {
    const { accepted_at = null, is_certain = null } = acceptances[at] ?? {}
    return {
      cik,
      accession: filing.accession,
      form: filing.form,
      filed: filing.filed,
      accepted_at,
      is_accepted_at_certain: is_certain === null ? null : String(is_certain),
      report_date: filing.report_date,
      items: filing.items,
      sic,
      is_xbrl: filing.is_xbrl,
      size_bytes: filing.size_bytes,
      primary_document: filing.primary_document,
    }
  })
}
