import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readDelivery, subjectsOf } from '../../testing/flat-files/read-delivery.ts'

const HOW = { through: '2024-12-31', decimals: 8, volume: 'split', cash: 'split' }
const mappingOf = (how: Readonly<Record<string, unknown>> = {}, rest = {}) =>
  JSON.stringify({
    spec: 1,
    folders: { prices_daily: { adjusted: 'split', unadjust: { ...HOW, ...how }, ...rest } },
  })
const SPLITS = 'source_id,ex_date,split_from,split_to\n'
const PRICES = 'source_id,date,open,high,low,close,volume\n'
const read = (files: Readonly<Record<string, string>>, how: Readonly<Record<string, unknown>> = {}) =>
  readDelivery({ 'mapping.json': mappingOf(how), ...files }, 'prices_daily', subjectsOf(['ONE', 'TWO']))
const closesOf = (records: readonly { readonly record: Readonly<Record<string, string | null>> }[]) =>
  records.map(({ record }) => record['close'])

describe('prices that are adjusted for splits, beside a complete list of splits', () => {
  it('are rebuilt as they were traded, with their volumes', async () => {
    const { records, reasons } = await read({
      'splits/s.csv': `${SPLITS}x:1,2014-06-09,1,7\nx:1,2020-08-31,1,4\n`,
      'prices_daily/p.csv':
        `${PRICES}x:1,2014-06-06,23.21071429,23.25892857,23.03571429,23.05607143,350415968\n` +
        'x:1,2014-06-09,23.17500000,23.46750000,22.93750000,23.42500000,301660000\n' +
        'x:1,2020-08-28,126.01250000,126.44250000,124.57750000,124.80750000,187629916\n' +
        'x:1,2020-08-31,127.58000000,131.00000000,126.00000000,129.04000000,225702700\n' +
        'x:2,2020-08-28,10,10,10,10.01,5\n',
    })
    expect(reasons).toEqual([])
    expect(closesOf(records)).toEqual(['645.57', '93.7', '499.23', '129.04', '10.01'])
    expect(records.map(({ record }) => record['volume'])).toEqual([
      '12514856',
      '75415000',
      '46907479',
      '225702700',
      '5',
    ])
  })

  it('come back exactly, whatever splits there were', async () => {
    const ratio = fc.constantFrom([1, 2], [2, 3], [1, 20], [8, 1], [20, 21])
    const world = fc.record({
      cents: fc.array(fc.integer({ min: 100, max: 200_000 }), { minLength: 10, maxLength: 10 }),
      splits: fc.uniqueArray(fc.record({ at: fc.integer({ min: 1, max: 9 }), ratio }), {
        selector: ({ at }) => at,
        maxLength: 3,
      }),
    })
    const dayOf = (at: number): string => `2020-03-${String(at + 10)}`
    await fc.assert(
      fc.asyncProperty(world, async ({ cents, splits }) => {
        const rows = cents.map((cent, at) => {
          let product = 1
          for (const {
            at: when,
            ratio: [from, to],
          } of splits)
            if (when > at) product *= (to ?? 1) / (from ?? 1)
          return `x:1,${dayOf(at)},,,,${(cent / 100 / product).toFixed(8)},\n`
        })
        const told = splits.map(({ at, ratio: [from, to] }) => `x:1,${dayOf(at)},${from},${to}\n`)
        const { records } = await read({
          'splits/s.csv': SPLITS + told.join(''),
          'prices_daily/p.csv': PRICES + rows.join(''),
        })
        expect(closesOf(records).map(Number)).toEqual(cents.map((cent) => cent / 100))
      }),
      { numRuns: 60 },
    )
  })

  it('are rebuilt from the splits in their own rows, and payments in them too', async () => {
    const rows =
      'Ticker,Date,Close,Dividends,Stock Splits\n' +
      'ONE,2020-08-06,113.90249600,0,0\nONE,2020-08-07,111.11250300,0.205,0\n' +
      'ONE,2020-08-28,124.80750300,0,0\nONE,2020-08-31,129.03999300,0,4\n'
    const files = { 'mapping.json': mappingOf({}, { ticker_is: 'last' }), 'prices_daily/p.csv': rows }
    const prices = await readDelivery(files, 'prices_daily', subjectsOf(['ONE']))
    expect(closesOf(prices.records)).toEqual(['455.61', '444.45', '499.23', '129.04'])
    const actions = await readDelivery(files, 'corporate_actions', subjectsOf(['ONE']))
    expect(actions.records.map(({ record }) => record['cash_amount'] ?? record['split_to'])).toEqual([
      '0.82',
      '4',
    ])
  })
})

describe('prices that cannot be rebuilt are refused:', () => {
  const AAPL = 'x:1,2020-08-28,,,,124.80750300,\nx:1,2020-08-31,,,,129.03999300,\n'
  const split = { 'splits/s.csv': `${SPLITS}x:1,2020-08-31,1,4\n` }

  it('printed to too few decimals', async () => {
    const cents = 'x:1,2020-08-28,,,,124.81,\nx:1,2020-08-31,,,,129.04,\n'
    const { records } = await read({ ...split, 'prices_daily/p.csv': PRICES + cents }, { decimals: 2 })
    expect(records.map(({ malformed }) => malformed)).toEqual([
      'it is printed to 2 decimals and was divided by 4: the traded price is known to 0.02 only, ' +
        'not to half a cent',
      undefined,
    ])
  })

  it('as traded, although the mapping calls them adjusted', async () => {
    const raw = 'x:1,2020-08-28,,,,499.23,\nx:1,2020-08-31,,,,129.04,\n'
    const { reasons } = await read({ ...split, 'prices_daily/p.csv': PRICES + raw })
    expect(reasons).toEqual([
      expect.stringMatching(/^malformed: The rebuilt closes contradict 1 of 1 splits \(x:1 2020-08-31/),
    ])
  })

  it('without a list of splits', async () => {
    const { reasons } = await read({ 'prices_daily/p.csv': PRICES + AAPL })
    expect(reasons).toEqual([expect.stringMatching(/has no list of splits to rebuild them with/)])
  })

  it('with a split that cannot be read, or two on one day', async () => {
    const unreadable = { 'splits/s.csv': `${SPLITS}x:1,2020-08-31,1,0\n` }
    expect((await read({ ...unreadable, 'prices_daily/p.csv': PRICES + AAPL })).reasons).toEqual([
      expect.stringMatching(/a split of 2020-08-31 cannot be read/),
    ])
    const two = { 'splits/s.csv': `${SPLITS}x:1,2020-08-31,1,4\nx:1,2020-08-31,1,5\n` }
    expect((await read({ ...two, 'prices_daily/p.csv': PRICES + AAPL })).reasons).toContainEqual(
      expect.stringMatching(/two different splits are stated for 2020-08-31/),
    )
  })

  it('of a day after the one through which they are adjusted', async () => {
    const { records } = await read(
      { ...split, 'prices_daily/p.csv': PRICES + AAPL },
      { through: '2020-08-28' },
    )
    expect(records[1]?.malformed).toMatch(/^its day is after 2020-08-28/)
  })

  it.each(['through', 'decimals', 'volume', 'cash'])('under a mapping without "%s"', async (key) => {
    const files = { 'prices_daily/p.csv': PRICES + AAPL, ...split }
    const { reasons } = await read(files, { [key]: undefined })
    expect(reasons).toEqual([expect.stringContaining(`folders.prices_daily.unadjust.${key}`)])
  })
})
