import { expect, test } from 'vitest'
import { matcher } from '../../adapter/identity.ts'
import { fundamentalsRaw } from '../../fundamentals-raw.ts'
import { classify } from '../../http/frame.ts'
import { collecting, recordedJson, recording } from '../../testing/providers/recordings.ts'
import { delistingsOf } from './delistings.ts'
import * as endpoints from './endpoints.ts'
import { parseCompanyFacts, parseFilings, parseSubmissions, parseTickers } from './parse.ts'

type Raw = Record<string, unknown>
const identity = {
  bySourceId: () => undefined,
  byTicker: () => undefined,
  knowsTicker: () => false,
  isListed: () => false,
  hasFiler: () => true,
}
const context = {
  identity,
  window: { start_date: '2000-01-01', end_date: '2030-01-01' },
  isSession: () => true,
  provider: 'sec-edgar',
}

for (const cik of ['0000320193', '0001045810', '0001997711']) {
  test(`every fact of filer ${cik} is read, with its value as written, and becomes a row`, () => {
    const file = `sec/companyfacts_CIK${cik}.json.gz`
    const { watch, unknown } = collecting('sec-edgar')
    const records = parseCompanyFacts(recordedJson(file), watch)
    const facts = Object.entries((JSON.parse(recording(file)) as { facts: Raw }).facts).flatMap(
      ([taxonomy, tags]) =>
        Object.entries(tags as Record<string, { units: Record<string, Raw[]> }>).flatMap(([tag, { units }]) =>
          Object.entries(units).flatMap(([unit, list]) =>
            list.map((fact) => ({ taxonomy, tag, unit, ...fact }) as Raw),
          ),
        ),
    )
    expect(unknown).toEqual([])
    expect(records).toHaveLength(facts.length)
    const wrong = records.filter((record, i) => {
      const fact = facts[i] ?? {}
      const pairs = {
        period_start: 'start',
        period_end: 'end',
        accession: 'accn',
        fiscal_year: 'fy',
        fiscal_period: 'fp',
        form: 'form',
        filed: 'filed',
        frame: 'frame',
        taxonomy: 'taxonomy',
        tag: 'tag',
        unit: 'unit',
      }
      const differs = Object.entries(pairs).some(
        ([ours, theirs]) => record[ours] !== (fact[theirs] == null ? null : String(fact[theirs])),
      )
      return differs || Number(record['value']) !== fact['val'] || record['cik'] !== cik
    })
    expect(wrong).toEqual([])
    expect(records.filter((record) => !('row' in fundamentalsRaw.parse(record, context)))).toEqual([])
    const keys = records.map((record) =>
      ['taxonomy', 'tag', 'unit', 'period_start', 'period_end', 'accession']
        .map((name) => record[name])
        .join('|'),
    )
    expect(new Set(keys).size).toBe(records.length)
  })

  test(`the facts of filer ${cik} pass the classifier, and no other filer's do`, () => {
    const answer = {
      http_status: 200,
      headers: {},
      body: Buffer.from(recording(`sec/companyfacts_CIK${cik}.json.gz`)),
    }
    const { shape } = endpoints.companyFacts(cik)
    const classifier = { patterns: [], expects: 'json' as const }
    expect(classify(answer, { ...classifier, ...(shape && { shape }) }).outcome).toBe('ok')
    const { shape: other } = endpoints.companyFacts('0000000001')
    expect(classify(answer, { ...classifier, ...(other && { shape: other }) }).outcome).toBe('malformed')
  })
}

test('every row of the list of tickers is read', () => {
  const { watch, unknown } = collecting('sec-edgar')
  const rows = (
    JSON.parse(recording('sec/company_tickers_exchange.json.gz')) as {
      data: [number, string, string, string][]
    }
  ).data
  const listed = parseTickers(recordedJson('sec/company_tickers_exchange.json.gz'), watch)
  expect(unknown).toEqual([])
  expect(listed.map(({ cik, name }) => [Number(cik), name ?? ''])).toEqual(
    rows.map(([cik, name]) => [cik, name]),
  )
  expect(listed.filter(({ cik }) => !/^\d{10}$/.test(cik ?? ''))).toEqual([])
  expect(listed.filter(({ exchange_mic }) => exchange_mic === 'XNAS')).toHaveLength(
    rows.filter(([, , , exchange]) => exchange === 'Nasdaq').length,
  )
})

test('a filer with one listing is found by its CIK, with several by CIK and ticker, never by a guess', () => {
  const match = matcher(
    parseTickers(recordedJson('sec/company_tickers_exchange.json.gz'), collecting('sec-edgar').watch),
  )
  const subject = (source_id: string, ticker: string | undefined) => ({
    item: source_id,
    source_id,
    cik: undefined,
    ticker,
    tickers: [],
  })
  expect(match(subject('cik:320193', 'WHATEVER'))).toMatchObject({ candidate: { ticker: 'AAPL' }, by: 'cik' })
  expect(match(subject('cik:0001652044/GOOGL', 'GOOGL'))).toMatchObject({
    candidate: { ticker: 'GOOGL' },
    by: 'cik',
  })
  expect(match(subject('cik:0001652044/x', 'NONE'))).toHaveProperty('ambiguous')
  expect(match(subject('opaque', 'BRK.B'))).toMatchObject({
    candidate: { cik: '0001067983', ticker: 'BRK.B' },
    by: 'ticker',
  })
  expect(match(subject('cik:0000000001', 'AAPL'))).toHaveProperty('ambiguous')
})

for (const cik of ['0000320193', '0000789019', '0000895419', '0001045810', '0001318605']) {
  test(`the submissions of filer ${cik} are read, and a delisted note does not delist its stock`, () => {
    const file = `sec/submissions_CIK${cik}.json.gz`
    const { watch, unknown } = collecting('sec-edgar')
    const body = JSON.parse(recording(file)) as {
      name: string
      tickers: string[]
      filings: { recent: Record<string, unknown[]>; files: { name: string }[] }
    }
    const filer = parseSubmissions(recordedJson(file), watch)
    expect(unknown).toEqual([])
    expect(filer).toMatchObject({ cik, name: body.name, shards: body.filings.files.map(({ name }) => name) })
    expect(filer.listings.map(({ ticker }) => ticker)).toEqual(body.tickers)
    expect(filer.filings.map(({ accession, filed, form }) => [accession, filed, form])).toEqual(
      body.filings.recent['accessionNumber']?.map((accession, i) => [
        accession,
        body.filings.recent['filingDate']?.[i],
        body.filings.recent['form']?.[i],
      ]),
    )
    const subject = { item: 'x', source_id: 'x', cik, ticker: body.tickers[0], tickers: [] }
    expect(delistingsOf(filer, subject)).toEqual([])
    // Once the ticker is gone from the list, the last Form 25 is what ended it.
    const gone = delistingsOf({ ...filer, listings: [] }, subject)
    expect(gone).toHaveLength(filer.filings.some(({ form }) => form === '25' || form === '25-NSE') ? 1 : 0)
    for (const record of gone)
      expect(record).toMatchObject({ kind: 'delisting', ex_date: expect.stringMatching(/^\d{4}-/) })
  })
}

test('a shard is the bare columns, and all of its rows are read', () => {
  const { watch, unknown } = collecting('sec-edgar')
  const filings = parseFilings(recordedJson('sec/submissions_CIK0001318605-submissions-001.json.gz'), watch)
  expect(unknown).toEqual([])
  expect(filings).toHaveLength(720)
  expect(
    filings.filter(({ accession, filed, form }) => accession === null || filed === null || form === null),
  ).toEqual([])
})
