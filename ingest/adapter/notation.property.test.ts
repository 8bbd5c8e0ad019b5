import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isCusip, type ListedSymbol, type Notation, read, readAny, symbolKey, write } from './notation.ts'

const NOTATIONS: readonly Notation[] = ['ours', 'alpaca', 'sec', 'yahoo', 'cqs', 'nasdaq', 'act']
const letter = fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZ')
const symbols: fc.Arbitrary<ListedSymbol> = fc.record({
  root: fc.string({ unit: letter, minLength: 1, maxLength: 5 }),
  kind: fc.constantFrom('none', 'class', 'preferred', 'unit', 'warrant', 'right'),
  series: fc.oneof(fc.constant(''), letter),
  condition: fc.constantFrom('', 'WI', 'WD', 'CL', 'CV'),
})

test.for(NOTATIONS)('what is written in %s is read back as the same security', (notation) => {
  let written = 0
  fc.assert(
    fc.property(symbols, (symbol) => {
      const text = write(symbol, notation)
      if (text === undefined) return
      written += 1
      expect([text, read(text, notation)]).toEqual([text, symbol])
    }),
    { numRuns: 2000 },
  )
  expect(written).toBeGreaterThan(100)
})

test.for(NOTATIONS)('in %s no two securities have one spelling', (notation) => {
  fc.assert(
    fc.property(symbols, symbols, (a, b) => {
      const text = write(a, notation)
      if (text !== undefined && text === write(b, notation)) expect(a).toEqual(b)
    }),
    { numRuns: 2000 },
  )
})

test('a security has one key, whichever of the notations that tell themselves apart it is written in', () => {
  fc.assert(
    fc.property(symbols, (symbol) => {
      const ours = write(symbol, 'ours')
      if (ours === undefined) return
      expect(symbolKey(ours)).toBe(ours)
      for (const notation of ['alpaca', 'sec', 'yahoo', 'cqs'] as const) {
        const text = write(symbol, notation)
        if (text !== undefined) expect([text, symbolKey(text)]).toEqual([text, ours])
      }
    }),
    { numRuns: 2000 },
  )
})

test('any text has a key, and the key of a key is itself', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(symbolKey(symbolKey(text))).toBe(symbolKey(text))
    }),
  )
})

// Rows of a real otherlisted.txt (2021-03) and of the SEC's list: ours, then CQS, Nasdaq, ACT, SEC.
const REAL = [
  ['ABR.PRA', 'ABRpA', 'ABR-A', 'ABR$A', 'ABR-PA'],
  ['ACIC.U', 'ACIC.U', 'ACIC=', 'ACIC.U', 'ACIC-UN'],
  ['ACIC.WS', 'ACIC.WS', 'ACIC+', 'ACIC.W', 'ACIC-WT'],
  ['AGM.A', 'AGM.A', 'AGM.A', 'AGM.A', 'AGM-A'],
  ['ALP.PRQ', 'ALPpQ', 'ALP-Q', 'ALP$Q', 'ALP-PQ'],
  ['MTL.PR', 'MTLp', 'MTL-', 'MTL$', 'MTL-P'],
  ['WFC.PRR', 'WFCpR', 'WFC-R', 'WFC$R', 'WFC-PR'],
  ['NEE.PRP', 'NEEpP', 'NEE-P', 'NEE$P', 'NEE-PP'],
  ['MOG.B', 'MOG.B', 'MOG.B', 'MOG.B', 'MOG-B'],
  ['BAC.PRL', 'BACpL', 'BAC-L', 'BAC$L', 'BAC-PL'],
  ['SLG.PRI', 'SLGpI', 'SLG-I', 'SLG$I', 'SLG-PI'],
  ['BF.A', 'BF.A', 'BF.A', 'BF.A', 'BF-A'],
  ['GRP.U', 'GRP.U', 'GRP=', 'GRP.U', 'GRP-UN'],
  ['OXY.WS', 'OXY.WS', 'OXY+', 'OXY.W', 'OXY-WT'],
] as const
test.for(REAL)('%s is the same in every column of a directory and at the SEC', (row) => {
  const [ours, cqs, nasdaq, act, sec] = row
  const symbol = read(ours, 'ours')
  expect(symbol).toBeDefined()
  expect([read(cqs, 'cqs'), read(nasdaq, 'nasdaq'), read(act, 'act'), read(sec, 'sec')]).toEqual(
    Array.from({ length: 4 }, () => symbol),
  )
})

test('spellings that only some use are read too', () => {
  const keys = [
    'brk/b',
    'BRK B',
    'AACT-U',
    'AP-WS',
    'CELG-RT',
    'ABR.PR.D',
    'ABR PRD',
    'abr-pd',
    'TDW-WTA',
    'MKC-V',
    'BAC^E',
    'BAC/PE',
    'bac.pe',
    'BEP-P-A',
    'ABC.PR',
    'CELG^',
  ]
  expect(keys.map(symbolKey)).toEqual([
    'BRK.B',
    'BRK.B',
    'AACT.U',
    'AP.WS',
    'CELG.RT',
    'ABR.PRD',
    'ABR.PRD',
    'ABR.PRD',
    'TDW.WS.A',
    'MKC.V',
    'BAC.PRE',
    'BAC.PRE',
    'BAC.PRE',
    'BEP.PRA',
    'ABC.PR',
    'CELG.RT',
  ])
})

test('a text without a known form is its own key, and no symbol', () => {
  for (const text of ['ABC.XYZ', 'A-B-C', '^GSPC', '$', ''])
    expect([text, readAny(text)]).toEqual([text, undefined])
  expect(symbolKey('ABC.XYZ')).toBe('ABC.XYZ')
})

test('a CUSIP is distinguished from a ticker by its check digit', () => {
  const cusips = ['037833100', '594918104', '17275R102', '38259P508', '68389X105']
  expect(cusips.map(isCusip)).toEqual(cusips.map(() => true))
  const others = ['037833101', 'ABCDEFGH1', 'AAPL', '12345678', 'ZQAAZQAA1']
  expect(others.map(isCusip)).toEqual(others.map(() => false))
})
