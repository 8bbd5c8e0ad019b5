import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { referenceFolder } from '../../helpers/testing/reference.ts'
import { type Notation, read, symbolKey } from '../adapter/notation.ts'
import { parseJson } from '../http/json.ts'
import { barsWithout } from '../testing/providers/alpaca-bars.ts'
import { askFor, openOverHttp, Reply, readAll, subject } from '../testing/providers/over-http.ts'
import { collecting, recordedJson } from '../testing/providers/recordings.ts'
import { delistingsOf } from './sec-edgar/delistings.ts'
import { parseSubmissions } from './sec-edgar/parse.ts'

/** Inputs that an earlier version read wrongly, with the right value of each. */
const failing = (name: string): string => readFileSync(join(referenceFolder(), 'failing', name), 'utf8')
const failingJson = (name: string) => JSON.parse(failing(name))

let over: Awaited<ReturnType<typeof openOverHttp>>
beforeEach(async () => {
  over = await openOverHttp()
})
afterEach(() => over.close())

test('a refused symbol is the only one that is not found, and the other 99 have their bars', async () => {
  const { status, body } = failingJson('alpaca-bars-invalid-symbol.json')
  const [, name = ''] = /: (\S+)$/.exec(body.message) ?? []
  expect(status).toBe(400)
  // The one that it names is a CUSIP, which is never asked for by itself: here it is a plain wrong symbol.
  const wrong = name.replace(/^0+/, 'X')
  const tickers = [
    wrong,
    ...Array.from({ length: 99 }, (_, i) => `T${String.fromCharCode(65 + (i % 26))}${i}`),
  ]
  const providers = await over.providersOver({ '/v2/stocks/bars': barsWithout([wrong]) })
  const { records, ends } = await readAll(
    providers.get('alpaca'),
    askFor(
      'prices_daily',
      tickers.map((ticker) => subject(ticker, ticker)),
    ),
  )
  expect(records).toHaveLength(99)
  expect(ends.map(({ item, status: end }) => [item, end])).toEqual([[wrong, 'not_found']])
})

test('the newest minutes that a plan refuses are left out, and the account is not deferred', async () => {
  const { status, body } = failingJson('alpaca-bars-recent-sip.json')
  const today = '2026-11-25'
  const answer = (query: URLSearchParams) =>
    (query.get('end') ?? '') < today ? barsWithout([])(query) : new Reply(status, body)
  const now = () => new Date(`${today}T22:00:00Z`)
  const providers = await over.providersOver({ '/v2/stocks/bars': answer }, { today, now })
  const ask = {
    ...askFor('prices_daily', [subject('x', 'ONE')]),
    window: { start_date: '2024-01-02', end_date: today },
  }
  expect((await readAll(providers.get('alpaca'), ask)).records).toHaveLength(1)
})

test('the corporate actions of 2026 keep currency, kind, new symbol and end', async () => {
  const page = failingJson('alpaca-corporate-actions-2026.json')
  const providers = await over.providersOver({ '/v1/corporate-actions': page })
  const held = (item: string, ticker: string, valid_from: string, valid_to: string | null) =>
    subject(item, ticker, { tickers: [{ ticker, valid_from, valid_to }] })
  const subjects = [
    held('shop', 'SHOP', '2020-01-02', null),
    held('epd', 'EPD', '2020-01-02', null),
    held('oldc', 'OLDC', '2020-01-02', '2026-05-31'),
    held('gone', 'GONE', '2020-01-02', null),
    held('prefa', 'PREFA', '2020-01-02', null),
  ]
  const { records, malformed } = await readAll(providers.get('alpaca'), askFor('corporate_actions', subjects))
  expect(malformed).toEqual([])
  const found = records.map(({ source_id, kind, ex_date, cash_amount, currency, new_symbol }) =>
    [source_id, kind, ex_date, cash_amount, currency, new_symbol].map((each) => each ?? null),
  )
  expect(found.toSorted()).toEqual(
    [
      ['shop', 'cash_dividend', '2026-06-01', '0.5', 'CAD', null],
      ['epd', 'return_of_capital', '2026-06-01', '0.5', 'USD', null],
      ['oldc', 'split', '2026-06-01', null, null, 'NEWC'],
      ['oldc', 'name_change', '2026-06-01', null, null, 'NEWC'],
      ['gone', 'merger', '2026-05-29', '1.5', 'USD', null],
    ].toSorted(),
  )
  expect(over.unknown).toEqual([])
})

test('a unit that is split ends, and neither of its parts is in conflict', async () => {
  const { assets_active, assets_inactive, ...page } = failingJson('alpaca-unit-split.json')
  const assets = (query: URLSearchParams) =>
    (query.get('status') === 'active' ? assets_active : assets_inactive).map((symbol: string) => ({
      id: symbol.toLowerCase(),
      symbol,
      name: symbol,
      exchange: 'NASDAQ',
    }))
  const providers = await over.providersOver({ '/v2/assets': assets, '/v1/corporate-actions': page })
  const subjects = ['TPBAU', 'LVRO', 'LVROW'].map((ticker) => subject(ticker, ticker))
  const { records, ends } = await readAll(providers.get('alpaca'), askFor('ticker_history', subjects))
  expect(ends).toEqual([])
  expect(records.map(({ ticker, valid_from, valid_to }) => [ticker, valid_from, valid_to])).toEqual([
    ['TPBAU', '2020-01-02', '2023-02-28'],
    ['LVRO', '2020-01-02', null],
    ['LVROW', '2020-01-02', null],
  ])
})

