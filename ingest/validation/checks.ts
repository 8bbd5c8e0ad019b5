import type { Database } from '../../helpers/postgres/database.ts'
import type { Check } from '../contract/job.ts'
import { JOBS } from '../jobs.ts'
import { adjustmentChecks } from './checks/adjustment.ts'
import { filingChecks, fundamentalsChecks } from './checks/fundamentals.ts'
import { identityChecks } from './checks/identity.ts'
import { priceChecks } from './checks/prices.ts'
import { secondSourceChecks } from './checks/second-source.ts'
import { structureChecks } from './checks/structure.ts'
import { suspiciousActionChecks } from './checks/suspicious-actions.ts'
import { suspiciousFactChecks } from './checks/suspicious-facts.ts'
import { suspiciousPriceChecks } from './checks/suspicious-prices.ts'
import { suspiciousSeriesChecks } from './checks/suspicious-series.ts'
import { withdrawalChecks } from './checks/withdrawn.ts'
import type { Violation } from './findings.ts'
import { recomputeFactors } from './recompute-factors.ts'
import { recomputeQuarters } from './recompute-quarters.ts'

/** A claim whose violations code finds: an independent computation outside SQL. */
export interface Recomputation extends Omit<Check, 'violations'> {
  find(db: Database): Promise<Violation[]>
}

const recomputations: readonly Recomputation[] = [
  {
    name: 'factors-equal-recomputation',
    claim: 'factors, split ratios and the rows of the adjusted view equal an independent recomputation',
    severity: 'hard',
    find: recomputeFactors,
  },
  {
    name: 'quarters-equal-recomputation',
    claim: 'derived quarters, every vintage, equal an independent recomputation',
    severity: 'hard',
    find: recomputeQuarters,
  },
]

/** Every check there is, in the order of the way of the data. */
export const CHECKS: readonly (Check | Recomputation)[] = [
  ...structureChecks,
  ...identityChecks,
  ...priceChecks,
  ...adjustmentChecks,
  ...filingChecks,
  ...fundamentalsChecks,
  ...JOBS.flatMap((job) => job.checks),
  ...recomputations,
  ...suspiciousPriceChecks,
  ...suspiciousSeriesChecks,
  ...suspiciousActionChecks,
  ...suspiciousFactChecks,
  ...withdrawalChecks,
  ...secondSourceChecks,
]

/**
 * Hard checks whose findings may be accepted in writing: a filing itself can break them. What our own
 * processing broke cannot be accepted.
 */
export const ACCEPTABLE_HARD_CHECKS: ReadonlySet<string> = new Set(filingChecks.map(({ name }) => name))
