import { FormatError } from '../../helpers/core/errors.ts'
import {
  type LocatedRecord,
  type Page,
  type Provider,
  SourceError,
  type Subject,
  type SubjectEnd,
} from '../contract/provider.ts'
import { sourceError } from '../http/breaker.ts'
import type { HttpClient } from '../http/client.ts'
import type { HttpProfile, HttpResponse } from '../http/profile.ts'
import type { UnknownField } from './fields.ts'

/** What an adapter over HTTP is given. */
export interface AdapterContext {
  /** The one client of a provider, with its budget, archive and breaker. */
  readonly client: (profile: HttpProfile) => HttpClient
  /** Today in New York, YYYY-MM-DD: how far "until now" goes. */
  readonly today: string
  /** The present moment: how far an answer "until now" may go. */
  readonly now: () => Date
  /** Reports something that a person should know, such as what was not asked for. */
  readonly onNotice: (text: string) => void
  /** Called once for each field of a response that the adapter's FIELDS table does not know. */
  readonly onUnknownField: (field: UnknownField) => void
}

/** Makes the page of one response: named by its address, proven by its hash. */
export function pageOf(response: HttpResponse, records: readonly LocatedRecord[]): Page {
  return { file: response.url, archive_sha256: response.sha256, records, read_bytes: response.body.length }
}

/**
 * Since when `subject` has had `ticker`, where a source can say no more than that it has it on `day`: what we
 * know already, else that day. So an interval is not cut short by a run over a shorter window, nor by a
 * source that knows today alone.
 */
export const knownStart = ({ tickers }: Subject, ticker: string, day: string): string =>
  tickers.find(
    (known) =>
      known.ticker === ticker && known.valid_from < day && (known.valid_to === null || known.valid_to >= day),
  )?.valid_from ?? day

/** Numbers records from 1, as a reject will name them. */
export const located = (records: readonly LocatedRecord['record'][]): LocatedRecord[] =>
  records.map((record, i) => ({ record, line: i + 1 }))

/**
 * `response`, where it is the list that was asked for.
 *
 * @throws SourceError where it is "not found" or "empty": a list that everybody has is not read as one
 *   without rows.
 */
export function listed<R extends HttpResponse>(response: R, what: string): R {
  if (response.outcome === 'ok') return response
  const { url, outcome, reason, http_status } = response
  throw sourceError(`${url} should be the list of ${what}, and is ${outcome}: ${reason}.`, {
    error_class: 'malformed',
    http_status,
  })
}

export const notFound = (item: string, reason: string, response?: HttpResponse): SubjectEnd => ({
  item,
  status: 'not_found',
  reason,
  ...(response === undefined ? {} : { http_status: response.http_status }),
})

/**
 * The answer about one subject, or its end: what is wrong with this one alone fails nobody else. What is
 * wrong with the account is thrown: it parks the rest.
 */
export async function answered(
  item: string,
  answer: Promise<HttpResponse>,
): Promise<HttpResponse | SubjectEnd> {
  try {
    return await answer
  } catch (error) {
    if (!(error instanceof SourceError) || error.is_about_account) throw error
    const { error_class, http_status, message: reason } = error
    return {
      item,
      status: 'failed',
      error_class,
      reason,
      ...(http_status === undefined ? {} : { http_status }),
    }
  }
}

/**
 * What `read` makes of the answer about one subject; or its end by name, when the body has a form that the
 * adapter does not know. The bytes are in the archive: once the adapter knows the form, a replay reads them.
 */
export function understood<T>(
  item: string,
  response: HttpResponse,
  read: () => T,
): { readonly content: T } | SubjectEnd {
  try {
    return { content: read() }
  } catch (error) {
    if (!isAboutForm(error)) throw error
    const where = `${response.url} (SHA-256 ${response.sha256.slice(0, 12)}…)`
    const reason = `The answer of ${where} has a form that the adapter does not know: ${error.message}`
    return { item, status: 'failed', error_class: 'malformed', reason, http_status: response.http_status }
  }
}

/**
 * What code throws that meets a value of another form than was documented: never a word of the network, the
 * disk or the database.
 */
const isAboutForm = (error: unknown): error is Error =>
  error instanceof RangeError ||
  error instanceof TypeError ||
  error instanceof SyntaxError ||
  error instanceof FormatError

/** `provider`, of which an answer in a form that it does not know fails one batch and not the run. */
export function guarded(provider: Provider): Provider {
  async function* read(
    ...[ask, batch, signal]: Parameters<Provider['read']>
  ): AsyncGenerator<Page | SubjectEnd> {
    try {
      yield* provider.read(ask, batch, signal)
    } catch (error) {
      if (signal.aborted || !isAboutForm(error)) throw error
      throw sourceError(`${provider.name} cannot read an answer about ${batch.label}: ${error.message}`, {
        error_class: 'malformed',
        cause: error,
      })
    }
  }
  return { ...provider, read }
}

/**
 * `work` over `items`, in their order, with up to `places` under way: the next answers travel while one is
 * parsed. The first failure is thrown in its turn; what is still under way is left to end by itself. p-limit
 * would bound what is under way, and not what has ended and waits to be read.
 */
export async function* ahead<T, R>(
  items: readonly T[],
  places: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const under_way: Promise<R>[] = []
  let next = 0
  const start = (): void => {
    const item = items[next++]
    if (item === undefined) return
    const promise = work(item)
    promise.catch(() => {}) // It is awaited in its turn; until then its failure is nobody's.
    under_way.push(promise)
  }
  for (let i = 0; i < places; i++) start()
  for (let done = under_way.shift(); done !== undefined; done = under_way.shift()) {
    const result = await done
    start()
    yield result
  }
}

/** `items` in runs of `size`, in their order. */
export function chunksOf<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  )
}
