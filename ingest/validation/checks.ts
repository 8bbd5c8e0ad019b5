import { basename, join } from 'node:path'
import { ConfigError } from '../../helpers/core/errors.ts'
import { JOB_NAMES } from '../contract/job.ts'
import type { Check, Recomputation } from './check.ts'
import { readChecks } from './check-file.ts'
import { factorsRecomputation } from './recompute-factors.ts'
import { listingsRecomputation } from './recompute-listings.ts'
import { quartersRecomputation } from './recompute-quarters.ts'
import { standardItemsRecomputation } from './recompute-standard-items.ts'

const FOLDER = join(import.meta.dirname, 'checks')

const recomputations: readonly Recomputation[] = [
  factorsRecomputation,
  quartersRecomputation,
  standardItemsRecomputation,
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

/**
 * The checks of the project, then the user's own: the files of the folder that `BOOTSTRAP_CHECKS` names.
 *
 * @throws ConfigError that names each file that cannot be used, what is wrong with it and what to do.
 */
export function checksOf({
  checks_directory,
}: {
  readonly checks_directory: string | undefined
}): readonly (Check | Recomputation)[] {
  if (checks_directory === undefined) return CHECKS
  const faults: string[] = []
  const own = readChecks(checks_directory, faults, true)
  if (own.length === 0 && faults.length === 0)
    faults.push(`BOOTSTRAP_CHECKS is ${checks_directory}; it has no .sql file. Add a check, or unset it`)
  const taken = new Set(CHECKS.map(({ name }) => name))
  for (const { name, file } of own)
    if (taken.has(name)) faults.push(`${file}: the project has a check "${name}"; rename ${basename(file)}`)
  if (faults.length > 0) throw new ConfigError(faults)
  return [...CHECKS, ...inOrder(own)]
}

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
