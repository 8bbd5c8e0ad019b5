/** Whatever is parsed ends in a value or in an error of the product with a sentence: mutated inputs of each. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { expect, inject, it } from 'vitest'
import { Journal, readJournal } from '../../helpers/checklist/journal.ts'
import { isDay } from '../../helpers/core/days.ts'
import { StocksError } from '../../helpers/core/errors.ts'
import { mutated } from '../../helpers/testing/mutated.ts'
import { boundPeakMemory } from '../../helpers/testing/peak-memory.ts'
import { fuzzRuns } from '../../helpers/testing/runs.ts'
import { fieldWatch } from '../adapter/fields.ts'
import { cikOf, decimal, wholeNumber } from '../contract/fields.ts'
import { parseJson } from '../http/json.ts'
import { SMALL_DELIVERY } from '../testing/flat-files/delivery.ts'
import { gzipOf, zipOf, zstdOf } from '../testing/flat-files/formats.ts'
import { readFolder } from '../testing/flat-files/read-delivery.ts'
import { readUniverse } from '../universe/read.ts'
import { parseDirectory } from './nasdaq-directory/parse.ts'
import { parseCompanyFacts, parseFilings, parseSubmissions, parseTickers } from './sec-edgar/parse.ts'
import { parseChart } from './yahoo/parse.ts'

const WITHOUT_LIMIT = { interruptAfterTimeLimit: 3_600_000 }
const HOUR = 3_600_000
boundPeakMemory(250)
/** A file takes a thousand times as long as a number. */
const files = { numRuns: Math.ceil(fuzzRuns(500) / 10), ...WITHOUT_LIMIT }
const texts = { numRuns: fuzzRuns(2_000), ...WITHOUT_LIMIT }

/** Fails for an error that is none of the product's, or says nothing. */
function expectOwn(error: unknown): void {
  const isOwn = error instanceof StocksError || error instanceof RangeError || error instanceof SyntaxError
  if (!isOwn) throw error
  expect(error.message.length).toBeGreaterThan(10)
}

const numberLike = fc.oneof(
  fc.string(),
  fc.string({ unit: fc.constantFrom(...'0123456789.-+eE ,') }),
  fc.double().map(String),
)

it(
  'a number is read as its value or not at all, and once read it stays the same',
  () => {
    fc.assert(
      fc.property(numberLike, (text) => {
        const value = decimal(text)
        if (value !== undefined) {
          expect(decimal(value)).toBe(value)
          // An exponent of three digits may be beyond a float; both are then zero or infinite.
          expect(Number(value) + 0).toBe(Number(text) + 0)
        }
        const whole = wholeNumber(text)
        if (whole !== undefined) expect(whole).toBe(String(Number(text) === 0 ? 0 : Number(text)))
        const cik = cikOf(text)
        if (cik !== undefined) expect([cik.length, Number(cik)]).toEqual([10, Number(text)])
      }),
      texts,
    )
  },
  HOUR,
)

it(
  'a day is one of the calendar or none',
  () => {
    const dayLike = fc.oneof(
      fc.string({ unit: fc.constantFrom(...'0123456789-'), maxLength: 11 }),
      fc
        .tuple(fc.nat(2300), fc.nat(14), fc.nat(33))
        .map(([y, m, d]) =>
          [String(y).padStart(4, '0'), String(m).padStart(2, '0'), String(d).padStart(2, '0')].join('-'),
        ),
    )
    fc.assert(
      fc.property(dayLike, (text) => {
        const [y = 0, m = 0, d = 0] = text.split('-').map(Number)
        const last = new Date(Date.UTC(y, m, 0)).getUTCDate()
        const wanted = /^\d{4}-\d\d-\d\d$/.test(text) && y >= 1800 && y < 2200 && m >= 1 && m <= 12
        expect(isDay(text)).toBe(wanted && d >= 1 && d <= last)
      }),
      texts,
    )
  },
  HOUR,
)

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))
const CHART = {
  chart: {
    result: [
      {
        meta: { currency: 'USD', symbol: 'ONE', exchangeTimezoneName: 'America/New_York' },
        timestamp: [1577975400, 1578061800],
        events: {
          dividends: { '1577975400': { amount: 0.5, date: 1577975400 } },
          splits: { '1578061800': { date: 1578061800, numerator: 4, denominator: 1, splitRatio: '4:1' } },
        },
        indicators: {
          quote: [{ open: [1, 2], high: [1, 2], low: [1, 2], close: [1.5, 2], volume: [100, 200] }],
        },
      },
    ],
    error: null,
  },
}
const FACTS = {
  cik: 1,
  entityName: 'One',
  facts: {
    'us-gaap': {
      Assets: {
        label: 'Assets',
        description: 'All',
        units: {
          USD: [
            {
              end: '2019-12-31',
              val: 1.5e3,
              accn: 'a',
              fy: 2019,
              fp: 'FY',
              form: '10-K',
              filed: '2020-02-01',
            },
          ],
        },
      },
    },
  },
}
const TICKERS = { fields: ['cik', 'name', 'ticker', 'exchange'], data: [[1, 'One', 'ONE', 'NYSE']] }
const SUBMISSIONS = {
  cik: '1',
  name: 'One',
  tickers: ['ONE'],
  exchanges: ['NYSE'],
  filings: { recent: { accessionNumber: ['a'], filingDate: ['2020-01-02'], form: ['25'] }, files: [] },
}
const DIRECTORY =
  'Symbol|Security Name|Market Category|Test Issue|Financial Status|Round Lot Size|ETF|NextShares\r\n' +
  'ONE|One, Inc. - Common Stock|Q|N|N|100|N|N\r\nFile Creation Time: 0102202017:00|||||||\r\n'

