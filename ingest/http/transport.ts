import type { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate, zstdDecompress } from 'node:zlib'
import { Agent, type Dispatcher } from 'undici'
import { messageOf } from '../../helpers/core/errors.ts'
import type { Answer, Outcome } from './outcome.ts'

/** Limits of one exchange. Every one of them ends in a class, none in a hang. */
export interface Timeouts {
  readonly connect_ms: number
  readonly headers_ms: number
  /** Longest silence within a body. */
  readonly idle_ms: number
  /** The whole exchange: a server that drips a byte now and then is never silent. */
  readonly total_ms: number
}
export const DEFAULT_TIMEOUTS: Timeouts = {
  connect_ms: 10_000,
  headers_ms: 60_000,
  idle_ms: 30_000,
  total_ms: 180_000,
}

/** The answer did not arrive whole. */
export interface Broken {
  readonly broken: Extract<Outcome, 'transient' | 'truncated' | 'malformed'>
  readonly reason: string
  readonly http_status?: number
  readonly cause?: unknown
  readonly latency_ms?: number
}
export interface Exchange {
  readonly method: string
  /**
   * Where to connect, e.g. https://data.sec.gov; or a loopback origin in its place, then `host` still names
   * the official one.
   */
  readonly origin: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | undefined
  readonly body_bytes_max: number
  readonly timeouts: Timeouts
  readonly signal: AbortSignal
  /**
   * Called for a 200 whose body is to be streamed away; the body of the answer is then empty.
   */
  readonly sink?: ((chunk: Buffer) => Promise<void>) | undefined
}

export const isBroken = (answer: Answer | Broken): answer is Broken => 'broken' in answer

export interface Transport {
  exchange(exchange: Exchange): Promise<Answer | Broken>
  close(): Promise<void>
}

// gzip alone is asked for; a gateway may pack otherwise all the same.
const UNPACK: Readonly<
  Record<string, (body: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>>
> = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
  zstd: promisify(zstdDecompress),
}

/** HTTP/1.1 over undici: no redirect is followed and no retry is made. */
export function openTransport(timeouts: Timeouts = DEFAULT_TIMEOUTS): Transport {
  const agent = new Agent({
    connect: { timeout: timeouts.connect_ms },
    headersTimeout: timeouts.headers_ms,
    bodyTimeout: timeouts.idle_ms,
    connections: 32,
  })
  return { exchange: (exchange) => exchangeOver(agent, exchange), close: () => agent.destroy() }
}

async function exchangeOver(agent: Agent, exchange: Exchange): Promise<Answer | Broken> {
  const deadline = AbortSignal.timeout(exchange.timeouts.total_ms)
  const signal = AbortSignal.any([exchange.signal, deadline])
  const sent_ms = performance.now()
  let response: Dispatcher.ResponseData
  try {
    response = await agent.request({
      origin: exchange.origin,
      path: exchange.path,
      method: exchange.method as Dispatcher.HttpMethod,
      headers: { ...exchange.headers, 'accept-encoding': exchange.sink === undefined ? 'gzip' : 'identity' },
      body: exchange.body ?? null,
      signal,
    })
  } catch (error) {
    exchange.signal.throwIfAborted()
    return {
      broken: 'transient',
      reason: deadline.aborted ? overdue(exchange) : describe(error),
      cause: error,
    }
  }
  const latency_ms = performance.now() - sent_ms
  const headers = flatten(response.headers)
  try {
    const body = await readBody(response.body, headers, exchange, response.statusCode)
    return { http_status: response.statusCode, headers, body, latency_ms }
  } catch (error) {
    response.body.on('error', () => {}).destroy()
    exchange.signal.throwIfAborted()
    const http_status = response.statusCode
    if (error instanceof UnfitError)
      return { broken: 'malformed', reason: error.message, http_status, latency_ms }
    // The headers are here and the body is not: it was cut, whatever the socket says. Silence may end; a cut
    // may not be the last.
    const silent = deadline.aborted || codeOf(error) === 'UND_ERR_BODY_TIMEOUT'
    return {
      broken: silent ? 'transient' : 'truncated',
      reason: deadline.aborted ? overdue(exchange) : `the body broke off: ${describe(error)}`,
      http_status,
      latency_ms,
      cause: error,
    }
  }
}

class UnfitError extends Error {}

async function readBody(
  stream: Readable,
  headers: Record<string, string>,
  exchange: Exchange,
  status: number,
): Promise<Buffer> {
  const chunks: Buffer[] = []
  const max = exchange.body_bytes_max
  let received = 0
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    received += chunk.length
    if (received > max) throw new UnfitError(`the body is larger than the limit of ${max} bytes`)
    if (exchange.sink !== undefined && status === 200) await exchange.sink(chunk)
    else chunks.push(chunk)
  }
  const stated = headers['content-length']
  if (
    stated !== undefined &&
    /^\d+$/.test(stated) &&
    Number(stated) !== received &&
    exchange.method !== 'HEAD'
  ) {
    throw new Error(`${received} bytes of ${stated} that Content-Length stated`)
  }
  const body = Buffer.concat(chunks)
  const encoding = headers['content-encoding']?.trim().toLowerCase()
  if (encoding === undefined || encoding === 'identity' || body.length === 0) return body
  const unpack = UNPACK[encoding]
  if (unpack === undefined) throw new UnfitError(`Content-Encoding ${encoding} was not requested`)
  try {
    return await unpack(body, { maxOutputLength: max })
  } catch (error) {
    if (codeOf(error) === 'ERR_BUFFER_TOO_LARGE')
      throw new UnfitError(`the unpacked body is larger than the limit of ${max} bytes`)
    throw error
  }
}

const overdue = ({ timeouts }: Exchange): string => `no complete answer within ${timeouts.total_ms} ms`

const codeOf = (error: unknown): string | undefined => (error as { code?: string } | undefined)?.code

function describe(error: unknown): string {
  const code = codeOf(error)
  return code === undefined ? messageOf(error) : `${messageOf(error)} (${code})`
}

function flatten(headers: Dispatcher.ResponseData['headers']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name.toLowerCase(), Array.isArray(value) ? value.join(', ') : value]],
    ),
  )
}
