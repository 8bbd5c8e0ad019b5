import fc from 'fast-check'
import { expect, test } from 'vitest'
import { filersOfDay, indexDays } from './daily-index.ts'

const RULE = '-'.repeat(80)
/** Lines as the SEC writes them: a report of an insider, a name with bars and spaces, a withdrawn address. */
const MASTER = `Description:           Daily Index of EDGAR Dissemination Feed
Last Data Received:    Aug 24, 2026
Comments:              webmaster@sec.gov
Anonymous FTP:         ftp://ftp.sec.gov/edgar/

CIK|Company Name|Form Type|Date Filed|File Name
${RULE}
1000184|SAP SE|S-8|20260824|edgar/data/1000184/0001104659-26-100300.txt
1001250|ESTEE LAUDER COMPANIES INC|4|20260824|edgar/data/1001250/0001189770-26-000008.txt
1189770|ZANNINO RICHARD F|4|20260824|edgar/data/1001250/0001189770-26-000008.txt
1002910|AMEREN | CORP|8-K|2026-08-24|edgar/data/1002910/0001104659-26-100236.txt
`
const FORM = `Description:           Daily Index of EDGAR Dissemination Feed by Form Type
Last Data Received:    Aug 24, 2026
Comments:              webmaster@sec.gov
Anonymous FTP:         ftp://ftp.sec.gov/edgar/

Form Type   Company Name                                                  CIK
      Date Filed  File Name
${RULE}${RULE.slice(0, 61)}
4                ESTEE LAUDER COMPANIES INC  1001250  20260824  edgar/data/1001250/0001189770-26-000008.txt
4                ZANNINO RICHARD F          1189770  20260824  edgar/data/1001250/0001189770-26-000008.txt
8-K              AMEREN | CORP              1002910  20260824  edgar/data/1002910/0001104659-26-100236.txt
S-8              SAP SE                     1000184  20260824  edgar/data/1000184/0001104659-26-100300.txt    
`
const DAY = '2026-08-24'
const FILERS = ['0001000184', '0001001250', '0001002910', '0001189770']

test('the indexes of a day name the filer and, of a report of an insider, the company', () => {
  expect([...filersOfDay(DAY, { master: MASTER, form: FORM })].toSorted()).toEqual(FILERS)
  const crlf = { master: MASTER.replaceAll('\n', '\r\n'), form: FORM.replaceAll('\n', '\r\n') }
  expect([...filersOfDay(DAY, crlf)].toSorted()).toEqual(FILERS)
})

test('an index that is cut anywhere, by a line or a byte, never reads as one with fewer filers', () => {
  fc.assert(
    fc.property(
      fc.nat({ max: MASTER.length }),
      fc.nat({ max: FORM.length }),
      fc.constantFrom('master', 'form', 'both'),
      (in_master, in_form, which) => {
        const texts = {
          master: which === 'form' ? MASTER : MASTER.slice(0, in_master),
          form: which === 'master' ? FORM : FORM.slice(0, in_form),
        }
        let found: string[] | undefined
        try {
          found = [...filersOfDay(DAY, texts)].toSorted()
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError)
        }
        if (found !== undefined) expect(found).toEqual(FILERS)
      },
    ),
    { numRuns: 2_000 },
  )
})

test.each([
  ['of an earlier day', MASTER.replace('Aug 24', 'Aug 21'), /received on that day or later/],
  ['without its heading', MASTER.replace(/^[\s\S]*-{80}\n/, ''), /received on that day/],
  ['with a line of another form', MASTER.replace('|4|', '|4 |x'), /has a line 9 of another form/],
  ['without filings', MASTER.replace(/(-{80}\n)[\s\S]*/, '$1'), /has no filings/],
  ['that lacks a filing', MASTER.replace(/1000184.*\n/, ''), /by filer it has 3 filings and by form 4/],
])('an index %s is refused', (_what, master, reason) => {
  expect(() => filersOfDay(DAY, { master, form: FORM })).toThrow(reason)
})

test('the days of a window are weekdays, up to the last one on which EDGAR was open', () => {
  // A Friday at 22:05 and at 21:55 in New York; the Saturday after it; Monday before 06:00.
  expect(indexDays('2026-08-19', new Date('2026-08-22T02:05:00Z'))).toEqual([
    '2026-08-19',
    '2026-08-20',
    '2026-08-21',
  ])
  expect(() => indexDays('2026-08-19', new Date('2026-08-22T01:55:00Z'))).toThrow(/complete after 22:00/)
  expect(indexDays('2026-08-21', new Date('2026-08-22T16:00:00Z'))).toEqual(['2026-08-21'])
  expect(indexDays('2026-08-21', new Date('2026-08-24T09:59:00Z'))).toEqual(['2026-08-21'])
  expect(() => indexDays('2026-08-21', new Date('2026-08-24T10:00:00Z'))).toThrow(/complete after 22:00/)
  expect(() => indexDays('2026-09-30', new Date('2026-08-24T09:59:00Z'))).toThrow(/no day/)
})
