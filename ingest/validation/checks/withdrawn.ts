import type { Check } from '../../contract/job.ts'

/**
 * What the sources no longer say. Its rows are kept: a source may have lost them by mistake, and a part of a
 * source is silent on the rest.
 */
export const withdrawalChecks: readonly Check[] = [
  {
    name: 'withdrawn-by-source',
    claim: 'every bar, action and fact still stood in its source when its days were last read',
    severity: 'soft',
    violations: `
      select item as subject, job, provider, rows_count, first_date, last_date, examples from ingestion.withdrawals`,
  },
]
