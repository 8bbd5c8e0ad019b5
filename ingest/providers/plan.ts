import type { Dataset } from '../contract/job.ts'
import type { Ask, Provider } from '../contract/provider.ts'
import { describeLimits, type Limit, MINUTE_MS } from '../http/budget.ts'
import { ADAPTERS } from './registry.ts'

/**
 * One job of a plan: what will be asked of which provider. For a combination, each of its parts is an entry
 * of its own.
 */
export interface PlannedAsk {
  readonly job: string
  readonly provider: Provider
  readonly ask: Ask
}
/** What a job asks of one provider: once for each dataset that it loads. */
export interface PlannedJob {
  readonly job: string
  readonly datasets: readonly PlannedDataset[]
  readonly batches: number
  readonly requests: number
  readonly bytes: number
}
export interface PlannedDataset {
  readonly dataset: Dataset
  readonly batches: number
  readonly requests: number
  readonly bytes: number
}
export interface PlanLine {
  readonly provider: string
  readonly jobs: readonly PlannedJob[]
  readonly requests: number
  readonly bytes: number
  /** By each limit: the least time that it allows, and the share of one window that is spent. */
  readonly limits: readonly {
    readonly limit: Limit
    readonly minutes: number
    readonly window_share: number
  }[]
}
export interface Plan {
  readonly lines: readonly PlanLine[]
  readonly requests: number
  readonly bytes: number
  /** Providers work one after the other in the worst case: the sum of the slowest limit of each. */
  readonly minutes: number
}

/** What a run will cost, before it costs anything. Makes no requests. */
export async function planOf(asks: readonly PlannedAsk[]): Promise<Plan> {
  const planned = await Promise.all(
    asks.map(async ({ job, provider, ask }) => {
      const batches = await provider.batches(ask)
      const estimates = batches.map(({ estimate }) => estimate)
      const dataset: PlannedDataset = {
        dataset: ask.dataset,
        batches: batches.length,
        requests: sumOf(estimates, 'requests'),
        bytes: sumOf(estimates, 'bytes'),
      }
      return { provider: provider.name, job, dataset }
    }),
  )
  const lines = [...Map.groupBy(planned, ({ provider }) => provider)].map(([provider, asked]): PlanLine => {
    const jobs = [...Map.groupBy(asked, ({ job }) => job)].map(([job, some]): PlannedJob => {
      const datasets = some.map(({ dataset }) => dataset)
      return {
        job,
        datasets,
        batches: sumOf(datasets, 'batches'),
        requests: sumOf(datasets, 'requests'),
        bytes: sumOf(datasets, 'bytes'),
      }
    })
    const requests = sumOf(jobs, 'requests')
    const limits = (ADAPTERS[provider]?.limits ?? []).map((limit) => {
      const window_share = requests / limit.requests_max
      // The first window's worth goes out at once; every further one waits for a window to pass.
      return {
        limit,
        window_share,
        minutes: (Math.max(0, Math.ceil(window_share) - 1) * limit.window_ms) / MINUTE_MS,
      }
    })
    return {
      provider,
      jobs,
      requests,
      bytes: sumOf(jobs, 'bytes'),
      limits,
    }
  })
  const slowest = lines.map(({ limits }) => ({
    minutes: Math.max(0, ...limits.map(({ minutes }) => minutes)),
  }))
  return {
    lines,
    requests: sumOf(lines, 'requests'),
    bytes: sumOf(lines, 'bytes'),
    minutes: sumOf(slowest, 'minutes'),
  }
}

const sumOf = <K extends string>(parts: readonly Readonly<Record<K, number>>[], name: K): number =>
  parts.reduce((total, part) => total + part[name], 0)

/** The plan for people, a line each; `--plan` prints it. */
export function describePlan({ lines, requests, bytes, minutes }: Plan): string[] {
  return [
    ...lines.flatMap((line) => [
      `${line.provider}: ${counted(line.requests, 'request')}, ${gigabytes(line.bytes)}`,
      ...line.jobs.map(describeJob),
      ...line.limits.map(
        ({ limit, minutes, window_share }) =>
          `  limit ${describeLimits([limit])}: ` +
          `at least ${minutes.toFixed(1)} min; ${quota(limit, window_share)}`,
      ),
      ...cannotOf(line.provider),
    ]),
    `in all: ${counted(requests, 'request')}, ${gigabytes(bytes)}, at least ${minutes.toFixed(1)} min`,
  ]
}

function describeJob({ job, datasets, requests, batches, bytes }: PlannedJob): string {
  const each = datasets.map(
    (part) => `${part.dataset.replaceAll('_', ' ')} ${part.requests.toLocaleString('en-US')}`,
  )
  const parts = datasets.length > 1 ? ` (${each.join(', ')})` : ''
  return `  ${job}: ${counted(requests, 'request')}${parts}, batches: ${batches}, ${gigabytes(bytes)}`
}

const counted = (count: number, what: string): string =>
  `${count.toLocaleString('en-US')} ${what}${count === 1 ? '' : 's'}`
const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(bytes < 1e8 ? 3 : 2)} GB`
const quota = ({ window_ms }: Limit, share: number): string =>
  window_ms <= MINUTE_MS ? `${share.toFixed(1)} windows full` : `${(share * 100).toFixed(0)} % of the quota`

function cannotOf(provider: string): string[] {
  const adapter = ADAPTERS[provider]
  if (adapter === undefined) return []
  return [`  API as of ${adapter.api_as_of}; it cannot serve: ${adapter.cannot.join('; ')}`]
}
