import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import type { World } from '../market/types.ts'
import { type AlpacaKeys, createAlpacaFeed } from './alpaca.ts'
import { type Answer, type Asked, html, json } from './answer.ts'
import { createFaultSource, type FaultKind, type FaultPlan } from './faults.ts'
import { createLimiter, type Limit, type Limiter } from './limits.ts'
import { createNasdaqFeed } from './nasdaq.ts'
import { createSecFeed, rateThresholdExceeded } from './sec.ts'

const SERVICES = ['sec', 'secData', 'nasdaq', 'alpacaData', 'alpacaTrading'] as const
export type Service = (typeof SERVICES)[number]

/** The service that each server simulates. */
const OFFICIAL_ORIGINS: Readonly<Record<Service, string>> = {
  sec: 'https://www.sec.gov',
  secData: 'https://data.sec.gov',
  nasdaq: 'https://www.nasdaqtrader.com',
  alpacaData: 'https://data.alpaca.markets',
  alpacaTrading: 'https://paper-api.alpaca.markets',
}

/** The default account of the simulated broker. */
export const REHEARSAL_KEYS: AlpacaKeys = {
  key_id: 'PKREHEARSAL000000001',
  secret_key: 'rehearsal-secret-of-nobody-000000000001',
}

export interface MarketOptions {
  readonly faults?: FaultPlan
  /** Enforced limits; null switches one off. The SEC counts both hosts together, the broker both of its. */
  readonly limits?: { readonly sec?: Limit | null; readonly alpaca?: Limit | null }
  readonly keys?: AlpacaKeys
  /** The clock of the broker; that of the machine by default. */
  readonly now?: () => Date
}

/** One request that came, oldest first. */
export interface LoggedRequest {
  readonly service: Service
  readonly method: string
  readonly path_and_query: string
  readonly status: number
  /** What befell it on purpose. */
  readonly fault: FaultKind | null
  /** True when a limit refused it. */
  readonly is_refused: boolean
  readonly at_ms: number
}

export interface Market {
  /** Loopback origins, e.g. `http://127.0.0.1:49152`. */
  readonly origins: Readonly<Record<Service, string>>
  /** The same by the official origin that each replaces. */
  readonly stand_ins: Readonly<Record<string, string>>
  readonly log: readonly LoggedRequest[]
  /** Requests that a limit refused, by service. */
  refused(): Readonly<Record<Service, number>>
  stop(): Promise<void>
}

const LIMITS = {
  sec: { requests: 10, window_ms: 1000 },
  alpaca: { requests: 200, window_ms: 60_000 },
} as const
const LOG_MAX = 500_000

/**
 * Serves the simulated market on loopback as the SEC, Nasdaq Trader and Alpaca would, on free ports. It
 * answers from the world alone: no request changes anything. Call `stop` at the end; open connections are
 * closed.
 */
export async function startMarketServers(world: World, options: MarketOptions = {}): Promise<Market> {
  const plan = options.faults ?? {}
  const faults = createFaultSource(plan)
  const disorder = { duplicates: plan.duplicates ?? false, shuffled_pages: plan.shuffled_pages ?? false }
  const sec = createSecFeed(world, plan.index_days)
  const alpaca = createAlpacaFeed(world, options.keys ?? REHEARSAL_KEYS, disorder, {
    hidden: new Set(plan.hidden_tickers),
    refused: new Set(plan.refused_tickers),
    is_today_forbidden: plan.is_today_forbidden ?? false,
    now: options.now ?? (() => new Date()),
  })
  const nasdaq = createNasdaqFeed(world)
  const limitOf = (limit: Limit | null | undefined, usual: Limit): Limiter | null =>
    limit === null ? null : createLimiter(limit ?? usual)
  const sec_limiter = limitOf(options.limits?.sec, LIMITS.sec)
  const alpaca_limiter = limitOf(options.limits?.alpaca, LIMITS.alpaca)
  const feeds: Record<
    Service,
    { answer: (asked: Asked) => Answer | Promise<Answer>; limiter: Limiter | null }
  > = {
    sec: { answer: sec.www, limiter: sec_limiter },
    secData: { answer: sec.data, limiter: sec_limiter },
    nasdaq: { answer: nasdaq, limiter: null },
    alpacaData: { answer: alpaca.data, limiter: alpaca_limiter },
    alpacaTrading: { answer: alpaca.trading, limiter: alpaca_limiter },
  }
  const log: LoggedRequest[] = []
  const servers: Server[] = []

  const serve = async (
    service: Service,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> => {
    const { answer, limiter } = feeds[service]
    const at_ms = Date.now()
    const path_and_query = request.url ?? '/'
    const url = new URL(path_and_query, 'http://loopback.invalid')
    const is_refused = limiter !== null && !limiter.admit(at_ms)
    const fault = is_refused ? null : faults.next(service, path_and_query)
    const asked: Asked = { path: url.pathname, query: url.searchParams, headers: headersOf(request) }
    let given: Answer
    if (is_refused) given = refusal(service)
    else if (fault !== null && fault !== 'cut_body') given = faulty(service, fault, plan)
    else given = await answer(asked)
    if (log.length < LOG_MAX)
      log.push({
        service,
        method: request.method ?? 'GET',
        path_and_query,
        status: given.status,
        fault,
        is_refused,
        at_ms,
      })
    send(response, given, {
      accepts_gzip: /\bgzip\b/.test(asked.headers['accept-encoding'] ?? ''),
      is_cut: fault === 'cut_body',
      limiter,
      service,
    })
  }
  const origins = {} as Record<Service, string>
  for (const service of SERVICES) {
    const server = createServer((request, response) => {
      request.resume()
      serve(service, request, response).catch((error: unknown) =>
        response.destroy(error instanceof Error ? error : undefined),
      )
    })
    servers.push(server)
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
    origins[service] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }
  return {
    origins,
    stand_ins: Object.fromEntries(SERVICES.map((service) => [OFFICIAL_ORIGINS[service], origins[service]])),
    log,
    refused: () => {
      const counts = { sec: 0, secData: 0, nasdaq: 0, alpacaData: 0, alpacaTrading: 0 }
      for (const request of log) if (request.is_refused) counts[request.service]++
      return counts
    },
    stop: async () => {
      const closed = servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())))
      for (const server of servers) server.closeAllConnections()
      await Promise.all(closed)
    },
  }
}

