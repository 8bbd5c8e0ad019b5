import {
  type AdapterContext,
  ahead,
  answered,
  chunksOf,
  listed,
  located,
  notFound,
  pageOf,
  understood,
} from '../../adapter/adapter.ts'
import { type FieldWatch, fieldWatch } from '../../adapter/fields.ts'
import { cikOfSubject, matchAll } from '../../adapter/identity.ts'
import type { Ask, Batch, Page, Provider, Subject, SubjectEnd } from '../../contract/provider.ts'
import type { HttpClient } from '../../http/client.ts'
import { parseJson } from '../../http/json.ts'
import type { HttpResponse } from '../../http/profile.ts'
import { entriesOf } from './bulk.ts'
import { delistingsOf } from './delistings.ts'
import * as endpoints from './endpoints.ts'
import { filingRecords } from './filings.ts'
import { newestFilings } from './newest-filings.ts'
import { type Filer, parseCompanyFacts, parseFilings, parseSubmissions, parseTickers } from './parse.ts'
import { submissionsOf } from './submissions.ts'

/**
 * Above so many filers one file of all facts is quicker than a request for each: 1.4 GB are some 900 requests
 * at 8 a second.
 */
const BULK_FILERS_MIN = 1000

const FILERS_A_BATCH = 25
/**
 * Of a universe that holds the dead of five years, so many are no longer in the list of tickers, and are
 * asked for one by one.
 */
const DEAD_RATIO = 0.2
const LOOK_AHEAD = 4
const FACTS_BYTES = 150_000
const SUBMISSIONS_BYTES = 40_000
const TICKERS_BYTES = 200_000
const BULK_BYTES = 1_390_000_000

/**
 * SEC EDGAR: who files (securities), what they filed and when (fundamentals, filings), and delistings by Form
 * 25 (corporate actions). Free, no key; the SEC wants to know who asks: `user_agent` is `Name
 * contact@example.com`.
 */
export function secEdgar(
  context: AdapterContext,
  { user_agent, bulk_filers_min = BULK_FILERS_MIN }: { user_agent: string; bulk_filers_min?: number },
): Provider {
  const client = context.client(endpoints.profileOf(user_agent))
  const watch = fieldWatch('sec-edgar', context.onUnknownField)
  return {
    name: 'sec-edgar',
    datasets: ['securities', 'fundamentals', 'filings', 'corporate_actions'],
    concurrency: 2,
    probe: async (signal) =>
      void listed(await client.fetch(endpoints.tickers(), signal), 'filers with their tickers'),
    newestFilings: (since_date, signal) => newestFilings(client, since_date, context.now(), signal),
    batches: (ask) => batchesOf(ask, bulk_filers_min),
    read(ask, batch, signal) {
      if (ask.dataset === 'securities') return readSecurities(client, watch, batch, signal)
      if (ask.dataset === 'corporate_actions') return readDelistings(client, watch, batch, signal)
      if (ask.dataset === 'filings') return readFilings(client, watch, batch, signal)
      return batch.label.startsWith(BULK)
        ? readBulk(client, watch, batch, signal)
        : readFacts(client, watch, batch, signal)
    },
  }
}

const BULK = 'facts of all filers'

function batchesOf({ dataset, subjects }: Ask, bulk_filers_min: number): Batch[] {
  if (dataset === 'securities') {
    const dead = Math.ceil(subjects.length * DEAD_RATIO)
    const estimate = { requests: 1 + dead, bytes: TICKERS_BYTES + dead * SUBMISSIONS_BYTES }
    return subjects.length === 0 ? [] : [{ label: 'filers with their tickers', subjects, estimate }]
  }
  if (dataset === 'fundamentals' && subjects.length >= bulk_filers_min) {
    return [{ label: `${BULK}, one file`, subjects, estimate: { requests: 1, bytes: BULK_BYTES } }]
  }
  const isFacts = dataset === 'fundamentals'
  const counted = new Set<string>()
  return chunksOf(subjects, FILERS_A_BATCH).map((some) => {
    // Securities of one filer share its answer. One whose filer is not known yet may have one of its own.
    const filers = new Set(some.map((subject) => cikAsked(subject) ?? subject.item))
    const requests = [...filers].filter((cik) => !counted.has(cik)).length
    for (const cik of filers) counted.add(cik)
    return {
      label: `${isFacts ? 'facts' : 'filings'} of ${some[0]?.item} … ${some.at(-1)?.item}`,
      subjects: some,
      estimate: { requests, bytes: requests * (isFacts ? FACTS_BYTES : SUBMISSIONS_BYTES) },
    }
  })
}

