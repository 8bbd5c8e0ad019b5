import { dayBefore } from '../../../helpers/core/days.ts'
import { type AdapterContext, listed, notFound, pageOf } from '../../adapter/adapter.ts'
import type { FieldWatch } from '../../adapter/fields.ts'
import { tickerFor } from '../../adapter/notation.ts'
import type { Ask, Batch, LocatedRecord, Page, Subject, SubjectEnd } from '../../contract/provider.ts'
import { SourceError } from '../../contract/provider.ts'
import type { HttpClient } from '../../http/client.ts'
import type { HttpResponse } from '../../http/profile.ts'
import { holders, parseBars, symbolsOf } from './bars.ts'
import { type BarsQuestion, bars } from './endpoints.ts'
import { newestOf } from './newest.ts'
import { freshToken } from './pages.ts'
import { RECENT_REFUSED } from './patterns.ts'

type Span = Pick<BarsQuestion, 'start_date' | 'end_date' | 'is_now'>

/** What reading one batch needs. */
interface Reading {
  readonly client: HttpClient
  readonly watch: FieldWatch
  readonly signal: AbortSignal
  /** Symbols that Alpaca refused by name. */
  readonly refused: Set<string>
}

/** Bars of one batch. A symbol that is refused is left out, and everything else is asked for again. */
export async function* readBars(
  context: AdapterContext,
  client: HttpClient,
  watch: FieldWatch,
  { window }: Ask,
  { subjects }: Batch,
  signal: AbortSignal,
): AsyncGenerator<Page | SubjectEnd> {
  const { end, is_now, left_out } = newestOf(window.end_date, context.today, context.now())
  if (left_out !== undefined) context.onNotice(`alpaca: not requested: ${left_out}`)
  if (end < window.start_date) {
    const reason = `nothing of its window can be requested yet: ${left_out ?? 'no session is over'}`
    for (const { item } of subjects) yield { item, status: 'empty', reason }
    return
  }
  const symbols_of = new Map(subjects.map((subject) => [subject, spellingsOf(subject, window)]))
  const symbols = [...new Set([...symbols_of.values()].flat())]
  const reading = { client, watch, signal, refused: new Set<string>() }
  const withHolder = holders(subjects)
  const span = { start_date: window.start_date, end_date: end, is_now }
  for await (const { response, records } of pagesOf(reading, symbols, span, context)) {
    const held = records.map(({ record, ...where }) => ({ ...where, record: withHolder(record) }))
    yield pageOf(response, held)
  }
  for (const [subject, own] of symbols_of) {
    const end_of = refusalOf(subject, own, reading.refused)
    if (end_of !== undefined) yield end_of
  }
}

/** The symbols of a subject as Alpaca writes them. */
const spellingsOf = (subject: Subject, window: Ask['window']): string[] =>
  symbolsOf([subject], window).map((ticker) => tickerFor(ticker, 'alpaca') ?? ticker)

/** What the refusal of symbols means for their security: none of its bars, or a part of them missing. */
function refusalOf(
  { item }: Subject,
  symbols: readonly string[],
  refused: ReadonlySet<string>,
): SubjectEnd | undefined {
  const own = symbols.filter((symbol) => refused.has(symbol))
  if (own.length === 0) return undefined
  const reason = `Alpaca refuses "${own.join('", "')}" as an invalid symbol`
  if (own.length === symbols.length) return notFound(item, reason)
  const rest = `${reason}; its bars under that ticker are missing, so those under other tickers are withheld`
  return { item, status: 'failed', error_class: 'malformed', reason: rest }
}

interface BarsRead {
  readonly response: HttpResponse
  readonly records: readonly LocatedRecord[]
}

/**
 * The pages of `symbols`. Alpaca refuses a whole request for one symbol: the one that it names is taken out;
 * where it names none of them, each half is asked for by itself.
 */
async function* pagesOf(
  reading: Reading,
  symbols: readonly string[],
  span: Span,
  context: AdapterContext,
): AsyncGenerator<BarsRead> {
  let left = symbols
  while (left.length > 0) {
    const first = await firstPage(reading, left, span, context)
    if (first.response.outcome !== 'not_found') {
      yield* pagesFrom(reading, left, first)
      return
    }
    const named = refusedBy(first.response, left)
    if (named === undefined && left.length > 1) {
      const half = Math.ceil(left.length / 2)
      yield* pagesOf(reading, left.slice(0, half), span, context)
      yield* pagesOf(reading, left.slice(half), span, context)
      return
    }
    const out = named ?? left[0] ?? ''
    reading.refused.add(out)
    left = left.filter((symbol) => symbol !== out)
  }
}

/** The symbol of ours that a refusal names: "invalid symbol: X". */
function refusedBy(response: HttpResponse, symbols: readonly string[]): string | undefined {
  const [, name] = /symbol:?\s+"?([^\s",}]+)/i.exec(response.body.toString('utf8')) ?? []
  return symbols.find((symbol) => symbol === name)
}

interface First {
  readonly response: HttpResponse
  readonly span: Span
}

/**
 * The first page, and the span that it answers: a plan that refuses the newest minutes all the same is asked
 * for the time until yesterday.
 */
async function firstPage(
  { client, signal }: Reading,
  symbols: readonly string[],
  span: Span,
  context: AdapterContext,
): Promise<First> {
  try {
    return { response: await client.fetch(bars({ ...span, symbols, page_token: undefined }), signal), span }
  } catch (error) {
    const until_yesterday = { ...span, end_date: dayBefore(context.today), is_now: false }
    if (!isRecentRefused(error) || !span.is_now || until_yesterday.end_date < span.start_date) throw error
    context.onNotice(`alpaca: not requested: bars of ${context.today}, which the plan of this key refuses`)
    const request = bars({ ...until_yesterday, symbols, page_token: undefined })
    return { response: await client.fetch(request, signal), span: until_yesterday }
  }
}

const isRecentRefused = (error: unknown): boolean =>
  error instanceof SourceError && error.message.includes(RECENT_REFUSED)

async function* pagesFrom(
  { client, watch, signal }: Reading,
  symbols: readonly string[],
  { response: first, span }: First,
): AsyncGenerator<BarsRead> {
  const asked = new Set(symbols)
  const tokens = new Set<string>()
  // A refusal of a later page says nothing of the symbols whose bars are on it: it fails the batch.
  let response = listed(first, 'bars')
  for (;;) {
    const page = parseBars(response.json, watch, asked)
    yield { response, records: page.records }
    const page_token = freshToken(page.next_page_token, tokens)
    if (page_token === undefined) return
    response = listed(await client.fetch(bars({ ...span, symbols, page_token }), signal), 'bars')
  }
}
