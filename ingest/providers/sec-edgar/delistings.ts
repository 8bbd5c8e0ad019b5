import type { SourceRecord } from '../../contract/job.ts'
import type { Subject } from '../../contract/provider.ts'
import type { Filer, Filing } from './parse.ts'

const WITHDRAWAL = /^25(-NSE)?(\/A)?$/
const END_OF_REGISTRATION = /^15-(12B|12G|15D)(\/A)?$/

/**
 * The delisting of `subject`, as far as its filer's papers prove one.
 *
 * Form 25 withdraws one class of securities, and the index of filings does not say which; the file number is
 * the same for every class of a filer. So it counts only where no class of the filer is left on an exchange:
 * as long as one is, the form may be about another class, a preferred that was called or a note that matured.
 * The SEC states no exchange for some securities that are listed (for ISRL in 2025, beside ISRLU on Nasdaq):
 * as long as a class without one is left, a Form 15 must confirm that the filer is gone.
 * The day is that of the filing of the last Form 25; the withdrawal takes effect ten days later, and trading
 * has ended by then. A Form 15 that follows confirms it.
 */
export function delistingsOf(filer: Filer, subject: Subject): SourceRecord[] {
  const exchanges = filer.listings.map(({ exchange }) => exchange || 'not stated')
  if (exchanges.some((exchange) => exchange !== 'OTC' && exchange !== 'not stated')) return []
  const withdrawal = newest(filer.filings, WITHDRAWAL)
  if (withdrawal === undefined) return []
  const registration = newest(filer.filings, END_OF_REGISTRATION)
  const confirms = registration !== undefined && (registration.filed ?? '') >= (withdrawal.filed ?? '')
  if (exchanges.includes('not stated') && !confirms) return []
  return [
    {
      source_id: subject.item,
      ex_date: withdrawal.filed,
      kind: 'delisting',
      form: withdrawal.form,
      accession: withdrawal.accession,
      file_number: withdrawal.file_number,
      day_is: 'filing of Form 25',
      confirmed_by: confirms
        ? `${registration.form} ${registration.accession}, filed ${registration.filed}`
        : null,
    },
  ]
}

function newest(filings: readonly Filing[], form: RegExp): Filing | undefined {
  return filings
    .filter((filing) => form.test(filing.form ?? ''))
    .toSorted((a, b) => ((a.filed ?? '') < (b.filed ?? '') ? -1 : 1))
    .at(-1)
}
