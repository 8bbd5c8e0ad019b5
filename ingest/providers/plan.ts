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
export interface PlanLine {
  readonly provider: string
  readonly jobs: readonly {
    readonly job: string
    readonly batches: number
    readonly requests: number
    readonly bytes: number
  }[]
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
      const sum = (of: 'requests' | 'bytes'): number =>
        batches.reduce((total, { estimate }) => total + estimate[of], 0)
      return {
        provider: provider.name,
        job,
        batches: batches.length,
        requests: sum('requests'),
        bytes: sum('bytes'),
      }
    }),
  )
  const lines = [...Map.groupBy(planned, ({ provider }) => provider)].map(([provider, jobs]): PlanLine => {
    const requests = jobs.reduce((total, job) => total + job.requests, 0)
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
      jobs: jobs.map(({ provider: _, ...job }) => job),
      requests,
      bytes: jobs.reduce((total, job) => total + job.bytes, 0),
      limits,
    }
  })
  const sum = (pick: (line: PlanLine) => number): number =>
    lines.reduce((total, line) => total + pick(line), 0)
  return {
    lines,
    requests: sum(({ requests }) => requests),
    bytes: sum(({ bytes }) => bytes),
    minutes: sum(({ limits }) => Math.max(0, ...limits.map(({ minutes }) => minutes))),
  }
}

/** The plan for people, a line each; `--plan` prints it. */
export function describePlan({ lines, requests, bytes, minutes }: Plan): string[] {
  return [
    ...lines.flatMap((line) => [
      `${line.provider}: ${counted(line.requests, 'request')}, ${gigabytes(line.bytes)}`,
      ...line.jobs.map(
        ({ job, requests: own, batches, bytes: own_bytes }) =>
          `  ${job}: ${counted(own, 'request')}, batches: ${batches}, ${gigabytes(own_bytes)}`,
      ),
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
