import { createRandom } from '../market/random.ts'
import type { IndexFault } from './sec-index.ts'

export const FAULT_KINDS = [
  'throttled_with_wait',
  'throttled_bare',
  'server_error',
  'cut_body',
  'html_page',
  'quota_in_200',
  'missing_page',
] as const
export type FaultKind = (typeof FAULT_KINDS)[number]

/** They stop a client, or say that a file does not exist: they befall a request that a plan names. */
const BY_NAME_ALONE: ReadonlySet<FaultKind> = new Set(['quota_in_200', 'missing_page'])

/**
 * What goes wrong on the way. The same plan and the same requests give the same faults, in whatever order the
 * requests come.
 */
export interface FaultPlan {
  readonly seed?: string
  /** Share of distinct requests that fail before they succeed, 0 to 1. */
  readonly ratio?: number
  /**
   * What may befall them. `quota_in_200`, a statement about the account, which should stop a client, and
   * `missing_page`, a page that says 404, are not in the default.
   */
  readonly kinds?: readonly FaultKind[]
  /** How often in a row one request may fail. */
  readonly times_max?: number
  /** The wait of a 429 with Retry-After, in seconds. */
  readonly retry_after_s?: number
  /** Requests that fail for certain: the first `times` whose path and query contain `match`. */
  readonly at?: readonly { readonly match: string; readonly kind: FaultKind; readonly times: number }[]
  /** Records at the seam of two pages come twice. */
  readonly duplicates?: boolean
  /** Neighbouring pages change places. */
  readonly shuffled_pages?: boolean
  /** Tickers that the broker does not have: symbols that do not exist. */
  readonly hidden_tickers?: readonly string[]
  /** Symbols that the broker rejects as invalid, with the complete request that contains one of them. */
  readonly refused_tickers?: readonly string[]
  /** The plan of the account has no bars of today at all, not only none of the last 15 minutes. */
  readonly is_today_forbidden?: boolean
  /** Filers whose facts and submissions are never served: every request ends with 500. */
  readonly broken_ciks?: readonly string[]
  /** What is wrong with the SEC's index of filings of a day. */
  readonly index_days?: Readonly<Record<string, IndexFault>>
}

/**
 * Every kind that a run must survive, once for certain and then by chance; no loss. A 429 with Retry-After
 * stops all of a provider's requests for a second: one for each provider shows that the client waits as long
 * as it was asked to, dozens only wait.
 */
export const REHEARSAL_FAULTS: FaultPlan = {
  seed: 'rehearsal',
  ratio: 0.04,
  kinds: ['throttled_bare', 'server_error', 'cut_body', 'html_page'],
  times_max: 2,
  retry_after_s: 1,
  at: [
    { match: '/v2/assets', kind: 'server_error', times: 1 },
    { match: '/v2/stocks/bars', kind: 'throttled_with_wait', times: 1 },
    { match: '/v1/corporate-actions', kind: 'cut_body', times: 1 },
    { match: 'company_tickers_exchange', kind: 'html_page', times: 1 },
    { match: '/submissions/', kind: 'throttled_with_wait', times: 1 },
    { match: 'companyfacts', kind: 'throttled_bare', times: 1 },
    { match: 'nasdaqlisted', kind: 'cut_body', times: 1 },
  ],
  duplicates: true,
  shuffled_pages: true,
}

export interface FaultSource {
  /** What befalls this request now; null when it is answered. */
  next(service: string, path_and_query: string): FaultKind | null
}

export function createFaultSource(plan: FaultPlan): FaultSource {
  const kinds = plan.kinds ?? FAULT_KINDS.filter((kind) => !BY_NAME_ALONE.has(kind))
  const left = (plan.at ?? []).map((entry) => ({ ...entry }))
  const pending = new Map<string, FaultKind[]>()
  return {
    next: (service, path_and_query) => {
      if (plan.broken_ciks?.some((cik) => path_and_query.includes(`CIK${cik}`))) return 'server_error'
      const certain = left.find((entry) => entry.times > 0 && path_and_query.includes(entry.match))
      if (certain !== undefined) {
        certain.times--
        return certain.kind
      }
      const request = `${service} ${normal(path_and_query)}`
      let faults = pending.get(request)
      if (faults === undefined) {
        const random = createRandom(`${plan.seed ?? ''}/fault/${request}`)
        const times = random.chance(plan.ratio ?? 0) ? random.integer(1, plan.times_max ?? 1) : 0
        faults = Array.from({ length: times }, () => random.pick(kinds))
        pending.set(request, faults)
      }
      return faults.shift() ?? null
    },
  }
}

/** The order of the parameters says nothing. */
function normal(path_and_query: string): string {
  const [path, query] = path_and_query.split('?')
  return `${path}?${(query ?? '').split('&').sort().join('&')}`
}
