import { describe, expect, it } from 'vitest'
import { silentLog } from '../../helpers/core/log.ts'
import { flatFiles } from '../providers/flat-files/index.ts'
import { writeDelivery } from '../testing/flat-files/delivery.ts'
import { readDelivery, subjectsOf } from '../testing/flat-files/read-delivery.ts'
import { checkDelivery } from './check-delivery.ts'

/** Kinds of faults that files of real vendors have, each with inputs of which none is a special case. */
const DAYS = [
  '2020-02-03',
  '2020-02-04',
  '2020-02-05',
  '2020-02-06',
  '2020-02-07',
  '2020-02-10',
  '2020-02-11',
]
const PRICES = 'source_id,date,open,high,low,close,volume'
type RowOf = (day: string, at: number) => string
const table = (row: RowOf, header = PRICES): string => `${header}\n${DAYS.map(row).join('\n')}\n`
const flat: RowOf = (day) => `x:1,${day},10,11,9,10,5`
const BASE = {
  'universe.csv': 'source_id,ticker\nx:1,ONE\n',
  'securities/s.csv': 'source_id,ticker,cik\nx:1,ONE,1\n',
  'prices_daily/p.csv': table(flat),
}
async function check(files: Readonly<Record<string, string>>) {
  const root = await writeDelivery({ ...BASE, ...files })
  return checkDelivery(root, { reject_max_ratio: 0.001 })
}

describe('adjusted prices are noticed by a column', () => {
  it.each([
    'Adjusted Close',
    'Adj. Kurs',
    'AdjC',
    'adjprc',
    'Close (Adjusted)',
    'Split-Adj Close',
    'retadj',
    'Px Last Adj',
    'close_unadjusted',
    'Raw Close',
    'nominal_price',
    'uClose',
    'fClose',
    'total_return_close',
    'Kurs bereinigt',
    'cierre_ajustado',
  ])('%s', async (column) => {
    const file = `ticker,date,close,${column}\nONE,2020-02-03,1,1\n`
    const { records, reasons } = await readDelivery({ 'prices_daily/p.csv': file }, 'prices_daily')
    expect(records).toEqual([])
    expect(reasons).toEqual([
      expect.stringMatching(/^malformed: .* is refused: it has a column .*mapping\.json/),
    ])
  })

  it.each(['adj_factor', 'cum_adjustment_factor', 'AdjVolume', 'split_ratio', 'VWAP'])(
    'and not by %s',
    async (column) => {
      const file = `ticker,date,close,${column}\nONE,2020-02-03,1,1\n`
      const { records, reasons } = await readDelivery({ 'prices_daily/p.csv': file }, 'prices_daily')
      expect(reasons).toEqual([])
      expect(records).toHaveLength(1)
    },
  )
})

describe('adjusted prices are noticed by a split that their closes do not move at,', () => {
  const SPLITS = 'source_id,ex_date,split_from,split_to\n'
  const DATED = 'date,open,high,low,close,volume'
  it.each([
    ['a reverse split', { 'splits/s.csv': `${SPLITS}x:1,2020-02-05,10,1\n` }],
    ['3 for 2', { 'splits/s.csv': `${SPLITS}x:1,2020-02-05,2,3\n` }],
    [
      '100 for 1 by a ticker',
      { 'splits/s.csv': 'symbol,ex_date,split_from,split_to\none,2020-02-05,1,100\n' },
    ],
    [
      'one in the rows of the prices',
      {
        'prices_daily/p.csv': table(
          (day, at) => `${flat(day, at)},${at === 2 ? '4.0' : '1.0'}`,
          `${PRICES},splitFactor`,
        ),
      },
    ],
    [
      'one between days that are apart',
      {
        'prices_daily/p.csv': 'source_id,date,close\nx:1,2020-02-03,10\nx:1,2020-02-12,10.4\n',
        'splits/s.csv': `${SPLITS}x:1,2020-02-06,1,2\n`,
      },
    ],
    [
      'one in a file of a ticker',
      {
        'prices_daily/p.csv': table((day, at) => flat(day, at).replace('x:1', 'ONE'), `ticker,${DATED}`),
        'splits/s.csv': `${SPLITS}x:1,2020-02-10,1,20\n`,
      },
    ],
  ])('%s', async (_, files) => {
    const { text, verdict } = await check(files)
    expect(text).toContain(
      'FAILS    prices-daily: Its closes do not move at a split that the delivery states',
    )
    expect(verdict).toBe('unfit')
  })

  it.each([
    ['swapped columns', '4,1', [40, 40, 10]],
    ['a reverse split told as a split', '1,10', [1, 1, 10]],
  ])('and a split the wrong way round is a gap: %s', async (_, terms, [before, still, after]) => {
    const closes = [before, still, after, after, after, after, after]
    const prices = table((day, at) => `x:1,${day},,,,${closes[at]},5`)
    const { text, verdict } = await check({
      'prices_daily/p.csv': prices,
      'splits/s.csv': `${SPLITS}x:1,2020-02-05,${terms}\n`,
    })
    expect(text).toMatch(
      /PRICES {3}the closes move against 1 of 1 splits, .* wrong way round: x:1 2020-02-05/,
    )
    expect(verdict).toBe('fit_with_gaps')
  })
})

