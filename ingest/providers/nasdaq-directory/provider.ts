import { dayBefore } from '../../../helpers/core/days.ts'
import { type AdapterContext, listed, located, notFound, pageOf } from '../../adapter/adapter.ts'
import { type FieldWatch, fieldWatch } from '../../adapter/fields.ts'
import { matchAll } from '../../adapter/identity.ts'
import type { SourceRecord } from '../../contract/job.ts'
import type {
  Ask,
  Batch,
  LocatedRecord,
  Page,
  Provider,
  Subject,
  SubjectEnd,
} from '../../contract/provider.ts'
import type { HttpClient } from '../../http/client.ts'
import { type DirectoryFile, directory, PROFILE } from './endpoints.ts'
import { type Listing, parseDirectory } from './parse.ts'

const FILES: readonly DirectoryFile[] = ['nasdaqlisted', 'otherlisted']

/**
 * The symbol directories of Nasdaq Trader: what is listed today on which exchange. Free, no key. It knows
 * neither filers nor the past: a security that is no longer listed is not found, and a ticker interval begins
 * when our own knowledge does.
 */
export function nasdaqDirectory(context: AdapterContext): Provider {
  const client = context.client(PROFILE)
  const watch = fieldWatch('nasdaq-directory', context.onUnknownField)
  return {
    name: 'nasdaq-directory',
    datasets: ['securities', 'ticker_history'],
    probe: async (signal) =>
      void listed(await client.fetch(directory('otherlisted'), signal), 'listed securities'),
    batches: ({ subjects }) =>
      subjects.length === 0
        ? []
        : [{ label: 'symbol directories', subjects, estimate: { requests: 2, bytes: 1_500_000 } }],
    read: (ask, batch, signal) => read(client, watch, ask, batch, signal),
  }
}

async function* read(
  client: HttpClient,
  watch: FieldWatch,
  ask: Ask,
  batch: Batch,
  signal: AbortSignal,
): AsyncGenerator<Page | SubjectEnd> {
  const answers = []
  for (const file of FILES) {
    const response = listed(await client.fetch(directory(file), signal), 'listed securities')
    answers.push({ file, response, ...parseDirectory(file, response.body.toString('utf8'), watch) })
  }
  // Whose listing has ended has no ticker today: whoever has it now is somebody else.
  const subjects = batch.subjects.filter(({ delist_date }) => delist_date === undefined)
  for (const { item, delist_date } of batch.subjects)
    if (delist_date !== undefined) yield notFound(item, `its listing ended on ${delist_date}`)
  const matches = matchAll(
    answers.flatMap(({ listings }) => listings),
    subjects,
  )
  const found = new Map<Listing, Subject[]>()
  for (const subject of subjects) {
    const hit = matches.get(subject)
    if (hit === undefined) yield notFound(subject.item, `no exchange lists "${subject.ticker}" today`)
    else if ('ambiguous' in hit)
      yield { item: subject.item, status: 'failed', error_class: 'conflict', reason: hit.ambiguous }
    else if (hit.candidate.fault !== undefined)
      yield { item: subject.item, status: 'failed', error_class: 'malformed', reason: hit.candidate.fault }
    else found.set(hit.candidate, [...(found.get(hit.candidate) ?? []), subject])
  }
  for (const { response, listings, malformed, created } of answers) {
    const records = listings.flatMap((listing) =>
      (found.get(listing) ?? []).flatMap((subject) => recordsOf(ask, subject, listing, created)),
    )
    const broken: LocatedRecord[] = malformed.map(({ line, text }) => ({
      record: { text },
      line,
      malformed: 'the line has not as many cells as the header',
    }))
    yield pageOf(response, [...located(records), ...broken])
  }
}

function recordsOf(
  ask: Ask,
  subject: Subject,
  { ticker, name, exchange_mic, type }: Listing,
  created: string | null,
): SourceRecord[] {
  const source_id = subject.item
  if (ask.dataset === 'securities')
    return [{ source_id, ticker, name, exchange_mic, type, currency: 'USD', cik: subject.cik ?? null }]
  const listed = `listed in the directory of ${created ?? 'an unknown day'}`
  const interval = (valid_from: string, reason: string): SourceRecord => ({
    source_id,
    ticker,
    valid_from,
    valid_to: null,
    exchange_mic,
    reason,
  })
  const last = subject.tickers.at(-1)
  const today = dayOf(created)
  // What we know of the past stays as it is: the directory knows today alone. A new ticker is his since we
  // first see it there.
  if (last === undefined) return [interval(ask.first_session_date, `${listed}; since when is not known`)]
  if (last.ticker === ticker && last.valid_to === null)
    return [interval(last.valid_from, `${listed}; since when is known from before`)]
  if (today === null || last.valid_from >= today)
    return [interval(ask.first_session_date, `${listed}; since when is not known`)]
  const former = {
    source_id,
    ticker: last.ticker,
    valid_from: last.valid_from,
    valid_to: dayBefore(today),
    exchange_mic: null,
    reason: `gone from the directory by ${today}`,
  }
  return [...(last.valid_to === null ? [former] : []), interval(today, `${listed} for the first time`)]
}

/** MMDDYYYYHH:MM → YYYY-MM-DD. */
const dayOf = (created: string | null): string | null => {
  const [, month, day, year] = /^(\d\d)(\d\d)(\d{4})/.exec(created ?? '') ?? []
  return year === undefined ? null : `${year}-${month}-${day}`
}
