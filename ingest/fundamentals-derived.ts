import { join } from 'node:path'
import { queryFile } from '../helpers/postgres/query-file.ts'
import type { DerivedJob } from './contract/job.ts'

/**
 * Quarters of every duration fact, point in time, with year-over-year change and trailing twelve months; and
 * standard items by vintage, which follow from facts and quarters. The rules are
 * `stocks_research.derive_fundamentals` and `stocks_research.derive_standard_items`. The window does not
 * limit facts: every vintage that was filed is kept.
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
    'is_transition',
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
    'is_transition_report(text)',
    'period_kind(integer)',
    'is_restatement(numeric, numeric)',
    'fact_kind(text, text)',
    'derive_standard_items(text[])',
    'standard_sum_tags()',
  ],
  rule_tables: ['standard_item_tags'],
  followed_by: {
    table: 'fundamentals_standard',
    key: ['cik', 'item', 'period_end', 'period_start', 'unit', 'known_from'],
    values: [
      'period_kind',
      'known_to',
      'value',
      'reason',
      'taxonomy',
      'tag',
      'method',
      'accession',
      'filed',
      'first_known_on',
      'first_value',
    ],
    derive: queryFile(join(import.meta.dirname, 'sql'), 'standard-items'),
  },
  is_as_of: false,
}
