import { join } from 'node:path'
import { queryFile } from '../helpers/postgres/query-file.ts'
import type { DerivedJob } from './contract/job.ts'

/**
 * Quarters of every duration fact, point in time, with year-over-year change and trailing twelve months. The
 * rules stand in `stocks_research.derive_fundamentals`. The window does not bound facts: every vintage that
 * was filed is kept.
 */
export const fundamentalsDerived: DerivedJob = {
  name: 'fundamentals-derived',
  kind: 'derived',
  table: 'fundamentals_derived',
  needs: ['fundamentals-raw'],
  key: ['cik', 'taxonomy', 'tag', 'unit', 'period_start', 'period_end', 'known_from'],
  values: [
    'value',
    'method',
    'reason',
    'accession',
    'subtracted_accession',
    'is_long_quarter',
    'yoy_ratio',
    'yoy_reason',
    'yoy_base_period_end',
    'ttm_value',
    'ttm_reason',
  ],
  subject: 'filer',

  derive: queryFile(join(import.meta.dirname, 'sql'), 'fundamentals-derived'),
  inputs: ['fundamentals_raw'],
  rules: [
    'derive_fundamentals(text[])',
    'is_periodic_report(text)',
    'period_kind(integer)',
    'is_restatement(numeric, numeric)',
    'fact_kind(text, text)',
  ],
  is_as_of: false,
}
