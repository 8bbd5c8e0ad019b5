import { expect, test } from 'vitest'
import { subject } from '../../testing/providers/over-http.ts'
import { delistingsOf } from './delistings.ts'
import type { Filer } from './parse.ts'

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

test('it delists what no exchange has any more, on the day of the last form', () => {
  const gone = filer([{ ticker: 'ONE', exchange: 'OTC' }], filing('25', '2019-05-01'), FORM_25)
  expect(delistingsOf(gone, subject('x', 'ONE'))).toMatchObject([
    { kind: 'delisting', ex_date: '2021-03-15' },
  ])
  expect(delistingsOf(filer([], FORM_25), subject('x', 'ONE'))).toHaveLength(1)
  expect(delistingsOf(filer([]), subject('x', 'ONE'))).toEqual([])
})
