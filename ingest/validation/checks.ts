import { basename, join } from 'node:path'
import type { Bootstrap } from '../../helpers/config/config.ts'
import { ConfigError } from '../../helpers/core/errors.ts'
import { JOB_NAMES } from '../contract/job.ts'
import type { Check, Recomputation } from './check.ts'
import { readChecks } from './check-file.ts'
import { calculatedItemsRecomputation } from './recompute-calculated-items.ts'
import { factorsRecomputation } from './recompute-factors.ts'
import { listingsRecomputation } from './recompute-listings.ts'
import { quartersRecomputation } from './recompute-quarters.ts'
import { standardItemsRecomputation } from './recompute-standard-items.ts'

const FOLDER = join(import.meta.dirname, 'checks')

const recomputations: readonly Recomputation[] = [
  factorsRecomputation,
  quartersRecomputation,
  standardItemsRecomputation,
  calculatedItemsRecomputation,
  listingsRecomputation,
]

/**
 * Every check of the project, in the order in which reports list them: first those of several tables, then
 * job by job; of each job the hard ones first, then by name.
 */
export const CHECKS: readonly (Check | Recomputation)[] = inOrder([...ofProject(), ...recomputations])

/** The checks that compare with the second source. */
export const SECOND_SOURCE_CHECKS: readonly (Check | Recomputation)[] = CHECKS.filter(
  (check) => 'needs_second_source' in check && check.needs_second_source,
)

/** What the checks of a configuration depend on. */
export interface ChecksConfig {
  readonly checks_directory: string | undefined
  /** Thresholds; where they are not given, each check has a default. */
  readonly bootstrap?: Pick<Bootstrap, 'thresholds'>
}

/**
 * The checks of the project with the thresholds of `bootstrap.json`, then the user's own: the files of the
 * folder that `BOOTSTRAP_CHECKS` names.
 *
 * @throws ConfigError that names each file that cannot be used, what is wrong with it and what to do.
 */
export function checksOf({ checks_directory, bootstrap }: ChecksConfig): readonly (Check | Recomputation)[] {
  const settings = bootstrap === undefined ? {} : thresholdSettings(bootstrap.thresholds)
  const checks = CHECKS.map((check) => ('query' in check ? { ...check, settings } : check))
  if (checks_directory === undefined) return checks
  const faults: string[] = []
  const own = readChecks(checks_directory, faults, true)
  if (own.length === 0 && faults.length === 0)
    faults.push(`BOOTSTRAP_CHECKS is ${checks_directory}; it has no .sql file. Add a check, or unset it`)
  const taken = new Set(CHECKS.map(({ name }) => name))
  for (const { name, file } of own)
    if (taken.has(name)) faults.push(`${file}: the project has a check "${name}"; rename ${basename(file)}`)
  if (faults.length > 0) throw new ConfigError(faults)
  return [...checks, ...inOrder(own.map((check) => ({ ...check, settings })))]
}

/** The thresholds that the queries of checks read, as settings of a session. */
const thresholdSettings = (thresholds: Bootstrap['thresholds']): Record<string, string> =>
  Object.fromEntries(
    (['newest_bar_max_sessions', 'security_bar_max_sessions', 'stale_max_ratio'] as const).map((name) => [
      `stocks_research.${name}`,
      String(thresholds[name]),
    ]),
  )

function ofProject(): Check[] {
  const faults: string[] = []
  const checks = readChecks(FOLDER, faults)
  if (faults.length > 0) throw new ConfigError(faults)
  return checks
}

function inOrder<T extends Check | Recomputation>(checks: readonly T[]): T[] {
  const rank = ({ job, severity, name }: T): string => {
    const place = job === undefined ? 0 : JOB_NAMES.indexOf(job) + 1
    return `${place} ${severity} ${name}`
  }
  return checks.toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1))
}
