import { expect, test } from 'vitest'
import { parseJson } from '../../http/json.ts'
import { subject } from '../../testing/providers/over-http.ts'
import { delistingsOf } from './delistings.ts'
import { type Filer, parseSubmissions } from './parse.ts'

const filing = (form: string, filed: string) => ({
  form,
  filed,
  accession: `a-${filed}`,
  file_number: '001-00001',
  report_date: null,
  acceptance: null,
  items: null,
  is_xbrl: null,
  size_bytes: null,
  primary_document: null,
})
const filer = (listings: Filer['listings'], ...filings: Filer['filings']): Filer => ({
  cik: '0000000001',
  name: 'One Inc.',
  sic: null,
  listings,
  filings,
  shards: [],
})
const NYSE = 'NYSE'
const FORM_25 = filing('25-NSE', '2021-03-15')

test.for([
  ['a common stock, whose filer has a preferred left', 'ONE', [{ ticker: 'ONE.PRA', exchange: NYSE }]],
  ['a preferred that was called, of a listed filer', 'ONE.PRB', [{ ticker: 'ONE', exchange: NYSE }]],
  ['a warrant that expired', 'ONE.WS', [{ ticker: 'ONE', exchange: 'Nasdaq' }]],
  ['a unit that was split', 'ONE.U', [{ ticker: 'ONE', exchange: NYSE }]],
  ['a class that was converted', 'ONE.B', [{ ticker: 'ONE.A', exchange: 'CBOE' }]],
  ['a ticker from before a rename', 'OLD', [{ ticker: 'ONE', exchange: NYSE }]],
] as const)('a Form 25 proves nothing of %s', ([, ticker, listings]) => {
  expect(delistingsOf(filer(listings, FORM_25), subject('x', ticker))).toEqual([])
})

/** An answer in the form of the SEC. The tickers are real; the days of the forms are examples. */
const answer = (
  tickers: readonly string[],
  exchanges: readonly (string | null)[],
  ...forms: readonly (readonly [form: string, filed: string, file_number: string])[]
) => {
  const recent = {
    accessionNumber: forms.map((_, i) => `0000876661-24-${String(i).padStart(6, '0')}`),
    filingDate: forms.map(([, filed]) => filed),
    form: forms.map(([form]) => form),
    fileNumber: forms.map(([, , file_number]) => file_number),
  }
  const body = { cik: '0000000001', name: 'One', tickers, exchanges, filings: { recent, files: [] } }
  return parseSubmissions(parseJson(JSON.stringify(body)), () => {})
}

test.for([
  [
    'its preferred was called',
    'AGNC',
    ['AGNC', 'AGNCN'],
    ['Nasdaq', 'Nasdaq'],
    ['25-NSE', '2024-10-15', '001-34057'],
  ],
  [
    'the other preferred was called',
    'BAC-PL',
    ['BAC', 'BAC-PL'],
    ['NYSE', 'NYSE'],
    ['25', '2022-05-16', '001-06523'],
  ],
  ['a note of another file number matured', 'MSFT', ['MSFT'], ['Nasdaq'], ['25', '2021-12-06', '001-37845']],
  ['its warrants expired', 'OXY', ['OXY', 'OXY-WT'], ['NYSE', 'NYSE'], ['25-NSE', '2027-08-03', '001-09210']],
  ['it moved from the NYSE to Nasdaq', 'WDC', ['WDC'], ['Nasdaq'], ['25', '2012-09-14', '001-08703']],
  ['its rights expired', 'RIV', ['RIV', 'RIV-PA'], ['NYSE', 'NYSE'], ['25-NSE', '2023-11-13', '811-22472']],
  ['its class B became class A', 'HUBB', ['HUBB'], ['NYSE'], ['25-NSE', '2015-12-23', '001-02958']],
  ['the form was amended', 'SLG', ['SLG', 'SLG-PI'], ['NYSE', 'NYSE'], ['25/A', '2020-01-02', '001-13199']],
  [
    'the common stock is without an exchange, and its units are not',
    'ISRL',
    ['ISRL', 'ISRLU'],
    ['', 'Nasdaq'],
    ['25-NSE', '2024-01-10', '001-41592'],
  ],
  ['the SEC states no exchange of it', 'TDAC', ['TDAC'], [null], ['25-NSE', '2025-03-03', '001-42451']],
  ['its exchange is an empty text', 'TDAC', ['TDAC'], [''], ['25-NSE', '2025-03-03', '001-42451']],
  ['its exchanges are missing', 'TDAC', ['TDAC', 'TDACU'], [], ['25-NSE', '2025-03-03', '001-42451']],
] as const)('%s: %s is not delisted', ([, ticker, tickers, exchanges, form]) => {
  expect(delistingsOf(answer(tickers, exchanges, form), subject('x', ticker))).toEqual([])
})

test('a filer whose exchange the SEC does not state is gone where a Form 15 follows', () => {
  const form_25 = ['25-NSE', '2023-02-13', '001-35192'] as const
  const gone = answer(['PME'], [null], ['15-12G', '2023-02-24', '001-35192'], form_25)
  expect(delistingsOf(gone, subject('x', 'PME'))).toMatchObject([
    { ex_date: '2023-02-13', confirmed_by: expect.stringContaining('15-12G') },
  ])
  const earlier = answer(['PME'], [null], form_25, ['15-12G', '2019-02-24', '001-35192'])
  expect(delistingsOf(earlier, subject('x', 'PME'))).toEqual([])
})

test('it delists what no exchange has any more, on the day of the last form', () => {
  const gone = filer([{ ticker: 'ONE', exchange: 'OTC' }], filing('25', '2019-05-01'), FORM_25)
  expect(delistingsOf(gone, subject('x', 'ONE'))).toMatchObject([
    { kind: 'delisting', ex_date: '2021-03-15' },
  ])
  expect(delistingsOf(filer([], FORM_25), subject('x', 'ONE'))).toHaveLength(1)
  expect(delistingsOf(filer([]), subject('x', 'ONE'))).toEqual([])
})
