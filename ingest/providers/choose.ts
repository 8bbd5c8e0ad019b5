import { ConfigError } from '../../helpers/core/errors.ts'
import type { Credentials } from '../adapter/declaration.ts'
import type { Dataset, JobName } from '../contract/job.ts'
import { lackOf } from './credentials.ts'
import { ADAPTERS, type Named, partsOf } from './registry.ts'

/** Job → providers by preference. A list within the list is one choice: they are asked together. */
export type ProviderSet = Readonly<Record<string, readonly Named[]>>

const DATASET_OF: Readonly<Partial<Record<JobName, Dataset>>> = {
  securities: 'securities',
  'ticker-history': 'ticker_history',
  'prices-daily': 'prices_daily',
  'corporate-actions': 'corporate_actions',
  'fundamentals-raw': 'fundamentals',
}

export interface Choice {
  readonly job: JobName
  readonly dataset: Dataset
  /** As `openProviders().get` takes it. */
  readonly provider: Named
  /** What is before it in the list, and why it was skipped. */
  readonly passed_over: readonly string[]
}

/**
 * For each job, or each of `jobs`, the first provider of its list that can be used. Chosen before a run, so
 * that a missing key or a wrong name stops it before it begins. `without`: providers that are skipped this
 * time, e.g. one whose quota is used up.
 *
 * @throws ConfigError that names every job without a provider, and why.
 */
export function chooseProviders(
  set: ProviderSet,
  credentials: Credentials,
  without: readonly string[] = [],
  jobs?: readonly JobName[],
): Choice[] {
  const { choices, faults } = weighProviders(set, credentials, without, jobs)
  if (faults.length > 0) throw new ConfigError(faults)
  return choices
}

/** The same without throwing: what was chosen, and why a job is left without a provider. */
export function weighProviders(
  set: ProviderSet,
  credentials: Credentials,
  without: readonly string[] = [],
  jobs?: readonly JobName[],
): { readonly choices: Choice[]; readonly faults: readonly string[] } {
  const faults = without
    .filter((name) => ADAPTERS[name] === undefined)
    .map(
      (name) => `--without ${name}: unknown provider; the providers are ${Object.keys(ADAPTERS).join(', ')}`,
    )
  const choices = Object.entries(DATASET_OF).flatMap(([job, dataset]): Choice[] => {
    if (jobs?.includes(job as JobName) === false) return []
    const passed_over: string[] = []
    for (const name of set[job] ?? []) {
      const fault = faultOf(name, dataset, credentials, without)
      if (fault === undefined) return [{ job: job as JobName, dataset, provider: name, passed_over }]
      passed_over.push(`${nameOf(name)}: ${fault}`)
    }
    faults.push(
      passed_over.length === 0
        ? `providers.${job}: no provider is named`
        : `providers.${job}: no provider can be used (${passed_over.join('; ')})`,
    )
    return []
  })
  for (const job of Object.keys(set))
    if (!(job in DATASET_OF)) faults.push(`providers.${job}: unknown job, or one that needs no provider`)
  return { choices, faults }
}

/** "sec-edgar and nasdaq-directory". */
export const nameOf = (names: Named): string => partsOf(names).join(' and ')

function faultOf(
  names: Named,
  dataset: Dataset,
  credentials: Credentials,
  without: readonly string[],
): string | undefined {
  for (const part of partsOf(names)) {
    const adapter = ADAPTERS[part]
    if (adapter === undefined) return `unknown provider "${part}"`
    if (without.includes(part)) return 'skipped by --without'
    if (!adapter.datasets.includes(dataset)) return `${part} does not serve ${dataset.replaceAll('_', ' ')}`
    const lack = lackOf(adapter, credentials)
    if (lack !== undefined) return lack
  }
  return undefined
}
