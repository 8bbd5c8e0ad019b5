import { DAY_MS, daysBefore } from '../../../helpers/core/days.ts'
import { type AdapterContext, chunksOf, listed, located, notFound, pageOf } from '../../adapter/adapter.ts'
import { type FieldWatch, fieldWatch } from '../../adapter/fields.ts'
import { type Match, matchAll } from '../../adapter/identity.ts'
import type { Dataset, SourceRecord } from '../../contract/job.ts'
import type { Ask, Batch, Page, Provider, Subject, SubjectEnd } from '../../contract/provider.ts'
import type { HttpClient } from '../../http/client.ts'
import type { TranslatedAction } from './actions.ts'
import { ACTION_TYPES } from './actions.ts'
import { type Asset, alpacaIdOf, parseAssets } from './assets.ts'
import { holders } from './bars.ts'
import { type Masked, maskedBy, unmasked } from './cusips.ts'
import { type AlpacaKeys, assets, BARS_A_PAGE, corporateActions, profileOf } from './endpoints.ts'
import { HISTORY_TYPES, readHistory } from './history.ts'
import { actionPages } from './pages.ts'
import { readBars } from './read-bars.ts'

const CHANGES = 'name_change'
const DATASETS: readonly Dataset[] = ['securities', 'ticker_history', 'prices_daily', 'corporate_actions']
// As many symbols as keep an address below the length that proxies cut; pages are full all the same.
const SECURITIES_A_BATCH = 100
const SESSIONS_A_YEAR = 252
const BAR_BYTES = 110
const ACTIONS_A_YEAR = 25_000
const ACTION_BYTES = 250
const ASSETS_BYTES = 8_000_000
/** A liquidation pays those who held the security when its listing ended, up to so many days before. */
const PAID_AFTER_DAYS = 366

/**
 * Alpaca: bars as traded for many symbols at once, and the corporate actions of the whole market. Free with a
 * paper account.
 */
export function alpaca(context: AdapterContext, keys: AlpacaKeys): Provider {
  const client = context.client(profileOf(keys))
  const watch = fieldWatch('alpaca', context.onUnknownField)
  return {
    name: 'alpaca',
    datasets: DATASETS,
    concurrency: 2,
    // A week of a rare kind of event: both keys are needed, and next to nothing comes back.
    probe: async (signal) => {
      const week = daysBefore(context.today, 7)
      await client.fetch(corporateActions(['worthless_removal'], week, context.today, undefined), signal)
    },
    batches: (ask) => batchesOf(ask, context.today),
    read(ask, batch, signal) {
      if (ask.dataset === 'prices_daily') return readBars(context, client, watch, ask, batch, signal)
      if (ask.dataset === 'corporate_actions')
        return readActions(client, watch, ask, batch, context.today, signal)
      return ask.dataset === 'securities'
        ? readAssets(client, watch, batch, signal)
        : readHistory(client, watch, ask, batch, context.today, signal)
    },
  }
}

function batchesOf({ dataset, subjects, window }: Ask, today: string): Batch[] {
  if (subjects.length === 0) return []
  if (dataset === 'securities')
    return [
      { label: 'assets, active and inactive', subjects, estimate: { requests: 2, bytes: ASSETS_BYTES } },
    ]
  if (dataset === 'prices_daily') {
    const sessions = yearsOf(window.start_date, window.end_date) * SESSIONS_A_YEAR
    return chunksOf(subjects, SECURITIES_A_BATCH).map((some) => {
      const points = Math.ceil(some.length * sessions)
      const label = `bars of ${some[0]?.ticker} … ${some.at(-1)?.ticker}`
      return {
        label,
        subjects: some,
        estimate: { requests: Math.ceil(points / BARS_A_PAGE), bytes: points * BAR_BYTES },
      }
    })
  }
  // Most actions are dividends; what the ticker history asks for is one in twenty.
  const actions =
    yearsOf(window.start_date, today) * ACTIONS_A_YEAR * (dataset === 'ticker_history' ? 0.05 : 1)
  // The history asks for both lists of assets, too.
  const [kinds, lists, lists_bytes] =
    dataset === 'ticker_history' ? [HISTORY_TYPES, 2, ASSETS_BYTES] : [ACTION_TYPES, 0, 0]
  const requests = Math.ceil(actions / 1000) + kinds.length + lists
  return [
    {
      label: `${dataset.replaceAll('_', ' ')} of the whole market`,
      subjects,
      estimate: { requests, bytes: Math.ceil(actions * ACTION_BYTES) + lists_bytes },
    },
  ]
}

const yearsOf = (from: string, to: string): number =>
  Math.max(0.1, (Date.parse(to) - Date.parse(from)) / (365.25 * DAY_MS))

