import { expect, it } from 'vitest'
import { writeDelivery } from '../testing/flat-files/delivery.ts'
import { inspectSeries } from './inspect.ts'

const HEADER = 'Date,High,Low,Close,Adj Close,Volume,Dividends,Stock Splits\n'
const days = (bar: (at: number) => string): string =>
  HEADER +
  Array.from(
    { length: 40 },
    (_, at) => `2020-${at < 20 ? '01' : '02'}-${String((at % 20) + 1).padStart(2, '0')},${bar(at)}`,
  ).join('\n')
const close = (at: number): number => 100 + (at % 3)

const inspect = async (text: string): Promise<string[]> =>
  inspectSeries(`${await writeDelivery({ 'series.csv': text })}/series.csv`)

it('says nothing of a series that can be right', async () => {
  expect(await inspect(days((at) => `${close(at)},${close(at)},${close(at)},${close(at)},1,0,0`))).toEqual([])
})

it('names a dividend that the adjustment does not know, and a block in another unit, in words', async () => {
  const phantom = await inspect(
    days((at) => `${close(at)},${close(at)},${close(at)},${close(at)},1,${at === 25 ? 2 : 0},0`),
  )
  expect(phantom.join()).toContain(
    '2020-02-06: a dividend is stated, and the adjusted closes do not step by it',
  )
  const pence = await inspect(
    days((at) => `${[1, 1, 1, 1].map(() => close(at) * (at >= 10 && at < 15 ? 100 : 1)).join()},1,0,0`),
  )
  expect(pence.join()).toContain('another unit')
})

it('refuses a file without closes', async () => {
  await expect(inspect('Date,Price\n2020-01-02,1\n')).rejects.toThrow(
    'no column for date or close; it has date, price',
  )
})

it('names what is no number, and takes the words for "not known" as missing', async () => {
  const found = await inspect(
    'date,close,adj_close,volume,dividends\n2020-01-02,10,10,NaN,\n2020-01-03,10,10,5,abc\n' +
      '2020-01-06,1O,10,5,0\n2020-01-07,null,,,\n',
  )
  expect(found).toEqual(['2020-01-03: dividends is "abc", no number', '2020-01-06: close is "1O", no number'])
})
