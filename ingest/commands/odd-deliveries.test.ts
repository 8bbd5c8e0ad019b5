import { access } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { adopt } from '../providers/flat-files/adopt.ts'
import { writeDelivery } from '../testing/flat-files/delivery.ts'
import { checkDelivery } from './check-delivery.ts'

const HEADER = 'date,open,high,low,close,volume\n'
const DAYS = ['2020-02-03', '2020-02-04', '2020-02-05', '2020-02-06', '2020-02-07']
type RowOf = (day: string, at: number) => string
const rows = (row: RowOf): string => `${DAYS.map(row).join('\n')}\n`
const plain: RowOf = (day) => `${day},58.2,59,58,58.5,900`
const ofTwoCurrencies: RowOf = (day, at) => `KO,${day},58.5,${at < 3 ? 'USD' : 'CAD'}`
const ko = (row: RowOf) => ({ 'KO.csv': HEADER + rows(row) })
const MARKETSTACK = 'date,open,high,low,close,volume,adj_close,adj_open,split_factor,symbol,exchange'
const marketstack: RowOf = (day) => `${plain(day, 0)},58,58,1.0,KO,XNYS`
type Files = Parameters<typeof writeDelivery>[0]

/** A person states that the prices are as traded; then the delivery is read. */
async function examined(files: Files) {
  const root = await writeDelivery(files)
  await adopt(root, { adjusted: 'raw' })
  return checkDelivery(`${root}-delivery`, { reject_max_ratio: 0.001 })
}

describe('an odd delivery that is read, with the right values:', () => {
  it.each([
    ['a byte order mark and CRLF', { 'KO.csv': `\uFEFF${HEADER}${rows(plain)}`.replaceAll('\n', '\r\n') }],
    ['the noise of floats', ko((day) => `${day},58.20000076293945,59.0,58.0,58.5000000000001,900.0`)],
    ['midnight in UTC as the day', ko((day) => plain(`${day}T00:00:00+00:00`, 0))],
    ['midnight in New York in UTC', ko((day) => plain(`${day} 05:00:00+00:00`, 0))],
    ['days as 20200203', ko((day) => plain(day.replaceAll('-', ''), 0))],
    ['days as 2020/02/03', ko((day) => plain(day.replaceAll('-', '/'), 0))],
    ['adjusted opens beside the opens', { 'm.csv': `${MARKETSTACK}\n${rows(marketstack)}` }],
    ['blanks around numbers', ko((day) => `${day}, 58.2 ,59, 58 , 58.5,900`)],
    ['a currency that is USD', { 'KO.csv': `date,close,currency\n${rows((day) => `${day},58.5,usd`)}` }],
  ])('%s', async (_, files) => {
    const { text, verdict } = await examined(files)
    expect(text).toMatch(/prices-daily +1 +5 +0 +0 +5 +2020-02-03 to 2020-02-07/)
    expect(verdict).toBe('fit')
  })
})

describe('an odd delivery of which no wrong row is loaded as complete:', () => {
  it.each([
    [
      'thousands separators',
      ko((day) => `${day},"1,234","1,240","1,230","1,235",9`),
      /open is "1,234"/,
      'unfit',
    ],
    [
      'decimal commas',
      { 'KO.csv': `date;close\n${rows((day) => `${day};58,5`)}` },
      /close is "58,5"/,
      'unfit',
    ],
    ['numbers in parentheses', ko((day) => `${day},1,2,1,(1.5),9`), /close is "\(1\.5\)"/, 'unfit'],
    ['a negative volume', ko((day) => `${day},1,2,1,1.5,-9`), /volume is "-9"/, 'unfit'],
    ['high and low exchanged', ko((day) => `${day},1.5,1,2,1.5,9`), /low 2 is above/, 'unfit'],
    [
      'two currencies',
      { 'all.csv': `ticker,date,close,currency\n${rows(ofTwoCurrencies)}` },
      /currency is "CAD"; prices are stored in US dollars/,
      'fit_with_gaps',
    ],
    [
      'pence',
      { 'all.csv': `ticker,date,close,currency\n${rows((day) => `VOD,${day},123.4,GBX`)}` },
      /currency is "GBX"/,
      'unfit',
    ],
    [
      'N/A on one day',
      ko((day, at) => (at === 2 ? `${day},N/A,N/A,N/A,N/A,N/A` : plain(day, at))),
      /close is missing/,
      'fit_with_gaps',
    ],
    ['the header again', { 'KO.csv': HEADER + rows(plain) + HEADER }, /date is "date"/, 'fit_with_gaps'],
    ['a footer', { 'KO.csv': `${HEADER}${rows(plain)}Source: a page\n` }, /it has 1 fields/, 'fit_with_gaps'],
    [
      'bars of hours',
      {
        'KO.csv':
          HEADER +
          [9, 10, 11]
            .map((hour) => `2020-02-03 ${hour}:30:00,1,2,1,1.${hour},9`.replace(' 9:', ' 09:'))
            .join('\n'),
      },
      /DIFFER +prices-daily: 2 bars have other values/,
      'fit_with_gaps',
    ],
    [
      'one ticker in two files',
      { 'a/KO.csv': HEADER + rows(plain), 'b/KO.csv': HEADER + rows((day) => `${day},1,2,1,1.6,9`) },
      /DIFFER +prices-daily: 5 bars have other values/,
      'fit_with_gaps',
    ],
  ] as const)('%s', async (_, files, reason, expected) => {
    const { text, verdict } = await examined(files)
    expect(text).toMatch(reason)
    expect(verdict).toBe(expected)
  })

  it.each([
    ['UTF-16', { 'KO.csv': Buffer.from(`\uFEFF${HEADER}${rows(plain)}`, 'utf16le') }, /UTF-16, not UTF-8/],
    [
      'Latin-1',
      { 'KO.csv': Buffer.from(`${HEADER.trim()},n\u00f6te\n${rows(plain)}`, 'latin1') },
      /not UTF-8/,
    ],
    ['a column twice', { 'KO.csv': `date,close,close\n${rows((day) => `${day},1,2`)}` }, /close twice/],
    [
      'days that Excel saved as numbers',
      ko((_, at) => plain(`${43_864 + at}`, at)),
      /first has the day "43864"/,
    ],
    [
      'days with slashes, month or day first',
      ko((_, at) => plain(`0${at + 1}/02/2020`, at)),
      /is 03\/02 in March or in February\?/,
    ],
    ['evenings in UTC', ko((day) => plain(`${day} 21:00:00+00:00`, 0)), /day "2020-02-03 21:00:00\+00:00"/],
  ] as const)('%s is refused by adopt, and nothing is written', async (_, files, reason) => {
    const root = await writeDelivery(files as Files)
    await expect(adopt(root, { adjusted: 'raw' })).rejects.toThrow(reason)
    await expect(access(`${root}-delivery`)).rejects.toThrow(/ENOENT/)
  })
})