describe('an unknown word is rejected by name:', () => {
  const rejected = async (files: Readonly<Record<string, string>>): Promise<string> => {
    const { text, verdict } = await check(files)
    expect(verdict).not.toBe('fit')
    return text.split('\n').find((line) => line.startsWith('         ')) ?? text
  }

  it.each(['4:1', 'stock split', 'DRIP', 'rights issue', 'interest', 'capital repayment', 'dist', '?'])(
    'the kind "%s" of a dividend',
    async (kind) => {
      const dividends = `source_id,ex_date,amount,kind\nx:1,2020-02-05,4,${kind}\n`
      expect(await rejected({ 'dividends/d.csv': dividends })).toContain(
        `kind is "${kind}", which is unknown here`,
      )
    },
  )

  it.each(['halted', 'suspended', 'Chapter 11', 'uplisted', 'dead', 'inactive'])(
    'the kind "%s" of a delisting',
    async (kind) => {
      const delistings = `source_id,date,kind\nx:1,2020-02-11,${kind}\n`
      expect(await rejected({ 'delistings/d.csv': delistings })).toContain(
        `kind is "${kind}", which is unknown here`,
      )
    },
  )

  it.each(['US$', 'USX', 'RMB', 'GBp', 'ZAc', 'USd', 'ILA', '$'])('the currency "%s"', async (currency) => {
    const reason = `currency is "${currency}"`
    const dividends = `source_id,ex_date,amount,currency\nx:1,2020-02-05,1,${currency}\n`
    expect(await rejected({ 'dividends/d.csv': dividends })).toContain(reason)
    const prices = table((day, at) => `${flat(day, at)},${currency}`, `${PRICES},currency`)
    expect(await rejected({ 'prices_daily/p.csv': prices })).toContain(reason)
  })

  it.each(['NASDAQ', 'nyse arca', 'AMEX', 'Q', 'XPOR', 'N'])('the exchange "%s"', async (exchange) => {
    const securities = `source_id,ticker,exchange_mic\nx:1,ONE,${exchange}\n`
    expect(await rejected({ 'securities/s.csv': securities })).toContain(
      `exchange_mic is "${exchange}", not a known`,
    )
  })

  it.each(['CDR', 'OEF', 'crypto', 'index', 'Unit Trust', 'BDC'])('the type "%s"', async (type) => {
    const securities = `source_id,ticker,type\nx:1,ONE,${type}\n`
    expect(await rejected({ 'securities/s.csv': securities })).toContain(`type is "${type}", an unknown type`)
  })

  const FACTS = 'cik,taxonomy,tag,unit,start,end,value,accession,form,filed\n'
  it.each(['US dollars', 'usd', 'Usd', '$', 'USD per share', '1000 USD'])('the unit "%s"', async (unit) => {
    const facts = `${FACTS}1,us-gaap,Assets,${unit},,2019-12-31,5,a-1,10-K,2020-02-20\n`
    expect(await rejected({ 'fundamentals/f.csv': facts })).toContain(`unit is "${unit}", not a unit of XBRL`)
  })

  it.each(['10K', 'Annual', '10q', '10-k', 'Form 10-K', '20F'])('the form "%s"', async (form) => {
    const facts = `${FACTS}1,us-gaap,Assets,USD,,2019-12-31,5,a-1,${form},2020-02-20\n`
    expect(await rejected({ 'fundamentals/f.csv': facts })).toContain(
      `form is "${form}", not a form of EDGAR`,
    )
  })

  it.each([
    ['USD', '10-K/A'],
    ['shares', '10-KT'],
    ['USD/shares', '424B3'],
    ['pure', 'DEF 14A'],
    ['EUR', '20-F'],
    ['mmbtu', 'N-CSR'],
    ['Segment', '497K'],
  ])('and not the unit %s and the form %s', async (unit, form) => {
    const facts = `${FACTS}1,us-gaap,Assets,${unit},,2019-12-31,5,a-1,${form},2020-02-20\n`
    expect((await check({ 'fundamentals/f.csv': facts })).verdict).toBe('fit')
  })
})

