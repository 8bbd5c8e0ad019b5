import type { HttpClient } from '../../http/client.ts'
import type { Dataset } from '../../pipeline/job.ts'
import type { Ask, Batch, Page, Provider, SubjectEnd } from '../../pipeline/provider.ts'
import { type AdapterContext, chunksOf, located, notFound, pageOf } from '../adapter.ts'
import { type FieldWatch, fieldWatch } from '../fields.ts'
import { matcher, symbolKey } from '../identity.ts'
import { ACTION_TYPES, parseActions, type TranslatedAction, translateAction } from './actions.ts'
import { parseAssets } from './assets.ts'
import { holders, parseBars, symbolsOf } from './bars.ts'
import { type AlpacaKeys, assets, BARS_A_PAGE, bars, corporateActions, profileOf } from './endpoints.ts'
import { eventsOf, recordOf, walkBack } from './intervals.ts'

const DATASETS: readonly Dataset[] = ['securities', 'ticker_history', 'prices_daily', 'corporate_actions']
// As many symbols as keep an address below the length that proxies cut; pages are full all the same.
const SECURITIES_A_BATCH = 100
const SESSIONS_A_YEAR = 252
const BAR_BYTES = 110
const ACTIONS_A_YEAR = 25_000
const ACTION_BYTES = 250
// Delisting, renaming and merging end in these kinds; the ticker history needs no others.
const HISTORY_TYPES = ['name_change', 'unit_split', 'cash_merger', 'stock_merger', 'stock_and_cash_merger', 'worthless_removal']

/** Alpaca: bars as traded for many symbols at once, and the corporate actions of the whole market. Free with a paper account. */
export function alpaca(context: AdapterContext, keys: AlpacaKeys): Provider {
  const client = context.client(profileOf(keys))
  const watch = fieldWatch('alpaca', context.onUnknownField)
  return {
    name: 'alpaca',
    datasets: DATASETS,
    concurrency: 2,
    batches: (ask) => batchesOf(ask, context.today),
    read(ask, batch, signal) {
      if (ask.dataset === 'prices_daily') return readBars(client, watch, ask, batch, signal)
      if (ask.dataset === 'corporate_actions') return readActions(client, watch, ask, batch, context.today, signal)
      return ask.dataset === 'securities'
        ? readAssets(client, watch, batch, signal)
        : readHistory(client, watch, ask, batch, context.today, signal)
    },
  }
}

function batchesOf({ dataset, subjects, window }: Ask, today: string): Batch[] {
  if (subjects.length === 0) return []
  if (dataset === 'securities') return [{ label: 'assets, active and inactive', subjects, estimate: { requests: 2, bytes: 8_000_000 } }]
  if (dataset === 'prices_daily') {
    const sessions = yearsOf(window.start_date, window.end_date) * SESSIONS_A_YEAR
    return chunksOf(subjects, SECURITIES_A_BATCH).map((some) => {
      const points = Math.ceil(some.length * sessions)
      const label = `bars of ${some[0]?.ticker} … ${some.at(-1)?.ticker}`
      return { label, subjects: some, estimate: { requests: Math.ceil(points / BARS_A_PAGE), bytes: points * BAR_BYTES } }
    })
  }
  // Most actions are dividends; what the ticker history asks for is one in twenty.
  const actions = yearsOf(window.start_date, today) * ACTIONS_A_YEAR * (dataset === 'ticker_history' ? 0.05 : 1)
  const requests = Math.ceil(actions / 1000) + (dataset === 'ticker_history' ? HISTORY_TYPES : ACTION_TYPES).length
  return [
    {
      label: `${dataset.replaceAll('_', ' ')} of the whole market`,
      subjects,
      estimate: { requests, bytes: Math.ceil(actions * ACTION_BYTES) },
    },
  ]
}

const yearsOf = (from: string, to: string): number => Math.max(0.1, (Date.parse(to) - Date.parse(from)) / (365.25 * 86_400_000))

async function* readBars(
  client: HttpClient,
  watch: FieldWatch,
  { window }: Ask,
  { subjects }: Batch,
  signal: AbortSignal,
): AsyncGenerator<Page> {
  const symbols = symbolsOf(subjects, window)
  if (symbols.length === 0) return
  const withHolder = holders(subjects)
  let page_token: string | undefined
  const tokens = new Set<string>()
  do {
    const response = await client.fetch(bars({ symbols, ...window, page_token }), signal)
    if (response.outcome !== 'ok') return
    const page = parseBars(response.json, watch)
    yield pageOf(response, located(page.records.map(withHolder)))
    page_token = freshToken(page.next_page_token, tokens)
  } while (page_token !== undefined)
}

/** Corporate actions, kind by kind: a page that mixes kinds would put each kind's end behind another one's pages. */
async function* actionPages(
  client: HttpClient,
  watch: FieldWatch,
  types: readonly string[],
  start_date: string,
  today: string,
  signal: AbortSignal,
) {
  for (const type of types) {
    let page_token: string | undefined
    const tokens = new Set<string>()
    do {
      const response = await client.fetch(corporateActions([type], start_date, today, page_token), signal)
      if (response.outcome !== 'ok') break
      yield { response, actions: parseActions(response.json, watch).map(translateAction) }
      page_token = freshToken((response.json as { next_page_token?: string | null }).next_page_token ?? undefined, tokens)
    } while (page_token !== undefined)
  }
}

