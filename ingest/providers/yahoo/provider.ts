import { DAY_MS } from '../../../helpers/core/days.ts'
import {
  type AdapterContext,
  ahead,
  answered,
  chunksOf,
  notFound,
  pageOf,
  understood,
} from '../../adapter/adapter.ts'
import { type FieldWatch, fieldWatch } from '../../adapter/fields.ts'
import { tickerFor } from '../../adapter/notation.ts'
import type { Ask, Batch, Page, Provider, Subject, SubjectEnd } from '../../contract/provider.ts'
import type { HttpClient } from '../../http/client.ts'
import { chart, PROFILE } from './endpoints.ts'
import { type Chart, parseChart } from './parse.ts'

const SUBJECTS_A_BATCH = 25
const BAR_BYTES = 90
/**
 * A fund that has traded for as long as there are funds: asked for one day of it, to learn whether anybody
 * answers.
 */
const PROBE_SYMBOL = 'SPY'

/**
 * Yahoo's chart: bars and events of one symbol a request, without a key. Unofficial, and only for those who
 * opt in. It serves a symbol as it is held today: what a security traded under an earlier ticker is joined,
 * what is delisted is gone.
 */
export function yahoo(context: AdapterContext): Provider {
  const client = context.client(PROFILE)
  const watch = fieldWatch('yahoo', context.onUnknownField)
  return {
    name: 'yahoo',
    datasets: ['prices_daily', 'corporate_actions'],
    probe: async (signal) =>
      void (await client.fetch(chart(PROBE_SYMBOL, context.today, context.today), signal)),
    batches: (ask) => batchesOf(ask, context.today),
    read: (ask, batch, signal) => read(client, watch, ask, batch, context.today, signal),
  }
}

function batchesOf({ subjects, window, dataset }: Ask, today: string): Batch[] {
  const days = Math.max(1, (Date.parse(today) - Date.parse(window.start_date)) / DAY_MS)
  const each_bytes = Math.ceil(((days * 252) / 365) * BAR_BYTES)
  return chunksOf(subjects, SUBJECTS_A_BATCH).map((some) => ({
    label: `${dataset === 'prices_daily' ? 'bars' : 'events'} of ${some[0]?.ticker} … ${some.at(-1)?.ticker}`,
    subjects: some,
    estimate: { requests: some.length, bytes: some.length * each_bytes },
  }))
}

async function* read(
  client: HttpClient,
  watch: FieldWatch,
  ask: Ask,
  batch: Batch,
  today: string,
  signal: AbortSignal,
): AsyncGenerator<Page | SubjectEnd> {
  const asked: { subject: Subject; symbol: string }[] = []
  for (const subject of batch.subjects) {
    const gone = subject.tickers.at(-1)?.valid_to
    const symbol = subject.ticker === undefined ? undefined : tickerFor(subject.ticker, 'yahoo')
    // Its symbol is free since then, and may be somebody else's today: prices of another company would look
    // like its own.
    if (subject.ticker === undefined) yield notFound(subject.item, 'no ticker is known for it')
    else if (gone != null)
      yield notFound(
        subject.item,
        `it gave up "${subject.ticker}" on ${gone}; Yahoo serves a symbol as it is held today`,
      )
    else if (symbol === undefined)
      yield notFound(subject.item, `Yahoo has no spelling for "${subject.ticker}"`)
    else asked.push({ subject, symbol })
  }
  const answers = ahead(asked, 2, async ({ subject, symbol }) => {
    const request = chart(symbol, ask.window.start_date, today)
    return { subject, symbol, response: await answered(subject.item, client.fetch(request, signal)) }
  })
  for await (const { subject, symbol, response } of answers) {
    const { item } = subject
    if ('status' in response) yield response
    else if (response.outcome === 'not_found') yield notFound(item, response.reason, response)
    else if (response.outcome === 'empty') yield { item, status: 'empty', reason: response.reason }
    else {
      const chart_of_item = understood(item, response, () =>
        ofSymbol(parseChart(response.json, watch), symbol),
      )
      if ('status' in chart_of_item) yield chart_of_item
      else yield pageOf(response, recordsOf(ask, item, chart_of_item.content, today))
    }
  }
}

/** The currency of a US security. Others, pence of London among them (GBp, GBX), would be read as dollars. */
const CURRENCY = 'USD'

/**
 * `chart`, where it says that it is about `symbol`, in dollars.
 *
 * @throws RangeError when it does not.
 */
function ofSymbol(chart: Chart, symbol: string): Chart {
  if (chart.symbol?.toUpperCase() !== symbol.toUpperCase())
    throw new RangeError(`it is about "${chart.symbol}", and "${symbol}" was requested`)
  if (chart.currency !== CURRENCY)
    throw new RangeError(`its prices are in ${chart.currency ?? 'no currency'}, and ${CURRENCY} is expected`)
  return chart
}

function recordsOf(
  { dataset }: Ask,
  source_id: string,
  { bars, events }: Chart,
  today: string,
): Page['records'] {
  if (dataset === 'corporate_actions')
    return events.map(({ record, malformed }, i) => ({
      record: { source_id, ...record },
      line: i + 1,
      ...(malformed === undefined ? {} : { malformed }),
    }))
  // The bar of today is not finished, and would be kept as if it were.
  return bars
    .filter(({ record }) => (record['date'] ?? '') < today)
    .map(({ record, line }) => ({ record: { source_id, ...record }, line }))
}