test('the three columns of a directory are one security, and its type is that of the security', async () => {
  const lines = failing('nasdaq-otherlisted-notations.txt').split('\n').slice(1, 3)
  const keys = lines.map((line) => {
    const cells = line.trim().split('|')
    const of = (text: string | undefined, notation: Notation) => read(text ?? '', notation)
    return [of(cells[0], 'act'), of(cells[3], 'cqs'), of(cells[7], 'nasdaq')]
  })
  const abr = read('ABR-PD', 'sec')
  const aact = read('AACT-UN', 'sec')
  expect(keys).toEqual([
    [abr, abr, abr],
    [aact, aact, aact],
  ])
  expect(['ABR.PRD', 'ABRpD', 'ABR$D'].map(symbolKey)).toEqual(['ABR.PRD', 'ABR.PRD', 'ABR.PRD'])
  const providers = await over.providersOver({
    '/dynamic/symdir/otherlisted.txt': failing('nasdaq-otherlisted-notations.txt'),
    '/dynamic/symdir/nasdaqlisted.txt':
      'Symbol|Security Name|Market Category|Test Issue|Financial Status|Round Lot Size|ETF|NextShares\n' +
      'X|X|Q|N|N|100|N|N\nFile Creation Time: 0721202521:31|||||||\n',
  })
  const subjects = ['ABR-PD', 'AACT-UN'].map((ticker) => subject(ticker, ticker))
  const { records } = await readAll(providers.get('nasdaq-directory'), askFor('securities', subjects))
  expect(records.map(({ source_id, ticker, type }) => [source_id, ticker, type])).toEqual([
    ['ABR-PD', 'ABR.PRD', 'preferred'],
    ['AACT-UN', 'AACT.U', 'unit'],
  ])
})

test('a Form 25 of another class delists nothing, in whatever notation the ticker is', () => {
  const filer = parseSubmissions(
    parseJson(failing('sec-submissions-two-harbors.json')),
    collecting('sec-edgar').watch,
  )
  const tickers = ['TWO.PRA', 'TWO$A', 'TWO-A', 'TWOpA', 'TWO-PA', 'TWO']
  expect(tickers.flatMap((ticker) => delistingsOf(filer, subject('x', ticker)))).toEqual([])
})

test('the one line of a filer is not given to a preferred of that filer', async () => {
  const submissions = {
    cik: '0000915913',
    name: 'ALBEMARLE CORP',
    tickers: ['ALB'],
    exchanges: ['NYSE'],
    filings: { recent: {}, files: [] },
  }
  const providers = await over.providersOver({
    '/files/company_tickers_exchange.json': failingJson('sec-tickers-one-line-filers.json'),
    '/submissions/CIK0000915913.json': submissions,
  })
  const subjects = [subject('cik:0000915913/ALB$A', 'ALB$A'), subject('cik:0001858681/APO', 'APO')]
  const { records } = await readAll(providers.get('sec-edgar'), askFor('securities', subjects))
  expect(records.map(({ source_id, ticker }) => [source_id, ticker])).toEqual([
    ['cik:0001858681/APO', 'APO'],
    ['cik:0000915913/ALB$A', 'ALB$A'],
  ])
})

test('every preferred, unit, warrant, right and class has one spelling in each notation, and back', () => {
  const { data } = recordedJson('sec/company_tickers_exchange.json.gz') as { data: string[][] }
  const tickers = data.map((row) => row[2] ?? '').filter((ticker) => ticker.includes('-'))
  const symbols = tickers.map((ticker) => read(ticker, 'sec'))
  expect(tickers.filter((_, i) => symbols[i] === undefined)).toEqual([])
  const counts = Object.groupBy(symbols, (symbol) => symbol?.kind ?? 'none')
  expect(Object.fromEntries(Object.entries(counts).map(([kind, some]) => [kind, some.length]))).toEqual({
    class: 28,
    preferred: 436,
    unit: 131,
    warrant: 218,
    right: 3,
  })
  expect(new Set(tickers.map(symbolKey)).size).toBe(tickers.length)
})

test.for([
  ['yahoo-chart-other-symbol.json', 'FB', 'failed', 0],
  ['yahoo-chart-other-symbol.json', 'META', undefined, 1],
  ['yahoo-chart-live-row-twice.json', 'XYZ', undefined, 1],
] as const)('%s as the answer to %s', async ([file, ticker, status, bars]) => {
  const providers = await over.providersOver({ [`/v8/finance/chart/${ticker}`]: failingJson(file) })
  const { records, ends } = await readAll(
    providers.get('yahoo'),
    askFor('prices_daily', [subject('x', ticker)]),
  )
  expect([records.length, ends[0]?.status]).toEqual([bars, status])
  if (file.includes('twice')) expect(records[0]).toMatchObject({ date: '2024-01-05', volume: '62379661' })
})

test('a capital gain of a fund is a distribution of its own', async () => {
  const chart = failingJson('yahoo-chart-capital-gains.json')
  const providers = await over.providersOver({ '/v8/finance/chart/DODFX': chart })
  const ask = askFor('corporate_actions', [subject('x', 'DODFX')])
  const { records, malformed } = await readAll(providers.get('yahoo'), ask)
  expect(malformed).toEqual([])
  expect(records.map(({ kind, ex_date, cash_amount }) => [kind, ex_date, cash_amount])).toEqual([
    ['cash_dividend', '2024-01-02', '0.1'],
    ['special_dividend', '2024-01-02', '1.2'],
  ])
})