async function* readSecurities(
  client: HttpClient,
  watch: FieldWatch,
  { subjects }: Batch,
  signal: AbortSignal,
): AsyncGenerator<Page | SubjectEnd> {
  const response = listed(await client.fetch(endpoints.tickers(), signal), 'filers with their tickers')
  const matches = matchAll(parseTickers(response.json, watch), subjects)
  const unlisted: Subject[] = []
  const records = subjects.flatMap((subject) => {
    const found = matches.get(subject)
    if (found === undefined || 'ambiguous' in found) {
      unlisted.push(subject)
      return []
    }
    const { name, cik = null, exchange_mic, ticker, unknown_exchange } = found.candidate
    const record = { source_id: subject.item, ticker, name, exchange_mic, type: null, currency: null, cik }
    const fault =
      unknown_exchange === undefined ? {} : { malformed: `unknown exchange "${unknown_exchange}"` }
    return [{ record, ...fault }]
  })
  yield pageOf(
    response,
    records.map((each, i) => ({ ...each, line: i + 1 })),
  )
  // Who is not listed today may still have a filer: a delisted company is one whose filings end.
  for (const subject of unlisted) {
    const cik = cikOfSubject(subject)
    const found = matches.get(subject)
    if (cik === undefined) {
      if (found !== undefined && 'ambiguous' in found)
        yield { item: subject.item, status: 'failed', error_class: 'conflict', reason: found.ambiguous }
      else
        yield notFound(
          subject.item,
          `the SEC lists no filer with the ticker ${subject.ticker} today, and "${subject.item}" names none`,
          response,
        )
      continue
    }
    const answer = await answered(subject.item, submissionsOf(client, cik, subject, signal))
    if ('status' in answer) yield answer
    else if (answer.outcome === 'not_found')
      yield notFound(subject.item, `the SEC has no filer ${cik}`, answer)
    else {
      const known = await filerOf(client, watch, subject.item, answer, signal)
      if ('status' in known) {
        yield known
        continue
      }
      const filer = known.content
      const delist_date = delistingsOf(filer, subject)[0]?.['ex_date'] ?? null
      const nothing = { exchange_mic: null, type: null, currency: null }
      yield pageOf(
        answer,
        located([
          {
            source_id: subject.item,
            ticker: subject.ticker ?? null,
            name: filer.name,
            ...nothing,
            cik,
            delist_date,
          },
        ]),
      )
    }
  }
}

async function* readFacts(
  client: HttpClient,
  watch: FieldWatch,
  { subjects }: Batch,
  signal: AbortSignal,
): AsyncGenerator<Page | SubjectEnd> {
  const ask = (cik: string) => client.fetch(endpoints.companyFacts(cik), signal)
  for await (const { subject, response } of answersOf(subjects, ask)) {
    if (response === undefined) yield notFound(subject.item, 'no CIK is known for it')
    else if ('status' in response) yield response
    else if (response.outcome === 'not_found')
      yield notFound(subject.item, `the SEC has no XBRL facts of filer ${subject.item}`, response)
    else if (response.outcome === 'empty')
      yield { item: subject.item, status: 'empty', reason: 'the filer has no facts' }
    else {
      const facts = understood(subject.item, response, () => parseCompanyFacts(response.json, watch))
      yield 'status' in facts ? facts : pageOf(response, located(facts.content))
    }
  }
}

async function* readBulk(
  client: HttpClient,
  watch: FieldWatch,
  { subjects }: Batch,
  signal: AbortSignal,
): AsyncGenerator<Page | SubjectEnd> {
  const response = listed(await client.download(endpoints.companyFactsBulk(), signal), 'facts of all filers')
  const wanted = new Map(
    subjects.map((subject) => [endpoints.bulkEntryName(cikOfSubject(subject) ?? subject.item), subject]),
  )
  for await (const entry of entriesOf(response.path, new Set(wanted.keys()), signal)) {
    const { name } = entry
    const subject = wanted.get(name)
    if (subject === undefined) continue
    const { item } = subject
    wanted.delete(name)
    if ('fault' in entry) {
      yield {
        item,
        status: 'failed',
        error_class: 'malformed',
        reason: `${name} of ${response.url} cannot be unpacked: ${entry.fault}`,
      }
      continue
    }
    const file = `${response.url}#${name}`
    const facts = understood(item, { ...response, url: file }, () =>
      readEntry(entry.body.toString('utf8'), cikOfSubject(subject) ?? item, watch),
    )
    if ('status' in facts) yield facts
    else if (facts.content.length === 0) yield { item, status: 'empty', reason: 'the filer has no facts' }
    else
      yield {
        file,
        archive_sha256: response.sha256,
        records: located(facts.content),
        read_bytes: entry.body.length,
      }
  }
  for (const [name, { item }] of wanted) yield notFound(item, `the SEC's file of all facts has no ${name}`)
}

