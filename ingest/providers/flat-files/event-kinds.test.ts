import { describe, expect, it } from 'vitest'
import { readDelivery } from '../../testing/flat-files/read-delivery.ts'

const read = async (folder: string, header: string, row: string) => {
  const files = { [`${folder}/e.csv`]: `ticker,${header}\nONE,${row}\n` }
  const { records } = await readDelivery(files, 'corporate_actions')
  return records[0]
}

describe('what an event is stands in a column of', () => {
  it.each([
    'Type',
    'event',
    'event_type',
    'action',
    'corporate_action',
    'category',
    'payment_type',
    'distribution_type',
    'dividend_type',
  ])('%s, and a split there is no dividend', async (column) => {
    const header = `ex_date,amount,currency,${column}`
    const split = await read('dividends', header, '2020-02-05,4.0,USD,split')
    expect(split?.malformed).toMatch(/^kind is "split", which is unknown here/)
    const special = await read('dividends', header, '2020-02-05,4.0,USD,Special')
    expect(special).toMatchObject({ record: { kind: 'special_dividend', cash_amount: '4.0' } })
  })

  it.each(['type', 'adjustment_type', 'split_type'])('%s in splits/', async (column) => {
    const header = `ex_date,split_from,split_to,${column}`
    const merger = await read('splits', header, '2020-02-05,1,4,merger')
    expect(merger?.malformed).toMatch(/^kind is "merger", which is unknown here/)
    const reverse = await read('splits', header, '2020-02-05,10,1,reverse_split')
    expect(reverse).toMatchObject({ record: { kind: 'split', stated_kind: 'reverse_split' } })
  })

  it('kind, where a file has another such column too', async () => {
    const event = await read('dividends', 'ex_date,type,amount,kind', '2020-02-05,equity,4.0,ROC')
    expect(event).toMatchObject({ record: { kind: 'return_of_capital', type: 'equity' } })
    expect(event?.malformed).toBeUndefined()
  })
})

describe('an event that has not taken place is rejected by its status:', () => {
  it.each(['cancelled', 'Canceled', 'withdrawn', 'deleted', 'proposed', 'estimated'])(
    '%s',
    async (status) => {
      const dividend = await read('dividends', 'ex_date,amount,status', `2020-02-05,4.0,${status}`)
      expect(dividend?.malformed).toMatch(`status is "${status}"`)
      const split = await read('splits', 'ex_date,split_from,split_to,status', `2020-02-05,1,4,${status}`)
      expect(split?.malformed).toMatch(`status is "${status}"`)
      const end = await read('delistings', 'date,kind,status', `2020-02-05,delisted,${status}`)
      expect(end?.malformed).toMatch(`status is "${status}"`)
    },
  )

  it.each(['paid', 'confirmed', 'final', ''])('"%s" is none', async (status) => {
    const dividend = await read('dividends', 'ex_date,amount,status', `2020-02-05,4.0,${status}`)
    expect(dividend?.malformed).toBeUndefined()
  })
})

describe('a currency stands in a column of', () => {
  it.each(['currency_code', 'ccy', 'curr', 'Currency'])('%s', async (column) => {
    const dividend = await read('dividends', `ex_date,amount,${column}`, '2020-02-05,4.0,CAD')
    expect(dividend).toMatchObject({ record: { currency: 'CAD' } })
    const file = { 'prices_daily/p.csv': `ticker,date,close,${column}\nONE,2020-02-05,10,CAD\n` }
    const { records } = await readDelivery(file)
    expect(records).toMatchObject([{ record: { currency: 'CAD' } }])
  })
})

describe('a bar is rejected by a column that says that it is', () => {
  it.each([
    ['interval', '1wk', /its period is "1wk"; only daily bars/],
    ['period', 'W', /its period is "W"/],
    ['timeframe', '1Hour', /its period is "1Hour"/],
    ['exchange', 'LSE', /its exchange is "LSE"; only bars of the United States/],
    ['mic', 'XTSE', /its exchange is "XTSE"/],
    ['price_unit', 'cents', /its unit is "cents"; prices are stored in US dollars/],
    ['unit', 'GBX', /its unit is "GBX"/],
    ['session', 'pre', /its session is "pre"; only bars of regular trading hours/],
  ])('%s %s', async (column, text, reason) => {
    const file = { 'prices_daily/p.csv': `ticker,date,close,${column}\nONE,2020-02-05,10,${text}\n` }
    const { records } = await readDelivery(file)
    expect(records.map(({ malformed }) => malformed)).toEqual([expect.stringMatching(reason)])
  })

  it.each([
    ['interval', '1d'],
    ['frequency', 'Daily'],
    ['exchange', 'NYSE'],
    ['exchange', 'Q'],
    ['mic', 'XNAS'],
    ['price_unit', 'USD'],
    ['session', 'regular'],
    ['session', '2020-02-05'],
  ])('and not by %s %s', async (column, text) => {
    const file = { 'prices_daily/p.csv': `ticker,date,close,${column}\nONE,2020-02-05,10,${text}\n` }
    const { records } = await readDelivery(file)
    expect(records.map(({ malformed }) => malformed)).toEqual([undefined])
  })
})
