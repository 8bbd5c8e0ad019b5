import { describe, expect, it } from 'vitest'
import { readDelivery, subjectsOf } from '../../testing/flat-files/read-delivery.ts'

const mappingOf = (mapping: Readonly<Record<string, unknown>>) =>
  JSON.stringify({ spec: 1, folders: { prices_daily: mapping } })

describe('a header that shows adjusted prices', () => {
  it.each([
    'ticker,date,open,high,low,close,adj_close,volume',
    'symbol,date,close,AdjustedClose',
    'Date,Close,Close (adj.),Ticker',
    'ticker,date,close,split_adjusted_close',
    'ticker,date,close,adj_last_price',
    'ticker,date,close,unadjustedVolume',
    'ticker,date,close,closeunadj',
    'ticker,date,close,unadjusted_close',
    'Ticker,Date,Open,High,Low,Close,Volume,Dividends,Stock Splits,Capital Gains',
    'Price,Close,High,Low,Open,Volume',
    '<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>',
  ])('is refused unless the mapping decides: %s', async (header) => {
    const files = { 'prices_daily/p.csv': `${header}\n` }
    const reason = /^malformed: prices_daily\/p\.csv is refused: it has .* adjusted for splits/
    expect((await readDelivery(files)).reasons).toEqual([expect.stringMatching(reason)])
    const other = { ...files, 'mapping.json': mappingOf({ ticker_is: 'last' }) }
    expect((await readDelivery(other)).reasons).toEqual([expect.stringMatching(reason)])
    const raw = { ...files, 'mapping.json': mappingOf({ adjusted: 'raw' }) }
    expect((await readDelivery(raw)).reasons.join()).not.toMatch(/is refused/)
  })

  it.each(['ticker,date,close,adj_factor', 'ticker,date,close,Adjudicated', 'ticker,date,close,dividends'])(
    'is not seen where there is none: %s',
    async (header) => {
      expect((await readDelivery({ 'prices_daily/p.csv': `${header}\n` })).reasons).toEqual([])
    },
  )
})

describe('closes beside the splits of the delivery', () => {
  const SPLITS = 'source_id,ex_date,split_from,split_to\n'
  const read = async (splits: string, prices: string, tickers = ['ONE', 'TWO', 'SIX', 'TEN']) => {
    const files = {
      'splits/s.csv': `${SPLITS}${splits}`,
      'prices_daily/p.csv': `source_id,date,close\n${prices}`,
    }
    const { reasons } = await readDelivery(files, 'prices_daily', subjectsOf(tickers))
    return reasons
  }

  it.each([
    ['do not move at a split of 2 for 1', '1,2', '50', '50.5'],
    ['do not move at a split of 20 for 1', '1,20', '120', '131'],
    ['do not move at a consolidation of 1 for 10', '10,1', '4.1', '4'],
    ['do not move at a split of 3 for 2', '2,3', '30', '29.9'],
    ['do not move at a split that is stated by decimals', '1.0,7.0', '90', '93'],
  ])('that %s fail the security', async (_, ratio, before, after) => {
    const days = `x:1,2014-06-06,${before}\nx:1,2014-06-09,${after}\n`
    expect(await read(`x:1,2014-06-09,${ratio}\n`, days)).toEqual([
      expect.stringMatching(
        /^malformed: Its closes do not move at a split that the delivery states \(x:1 2014-06-09/,
      ),
    ])
    // Newest first is the same evidence.
    expect(
      await read(`x:1,2014-06-09,${ratio}\n`, days.trim().split('\n').toReversed().join('\n')),
    ).toHaveLength(1)
  })

  it.each([
    ['as traded', '1,2', '50', '25.3', '2014-06-06'],
    ['after a gap that is too long to compare', '1,2', '50', '50', '2014-05-01'],
    ['at a ratio too small to tell', '20,21', '50', '50', '2014-06-06'],
    ['that contradict the split in another way', '1,4', '50', '3', '2014-06-06'],
  ])('%s are taken', async (_, ratio, before, after, day) => {
    expect(
      await read(`x:1,2014-06-09,${ratio}\n`, `x:1,${day},${before}\nx:1,2014-06-09,${after}\n`),
    ).toEqual([])
  })

  it('that are stated twice for a day, or splits that are, prove nothing, in any order', async () => {
    const days = ['x:1,2014-06-06,50\n', 'x:1,2014-06-06,51\n', 'x:1,2014-06-06,9\n', 'x:1,2014-06-09,50\n']
    const splits = ['x:1,2014-06-09,1,2\n', 'x:1,2014-06-09,1,3\n']
    for (const turned of [(each: string[]) => each, (each: string[]) => each.toReversed()]) {
      expect(await read(splits[0] ?? '', turned(days).join(''))).toEqual([])
      expect(await read(turned(splits).join(''), `x:1,2014-06-06,50\n${days[3]}`)).toEqual([])
    }
    // Told again with the same value, a close is as good as any other.
    expect(await read(splits[0] ?? '', `${days[0]}x:1,2014-06-06,50.0\n${days[3]}`)).toHaveLength(1)
  })

  it('that mostly do not move fail every security of the delivery', async () => {
    const splits = ['x:1', 'x:2', 'x:3'].map((id) => `${id},2014-06-09,1,5\n`).join('')
    const still = ['x:1', 'x:2'].map((id) => `${id},2014-06-06,10\n${id},2014-06-09,10.1\n`).join('')
    const moved = 'x:3,2014-06-06,10\nx:3,2014-06-09,2\nx:4,2014-06-09,7\n'
    expect(await read(splits, `${still}${moved}`)).toEqual([
      'malformed: The prices of the delivery are adjusted for splits already: they do not move at 2 ' +
        'of 3 splits ' +
        'that it states (x:1 2014-06-09, 5 for 1: 10 to 10.1; x:2 2014-06-09, 5 for 1: 10 to 10.1). ' +
        'Deliver unadjusted prices.',
    ])
  })

  it('are compared with splits in the rows themselves, under a mapping that calls them raw', async () => {
    const rows = 'ticker,date,close,splitFactor\nONE,2022-06-03,122,1\nONE,2022-06-06,124.8,20\n'
    const { reasons } = await readDelivery({
      'prices_daily/p.csv': rows,
      'mapping.json': mappingOf({ adjusted: 'raw', ticker_is: 'last' }),
    })
    expect(reasons).toEqual([expect.stringMatching(/do not move at a split/)])
  })
})