it.each<readonly [name: string, seeds: readonly Buffer[], parse: (text: string) => unknown]>([
  [
    'a chart of Yahoo',
    [json(CHART)],
    (text) =>
      parseChart(
        parseJson(text),
        fieldWatch('test', () => {}),
      ),
  ],
  [
    'facts of the SEC',
    [json(FACTS)],
    (text) =>
      parseCompanyFacts(
        parseJson(text),
        fieldWatch('test', () => {}),
      ),
  ],
  [
    'tickers of the SEC',
    [json(TICKERS)],
    (text) =>
      parseTickers(
        parseJson(text),
        fieldWatch('test', () => {}),
      ),
  ],
  [
    'submissions of the SEC',
    [json(SUBMISSIONS)],
    (text) =>
      parseSubmissions(
        parseJson(text),
        fieldWatch('test', () => {}),
      ),
  ],
  [
    'filings of the SEC',
    [json(SUBMISSIONS.filings.recent)],
    (text) =>
      parseFilings(
        parseJson(text),
        fieldWatch('test', () => {}),
      ),
  ],
  [
    'a directory of Nasdaq',
    [Buffer.from(DIRECTORY)],
    (text) =>
      parseDirectory(
        'nasdaqlisted',
        text,
        fieldWatch('test', () => {}),
      ),
  ],
])(
  '%s is parsed, or refused with a sentence',
  (_name, seeds, parse) => {
    fc.assert(
      fc.property(mutated(seeds), ({ body }) => {
        try {
          parse(body.toString('utf8'))
        } catch (error) {
          expectOwn(error)
        }
      }),
      texts,
    )
  },
  HOUR,
)

it(
  'a changed journal is not intact, or it is a shorter one',
  async () => {
    const file = join(await mkdtemp(join(inject('testDirectory'), 'fuzz-')), 'journal.jsonl')
    const journal = Journal.create(file)
    for (let at = 0; at < 4; at += 1) journal.append({ kind: 'phase_started', phase: `0${at}` } as never)
    const { readFileSync } = await import('node:fs')
    const bytes = readFileSync(file)
    const intact = readJournal(bytes)
    fc.assert(
      fc.property(mutated([bytes]), ({ body }) => {
        const reading = readJournal(body)
        expect(intact.entries.slice(0, reading.entries.length)).toEqual(reading.entries)
        if (reading.fault === undefined) expect(bytes.subarray(0, body.length).equals(body)).toBe(true)
      }),
      texts,
    )
  },
  HOUR,
)

const PRICES = SMALL_DELIVERY['prices_daily/prices.csv']
const RATES = 'Date,USD,CAD,\n2020-01-03,1.1,1.45,\n2020-01-06,N/A,1.46,\n'
const MAPPING =
  '{"spec":1,"folders":{"prices_daily":{"delimiter":",","ticker_is":"last","scale":{"close":"0.1"}}}}'
const MANIFEST = '{"spec":1,"files":[{"path":"prices_daily/p.csv","rows":4}]}'

it(
  'a damaged file of a delivery is read or refused by name; what has a checksum is never read wrongly',
  async () => {
    const seeds = [
      { name: 'prices_daily/p.csv', body: Buffer.from(PRICES), has_checksum: false },
      { name: 'prices_daily/p.csv.gz', body: gzipOf(PRICES), has_checksum: true },
      { name: 'prices_daily/p.csv.zst', body: zstdOf(PRICES), has_checksum: true },
      { name: 'prices_daily/p.zip', body: await zipOf({ 'p.csv': PRICES }), has_checksum: true },
      { name: 'mapping.json', body: Buffer.from(MAPPING), has_checksum: false },
      { name: 'manifest.json', body: Buffer.from(MANIFEST), has_checksum: false },
      { name: 'fx_rates/eurofxref.csv', body: Buffer.from(RATES), has_checksum: false },
    ]
    const root = await mkdtemp(join(inject('testDirectory'), 'fuzz-'))
    const whole = await readWith(root, { 'prices_daily/p.csv': Buffer.from(PRICES) })
    await fc.assert(
      fc.asyncProperty(mutated(seeds.map(({ body }) => body)), async ({ body, seed }) => {
        const { name = '', has_checksum = false } = seeds[seed] ?? {}
        const isPrices = name.startsWith('prices_daily')
        const beside = isPrices ? {} : { 'prices_daily/p.csv': Buffer.from(PRICES) }
        const read = await readWith(
          root,
          { ...beside, [name]: body },
          name.startsWith('fx') ? 'fx_rates' : undefined,
        )
        for (const reason of read.reasons) expect(reason.length).toBeGreaterThan(20)
        if (has_checksum && read.reasons.length === 0) expect(read.records).toEqual(whole.records)
      }),
      files,
    )
    await rm(root, { recursive: true })
  },
  HOUR,
)

async function readWith(root: string, delivery: Readonly<Record<string, Buffer>>, dataset?: 'fx_rates') {
  await rm(root, { recursive: true, force: true })
  for (const [name, body] of Object.entries(delivery)) {
    await mkdir(dirname(join(root, name)), { recursive: true })
    await writeFile(join(root, name), body)
  }
  return readFolder(root, dataset)
}

it(
  'a damaged universe is read or refused',
  async () => {
    const root = await mkdtemp(join(inject('testDirectory'), 'fuzz-'))
    const file = join(root, 'universe.csv')
    await fc.assert(
      fc.asyncProperty(mutated([Buffer.from(SMALL_DELIVERY['universe.csv'])]), async ({ body }) => {
        await writeFile(file, body)
        try {
          const { members } = await readUniverse(file)
          expect(new Set(members.map(({ source_id }) => source_id)).size).toBe(members.length)
        } catch (error) {
          expectOwn(error)
        }
      }),
      files,
    )
  },
  HOUR,
)
