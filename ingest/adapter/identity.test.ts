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

test('the one line of a filer is found by its ticker in any notation, and after a rename', () => {
  expect(found('cik:1/ALB', 'ALB')).toBe('ALB')
  expect(found('cik:3', 'OLD')).toBe('NEW')
  expect(found('x:3', 'OLD', '0000000003')).toBe('NEW')
})

test('of two securities of one filer, neither is taken for its one line by another ticker', () => {
  const subjects = [subject('a', 'GOOG', { cik: '0000000003' }), subject('b', 'GOOGL', { cik: '0000000003' })]
  expect([...matchAll(MARKET, subjects).values()]).toEqual([undefined, undefined])
})