async function* readActions(
  client: HttpClient,
  watch: FieldWatch,
  ask: Ask,
  { subjects }: Batch,
  today: string,
  signal: AbortSignal,
): AsyncGenerator<Page> {
  const holderOf = holders(subjects)
  const paidTo = holders(subjects, PAID_AFTER_DAYS)
  // Pages overlap when events come in while they are read. Three equal dividends of one day have three ids;
  // one reported twice has one.
  const seen = new Set<string>()
  const recordsOf = (actions: readonly TranslatedAction[], masks: ReadonlyMap<string, Masked>) =>
    actions.flatMap((action, i) => {
      const own = unmasked(action, masks)
      if (own === undefined) return []
      const { record, malformed, held_on } = own
      const action_id = `${record['provider_list']} ${record['kind']} ${record['provider_action_id']}`
      if (record['provider_action_id'] != null && seen.has(action_id)) return []
      seen.add(action_id)
      const asked = { ticker: record['ticker'] ?? null, date: held_on }
      const { source_id } = record['kind'] === 'liquidation' ? paidTo(asked) : holderOf(asked)
      return {
        record: source_id === undefined ? record : { ...record, source_id },
        line: i + 1,
        ...(malformed === undefined ? {} : { malformed }),
      }
    })
  const pagesOf = (types: readonly string[]) =>
    actionPages(client, watch, types, ask.window.start_date, today, signal)
  // Changes of name come first: they tell whose symbol a CUSIP is.
  const changes = await Array.fromAsync(pagesOf([CHANGES]))
  const masks = maskedBy(changes.flatMap(({ actions }) => actions))
  for (const { response, actions } of changes) yield pageOf(response, recordsOf(actions, masks))
  for await (const { response, actions } of pagesOf(ACTION_TYPES.filter((type) => type !== CHANGES)))
    yield pageOf(response, recordsOf(actions, masks))
}

async function* readAssets(
  client: HttpClient,
  watch: FieldWatch,
  { subjects }: Batch,
  signal: AbortSignal,
): AsyncGenerator<Page | SubjectEnd> {
  const answers = [
    listed(await client.fetch(assets('active'), signal), 'active assets'),
    listed(await client.fetch(assets('inactive'), signal), 'inactive assets'),
  ]
  const lists = answers.map((response) => ({ response, listed: parseAssets(response.json, watch) }))
  const matches = matchAssets(
    lists.map(({ listed }) => listed),
    subjects,
  )
  const found = lists.map(() => [] as SourceRecord[])
  for (const subject of subjects) {
    const [hit, which] = matches.get(subject) ?? [undefined, -1]
    if (hit === undefined)
      yield notFound(subject.item, `Alpaca lists no asset "${alpacaIdOf(subject) ?? subject.ticker}"`)
    else if ('ambiguous' in hit)
      yield { item: subject.item, status: 'failed', error_class: 'conflict', reason: hit.ambiguous }
    else {
      const { ticker, name, type, exchange_mic, unknown_exchange } = hit.candidate
      if (unknown_exchange !== undefined) {
        const reason = `unknown exchange "${unknown_exchange}"`
        yield { item: subject.item, status: 'failed', error_class: 'malformed', reason }
        continue
      }
      const is_listed = which === 0 ? 'true' : 'false'
      found[which]?.push({
        source_id: subject.item,
        ticker: ticker ?? subject.ticker ?? null,
        name,
        // The directory of the exchanges knows the listed ones better: it has a flag for funds.
        type: which === 0 ? null : type,
        exchange_mic,
        currency: 'USD',
        cik: subject.cik ?? null,
        is_listed,
      })
    }
  }
  for (const [i, { response }] of lists.entries()) yield pageOf(response, located(found[i] ?? []))
}

/**
 * Who is which asset, and in which list. Ids first, over both lists: the first owner of a reused ticker is
 * inactive, and must not be taken for its second one. Who has an id of ours that neither list knows is not
 * found, whoever has its ticker. The others are looked up by ticker among what is left; one that is active
 * hides the inactive ones of the same name, which are its former owners.
 */
function matchAssets(
  lists: readonly (readonly Asset[])[],
  subjects: readonly Subject[],
): Map<Subject, readonly [Match<Asset>, number]> {
  const matches = new Map<Subject, readonly [Match<Asset>, number]>()
  const by_id = subjects.map((subject) => ({ subject, nameless: { ...subject, ticker: undefined } }))
  const exact = matchAll(
    lists.flat(),
    by_id.map(({ nameless }) => nameless),
  )
  const claimed = new Set<Asset>()
  for (const { subject, nameless } of by_id) {
    const hit = exact.get(nameless)
    if (hit === undefined) continue
    if ('candidate' in hit) claimed.add(hit.candidate)
    matches.set(subject, [
      hit,
      'candidate' in hit ? lists.findIndex((list) => list.includes(hit.candidate)) : -1,
    ])
  }
  for (const [which, list] of lists.entries()) {
    const open = subjects.filter((subject) => !matches.has(subject) && alpacaIdOf(subject) === undefined)
    const left = list.filter((asset) => !claimed.has(asset))
    for (const [subject, hit] of matchAll(left, open))
      if (hit !== undefined) matches.set(subject, [hit, which])
  }
  return matches
}
