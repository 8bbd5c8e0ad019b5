/** What a source that knows today alone says of tickers, when we know something of the past already. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { askFor, openOverHttp, readAll, subject } from '../testing/providers/over-http.ts'

let over: Awaited<ReturnType<typeof openOverHttp>>
beforeEach(async () => {
  over = await openOverHttp()
})
afterEach(() => over.close())

const OTHER =
  'ACT Symbol|Security Name|Exchange|CQS Symbol|ETF|Round Lot Size|Test Issue|NASDAQ Symbol\n' +
  'File Creation Time: 1123202612:00|||||||\n'
const LISTED = `Symbol|Security Name|Market Category|Test Issue|Financial Status|Round Lot Size|ETF|NextShares
NEW|New Inc.|Q|N|N|100|N|N
SAME|Same Inc.|Q|N|N|100|N|N
FRESH|Fresh Inc.|Q|N|N|100|N|N
File Creation Time: 1123202612:00|||||||
`

test('the directory restates known intervals, ends one whose ticker is gone, begins new ones', async () => {
  const providers = await over.providersOver({
    '/dynamic/symdir/otherlisted.txt': OTHER,
    '/dynamic/symdir/nasdaqlisted.txt': LISTED,
  })
  const subjects = [
    subject('renamed', 'NEW', { tickers: [{ ticker: 'FORMER', valid_from: '2015-01-02', valid_to: null }] }),
    subject('same', 'SAME', { tickers: [{ ticker: 'SAME', valid_from: '2019-05-06', valid_to: null }] }),
    subject('fresh', 'FRESH'),
  ]
  const { records, ends } = await readAll(
    providers.get('nasdaq-directory'),
    askFor('ticker_history', subjects),
  )
  expect(ends).toEqual([])
  expect(
    records.map(({ source_id, ticker, valid_from, valid_to }) => [source_id, ticker, valid_from, valid_to]),
  ).toEqual([
    ['renamed', 'FORMER', '2015-01-02', '2026-11-22'],
    ['renamed', 'NEW', '2026-11-23', null],
    ['same', 'SAME', '2019-05-06', null],
    ['fresh', 'FRESH', '1990-01-02', null],
  ])
})

test('an interval of which Alpaca does not know the beginning is not cut to a shorter window', async () => {
  const asset = (symbol: string) => ({
    id: symbol,
    class: 'us_equity',
    exchange: 'NYSE',
    symbol,
    name: symbol,
    status: 'active',
  })
  const providers = await over.providersOver({
    '/v2/assets': (query: URLSearchParams) =>
      query.get('status') === 'active' ? [asset('OLD'), asset('YOUNG')] : [],
    '/v1/corporate-actions': { corporate_actions: {}, next_page_token: null },
  })
  const subjects = [
    subject('old', 'OLD', { tickers: [{ ticker: 'OLD', valid_from: '2016-01-04', valid_to: null }] }),
    subject('young', 'YOUNG'),
  ]
  const { records } = await readAll(providers.get('alpaca'), askFor('ticker_history', subjects))
  expect(records.map(({ source_id, valid_from }) => [source_id, valid_from])).toEqual([
    ['old', '2016-01-04'],
    ['young', '2020-01-02'],
  ])
})