/**
 * The facts of one entry, which is judged as the answer about one filer is.
 *
 * @throws RangeError when it has no facts, or is about another filer.
 */
function readEntry(text: string, cik: string, watch: FieldWatch): ReturnType<typeof parseCompanyFacts> {
  const json = parseJson(text)
  const verdict = endpoints.companyFacts(cik).shape?.({ json, text })
  if (verdict?.outcome === 'empty') return []
  if (verdict !== undefined) throw new RangeError(verdict.reason)
  return parseCompanyFacts(json, watch)
}

async function* readDelistings(
  client: HttpClient,
  watch: FieldWatch,
  { subjects }: Batch,
  signal: AbortSignal,
): AsyncGenerator<Page | SubjectEnd> {
  const ask = (cik: string, subject: Subject) => submissionsOf(client, cik, subject, signal)
  for await (const { subject, response } of answersOf(subjects, ask)) {
    if (response === undefined) yield notFound(subject.item, 'no CIK is known for it')
    else if ('status' in response) yield response
    else if (response.outcome !== 'ok')
      yield notFound(subject.item, `the SEC has no filer of "${subject.item}"`, response)
    else {
      const filer = await filerOf(client, watch, subject.item, response, signal)
      yield 'status' in filer ? filer : pageOf(response, located(delistingsOf(filer.content, subject)))
    }
  }
}

async function* readFilings(
  client: HttpClient,
  watch: FieldWatch,
  { subjects }: Batch,
  signal: AbortSignal,
): AsyncGenerator<Page | SubjectEnd> {
  const ask = (cik: string) => client.fetch(endpoints.submissions(cik), signal)
  for await (const { subject, response } of answersOf(subjects, ask)) {
    const { item } = subject
    if (response === undefined) yield notFound(item, 'no CIK is known for it')
    else if ('status' in response) yield response
    else if (response.outcome !== 'ok') yield notFound(item, `the SEC has no filer "${item}"`, response)
    else {
      const newest = understood(item, response, () => parseSubmissions(response.json, watch))
      const filer =
        'status' in newest ? newest : await withOlderFilings(client, watch, item, newest.content, signal)
      yield 'status' in filer ? filer : pageOf(response, located(filingRecords(filer.content)))
    }
  }
}

/** The filer of an answer, with its older filings when it is a delisting that could stand among them. */
async function filerOf(
  client: HttpClient,
  watch: FieldWatch,
  item: string,
  response: HttpResponse,
  signal: AbortSignal,
): Promise<{ readonly content: Filer } | SubjectEnd> {
  const read = understood(item, response, () => parseSubmissions(response.json, watch))
  if ('status' in read) return read
  const filer = read.content
  // The newest filings are here; a filer that is gone files no more than a thousand papers after its Form 25.
  if (filer.listings.length > 0 || filer.filings.some(({ form }) => form?.startsWith('25') ?? false))
    return read
  return withOlderFilings(client, watch, item, filer, signal)
}

/** The filer with the filings of all its shards. */
async function withOlderFilings(
  client: HttpClient,
  watch: FieldWatch,
  item: string,
  filer: Filer,
  signal: AbortSignal,
): Promise<{ readonly content: Filer } | SubjectEnd> {
  const filings = [...filer.filings]
  for (const name of filer.shards) {
    const shard = await answered(item, client.fetch(endpoints.submissionsShard(name), signal))
    if ('status' in shard) return shard
    if (shard.outcome !== 'ok') {
      const reason = `the SEC names ${name} for older filings, and it is ${shard.outcome}: ${shard.reason}`
      return { item, status: 'failed', error_class: 'malformed', http_status: shard.http_status, reason }
    }
    const older = understood(item, shard, () => parseFilings(shard.json, watch))
    if ('status' in older) return older
    filings.push(...older.content)
  }
  return { content: { ...filer, filings } }
}

/** The filer of a subject: of a filer, its own item. */
const cikAsked = (subject: Subject): string | undefined =>
  cikOfSubject(subject) ?? (/^\d{10}$/.test(subject.item) ? subject.item : undefined)

function answersOf(
  subjects: readonly Subject[],
  request: (cik: string, subject: Subject) => Promise<HttpResponse>,
) {
  return ahead(subjects, LOOK_AHEAD, async (subject) => {
    const cik = cikAsked(subject)
    return {
      subject,
      response: cik === undefined ? undefined : await answered(subject.item, request(cik, subject)),
    }
  })
}