async function* readActions(
  client: HttpClient,
  watch: FieldWatch,
  ask: Ask,
  { subjects }: Batch,
  today: string,
  signal: AbortSignal,
): AsyncGenerator<Page> {
  const holderOf = holders(subjects)
  for await (const { response, actions } of actionPages(client, watch, ACTION_TYPES, ask.window.start_date, today, signal)) {
    const records = actions.map(({ record, malformed }, i) => {
      // On the day of a rename the old ticker is no longer the security's: whoever had it the day before is meant.
      const { source_id } = holderOf({ ticker: record['ticker'] ?? null, date: dayOfHolding(record) })
      return {
        record: source_id === undefined ? record : { ...record, source_id },
        line: i + 1,
        ...(malformed === undefined ? {} : { malformed }),
      }
    })
    yield pageOf(response, records)
  }
}

function dayOfHolding({ kind, ex_date }: TranslatedAction['record']): string | null {
  if (ex_date == null || kind !== 'name_change') return ex_date ?? null
  return new Date(Date.parse(`${ex_date}T00:00:00Z`) - 86_400_000).toISOString().slice(0, 10)
}

async function* readHistory(
  client: HttpClient,
  watch: FieldWatch,
  ask: Ask,
  { subjects }: Batch,
  today: string,
  signal: AbortSignal,
): AsyncGenerator<Page | SubjectEnd> {
  const all: TranslatedAction[] = []
  let last: Parameters<typeof pageOf>[0] | undefined
  for await (const { response, actions } of actionPages(client, watch, HISTORY_TYPES, ask.window.start_date, today, signal)) {
    all.push(...actions)
    last = response
  }
  if (last === undefined) return
  const { renames, departures } = eventsOf(all)
  const shared = new Set(
    [...Map.groupBy(subjects, ({ ticker }) => symbolKey(ticker ?? ''))].flatMap(([key, some]) => (some.length > 1 ? [key] : [])),
  )
  const intervals = subjects.flatMap((subject) => {
    if (subject.ticker === undefined || shared.has(symbolKey(subject.ticker))) return []
    const key = symbolKey(subject.ticker)
    // Its last ticker, and it was given up with nobody taking it over: then the last day before that is its end.
    const end = departures
      .filter(({ ticker }) => ticker === key)
      .toSorted((a, b) => (a.date < b.date ? -1 : 1))
      .at(-1)
    const taken = renames.some(({ to, date }) => to === key && end !== undefined && date >= end.date)
    const until = end === undefined || taken ? null : end.date
    return walkBack(
      subject.ticker,
      until,
      ask.window.start_date,
      renames,
      departures.filter((each) => each !== end),
    ).map((interval) => recordOf(subject.item, interval))
  })
  yield pageOf(last, located(intervals))
  for (const { item, ticker } of subjects) {
    if (ticker === undefined) yield notFound(item, 'no ticker is known for it')
    else if (shared.has(symbolKey(ticker))) {
      yield {
        item,
        status: 'failed',
        error_class: 'conflict',
        reason: `several securities of the universe end as «${ticker}»: name changes alone cannot tell which had it when`,
      }
    }
  }
}

async function* readAssets(
  client: HttpClient,
  watch: FieldWatch,
  { subjects }: Batch,
  signal: AbortSignal,
): AsyncGenerator<Page | SubjectEnd> {
  const answers = [await client.fetch(assets('active'), signal), await client.fetch(assets('inactive'), signal)]
  const lists = answers.map((response) => ({ response, listed: parseAssets(response.json, watch) }))
  // A ticker that is active now hides the inactive ones of the same name, which are its former owners.
  const matchers = lists.map(({ listed }) => matcher(listed))
  const found = lists.map(() => [] as ReturnType<typeof located>[number]['record'][])
  for (const subject of subjects) {
    const hits = matchers.map((match) => match(subject))
    const which = hits.findIndex((hit) => hit !== undefined)
    const hit = hits[which]
    if (hit === undefined) yield notFound(subject.item, `Alpaca lists no asset «${subject.ticker}»`)
    else if ('ambiguous' in hit) yield { item: subject.item, status: 'failed', error_class: 'conflict', reason: hit.ambiguous }
    else
      found[which]?.push({
        source_id: subject.item,
        ticker: hit.candidate.ticker,
        name: hit.candidate.name,
        exchange_mic: hit.candidate.exchange_mic,
        currency: 'USD',
        cik: subject.cik ?? null,
      })
  }
  for (const [i, { response }] of lists.entries()) yield pageOf(response, located(found[i] ?? []))
}

/** The token of the next page. One that was there already would lead round in a circle, and ends the reading as malformed. */
function freshToken(token: string | undefined, seen: Set<string>): string | undefined {
  if (token === undefined) return undefined
  if (seen.has(token)) throw new RangeError(`the API gave the page token ${token} twice: its pages go round in a circle`)
  seen.add(token)
  return token
}