describe('an event in a row of prices', () => {
  it.each([
    ['Stock Splits', '7:1', '1', '7'],
    ['split_ratio', '3/2', '2', '3'],
    ['Split Factor', '1-for-15', '15', '1'],
    ['split_coefficient', '0.05', '1', '0.05'],
    ['Splits', '1.5', '1', '1.5'],
    ['stock_split', '20', '1', '20'],
  ])('%s %s is %s old for %s new shares', async (column, text, from, to) => {
    const file = `source_id,date,close,${column}\nx:1,2020-02-03,10,\nx:1,2020-02-04,10,${text}\n`
    const { records } = await readDelivery(
      { 'prices_daily/p.csv': file },
      'corporate_actions',
      subjectsOf(['ONE']),
    )
    expect(records.map(({ record }) => record)).toMatchObject([
      { ex_date: '2020-02-04', kind: 'split', split_from: from, split_to: to },
    ])
  })

  it.each(['', '0', '0.0', '1', '1.000', 'nan'])('splitFactor "%s" is none', async (text) => {
    const file = `source_id,date,close,splitFactor\nx:1,2020-02-04,10,${text}\n`
    expect((await readDelivery({ 'prices_daily/p.csv': file }, 'corporate_actions')).records).toEqual([])
  })

  it.each([
    ['Dividends', '0.24', '0.24'],
    ['divCash', '1e-1', '1e-1'],
    ['cash_dividend', '.205', '.205'],
    ['Ex-Dividend', '0.82', '0.82'],
    ['Capital Gains', '1.2', '1.2'],
  ])('%s %s is a payment', async (column, text, cash_amount) => {
    const file = `source_id,date,close,${column}\nx:1,2020-02-03,10,0.0\nx:1,2020-02-04,10,${text}\n`
    const { records } = await readDelivery({ 'prices_daily/p.csv': file }, 'corporate_actions')
    expect(records.map(({ record }) => record)).toMatchObject([{ ex_date: '2020-02-04', cash_amount }])
  })
})

describe('an implausible number is rejected:', () => {
  const rejectedIn = async (files: Readonly<Record<string, string>>, reason: RegExp) => {
    const { text, verdict } = await check(files)
    expect(text).toMatch(reason)
    expect(verdict).not.toBe('fit')
  }
  it.each([
    '1e400',
    '1e-400',
    '-0.01',
    '0',
    '10000000.01',
    'Infinity',
    '0x1F',
    '1_000',
    '１２',
    '5 USD',
    '--5',
  ])('a close of %s', (text) =>
    rejectedIn(
      { 'prices_daily/p.csv': table((day, at) => `x:1,${day},,,,${at === 3 ? text : 10},5`) },
      /p\.csv:5: close is/,
    ),
  )
  it.each(['1e13', '-5', '12345678901234567890', '5M', 'many'])('a volume of %s', (text) =>
    rejectedIn(
      { 'prices_daily/p.csv': table((day, at) => `x:1,${day},,,,10,${at === 3 ? text : 5}`) },
      /p\.csv:5: volume is/,
    ),
  )
  it.each(['0,1', '1,0', '-1,4', '1,NaN', 'a,b', '1,1e7'])('a split of %s', (terms) =>
    rejectedIn(
      { 'splits/s.csv': `source_id,ex_date,split_from,split_to\nx:1,2020-02-05,${terms}\n` },
      /s\.csv:2: split_/,
    ),
  )
  it.each(['-0.5', '1e7', '0.5c', 'Infinity', '$1'])('a dividend of %s', (amount) =>
    rejectedIn(
      { 'dividends/d.csv': `source_id,ex_date,amount\nx:1,2020-02-05,${amount}\n` },
      /d\.csv:2: cash_amount is/,
    ),
  )
})