const headersOf = (request: IncomingMessage): Asked['headers'] =>
  Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : value,
    ]),
  )

const isSec = (service: Service): boolean => service === 'sec' || service === 'secData'

function refusal(service: Service): Answer {
  if (isSec(service)) return rateThresholdExceeded()
  return service === 'alpacaTrading'
    ? json(429, { code: 42910000, message: 'rate limit exceeded' })
    : json(429, { message: 'too many requests.' })
}

function faulty(service: Service, fault: Exclude<FaultKind, 'cut_body'>, plan: FaultPlan): Answer {
  switch (fault) {
    case 'throttled_with_wait':
    case 'throttled_bare': {
      const refused = isSec(service) ? html(429, 'Too Many Requests', 'Please slow down.') : refusal(service)
      const headers =
        fault === 'throttled_bare'
          ? refused.headers
          : { ...refused.headers, 'retry-after': String(plan.retry_after_s ?? 1) }
      return { ...refused, status: 429, headers }
    }
    case 'server_error':
      return html(503, '503 Service Temporarily Unavailable', 'nginx')
    case 'html_page':
      return html(200, 'Scheduled maintenance', 'We will be back soon.')
    case 'missing_page':
      return html(404, '404 - File or directory not found.', 'The resource might have been removed.')
    case 'quota_in_200':
      return json(200, {
        detail: 'Error: You have run over your daily request allocation. Please upgrade your plan.',
      })
  }
}

interface Sending {
  readonly accepts_gzip: boolean
  readonly is_cut: boolean
  readonly limiter: Limiter | null
  readonly service: Service
}

function send(response: ServerResponse, answer: Answer, how: Sending): void {
  const plain = typeof answer.body === 'string' ? Buffer.from(answer.body) : answer.body
  const is_packed =
    how.accepts_gzip && plain.length > 1024 && !answer.headers['content-type']?.includes('zip')
  const body = is_packed ? gzipSync(plain, { level: 1 }) : plain
  const quota = how.limiter !== null && !isSec(how.service) ? limitHeaders(how.limiter) : {}
  response.writeHead(answer.status, {
    ...answer.headers,
    ...quota,
    ...(is_packed ? { 'content-encoding': 'gzip' } : {}),
    'content-length': String(body.length),
    ...(isSec(how.service) ? { 'cache-control': 'no-store' } : {}),
  })
  if (!how.is_cut) {
    response.end(body)
    return
  }
  // Half of what was promised, then the line goes dead.
  response.write(body.subarray(0, Math.floor(body.length / 2)), () => response.destroy())
}

function limitHeaders(limiter: Limiter): Record<string, string> {
  const now_ms = Date.now()
  return {
    'x-ratelimit-limit': String(limiter.limit.requests),
    'x-ratelimit-remaining': String(limiter.remaining(now_ms)),
    'x-ratelimit-reset': String(Math.ceil((now_ms + limiter.limit.window_ms) / 1000)),
  }
}
