import { expect, test } from 'vitest'
import { subject } from '../testing/providers/over-http.ts'
import { matchAll } from './identity.ts'

const line = (cik: string, ticker: string) => ({ cik, ticker })
const MARKET = [line('0000000001', 'ALB'), line('0000000002', 'APO'), line('0000000003', 'NEW')]
const found = (item: string, ticker: string, cik?: string) => {
  const asked = subject(item, ticker, cik === undefined ? {} : { cik })
  const hit = matchAll(MARKET, [asked]).get(asked)
  return hit !== undefined && 'candidate' in hit ? hit.candidate.ticker : undefined
}

test.for([
  ['cik:1/ALB$A', 'ALB$A'],
  ['cik:1/ALB.PRB', 'ALB-PB'],
  ['cik:2/W', 'APO.WS'],
  ['cik:2/U', 'APO-UN'],
  ['cik:3/B', 'NEW.B'],
  ['cik:3/R', 'NEW-RI'],
  ['cik:1', 'ALBpA'],
  ['cik:3/OLD', 'OLD'],
] as const)('%s with the ticker %s is not the one line of its filer', ([item, ticker]) => {
  expect(found(item, ticker)).toBeUndefined()
})

/** Filers with one line in a list of the SEC, and another security of each, in the notation of some source. */
test.for([
  ['BRO', 'BRO-PA', 'a preferred, as the SEC writes it'],
  ['SLG', 'SLG.PRI', 'a preferred, as Alpaca writes it'],
  ['KKR', 'KKR$D', 'a preferred, in the directory of Nasdaq'],
  ['ET', 'ETpI', 'a preferred on the consolidated tape'],
  ['GME', 'GME+', 'a warrant in the column of Nasdaq'],
  ['OXY', 'OXY-WT', 'a warrant, as Yahoo writes it'],
  ['RIV', 'RIV.RT', 'a right'],
  ['CCIX', 'CCIX=', 'a unit in the column of Nasdaq'],
  ['LEN', 'LEN/B', 'another class'],
  ['MKC', 'MKC-V', 'a voting class'],
  ['TDW', 'TDW.WS.A', 'a series of warrants'],
  ['DD', 'DD.WI', 'shares when issued'],
  ['SLG.PRI', 'SLG', 'the common stock, where the preferred is the line'],
] as const)('the line %s of a filer is not given to %s, %s', ([line_ticker, ticker]) => {
  const market = [line('0000088001', line_ticker), line('0000088002', 'NEXT')]
  for (const asked of [subject('x', ticker, { cik: '0000088001' }), subject('cik:88001', ticker)])
    expect(matchAll(market, [asked]).get(asked)).toBeUndefined()
  // What is asked for by the ticker of the line itself is found, so the filer is not lost.
  const own = subject('x', line_ticker, { cik: '0000088001' })
  expect(matchAll(market, [own]).get(own)).toMatchObject({ candidate: { ticker: line_ticker } })
})

test('the one line of a filer is found by its ticker in any notation, and after a rename', () => {
  expect(found('cik:1/ALB', 'ALB')).toBe('ALB')
  expect(found('cik:3', 'OLD')).toBe('NEW')
  expect(found('x:3', 'OLD', '0000000003')).toBe('NEW')
})

test('of two securities of one filer, neither is taken for its one line by another ticker', () => {
  const subjects = [subject('a', 'GOOG', { cik: '0000000003' }), subject('b', 'GOOGL', { cik: '0000000003' })]
  expect([...matchAll(MARKET, subjects).values()]).toEqual([undefined, undefined])
})