describe('a small file', () => {
  const bars = (bad: number) => table((day, at) => `x:1,${day},,,,${at < bad ? 'x' : 10},5`)
  it.each([1, 2, 3])('of 7 records is read where %s are rejected', async (bad) => {
    const { text, verdict } = await check({ 'prices_daily/p.csv': bars(bad) })
    expect(text).toContain(`REJECTED ${bad} records`)
    expect(verdict).toBe('fit_with_gaps')
  })
  it.each([4, 6])('of 7 records is refused where %s are rejected', async (bad) => {
    const { text, verdict } = await check({ 'prices_daily/p.csv': bars(bad) })
    expect(text).toMatch(
      new RegExp(`FAILS {4}prices-daily: prices_daily/p\\.csv is refused: ${bad} of its 7 records`),
    )
    expect(verdict).toBe('unfit')
  })
})

describe('prices alone are enough:', () => {
  it('what the delivery does not have is reported once, as expected, and is empty', async () => {
    const root = await writeDelivery(BASE)
    const warnings: unknown[] = []
    const log = silentLog()
    log.warn = ((...warning: unknown[]) => void warnings.push(warning)) as typeof log.warn
    const provider = flatFiles(root, log)
    for (const dataset of ['corporate_actions', 'fundamentals'] as const) {
      const window = { start_date: '2020-01-02', end_date: '2020-12-31' }
      const subjects = subjectsOf(['ONE', 'TWO'])
      const ask = { dataset, subjects, window, first_session_date: '1990-01-02' }
      const batch = { label: 'all', subjects, estimate: { requests: 0, bytes: 0 } }
      const ends = []
      for await (const end of provider.read(ask, batch, new AbortController().signal)) ends.push(end)
      expect(ends).toMatchObject([{ status: 'empty' }, { status: 'empty' }])
      const text = 'the delivery does not have this dataset'
      expect(warnings.splice(0)).toEqual([[expect.objectContaining({ dataset, expected: true }), text]])
    }
  })

  it('check prints the command that loads every bar', async () => {
    const { text } = await check({})
    expect(text).toMatch(
      /^Next: .* BOOTSTRAP_START=2020-02-03 BOOTSTRAP_END=2020-02-11 npm run ingest -- run all$/m,
    )
    expect(text).toMatch(/^SHORT +the checklist needs a window of 5 years;/m)
  })

  it.each([
    // The first day and the last one may be no sessions.
    ['2016-01-04', '2020-12-31', '2016-01-01', '2020-12-31', 'npx vitest run phases'],
    ['2017-01-03', '2021-12-31', '2016-12-31', '2021-12-31', 'npx vitest run phases'],
    ['2016-01-05', '2020-12-31', '2016-01-05', '2020-12-31', 'npm run ingest -- run all'],
    ['2016-03-01', '2026-02-27', '2016-03-01', '2026-02-27', 'npx vitest run phases'],
    ['1962-01-02', '1999-12-31', '1990-01-01', '1999-12-31', 'npx vitest run phases'],
    ['1990-01-02', '1994-12-30', '1990-01-02', '1995-01-02', 'npx vitest run phases'],
    ['1962-01-02', '1989-12-29', '1990-01-01', '1990-01-01', 'npm run ingest -- run all'],
  ])('bars from %s to %s: a window from %s to %s, and %s', async (first, last, start, end, command) => {
    const prices = `${PRICES}\n${flat(first, 0)}\n${flat(last, 1)}\n`
    const tickers = `source_id,ticker,valid_from,valid_to\nx:1,ONE,${first},\n`
    const { text } = await check({ 'prices_daily/p.csv': prices, 'ticker_history/t.csv': tickers })
    expect(text).toContain(` BOOTSTRAP_START=${start} BOOTSTRAP_END=${end} ${command}\n`)
    expect(text.includes('BEFORE   the calendar begins on 1990-01-01')).toBe(first < '1990')
  })
})
