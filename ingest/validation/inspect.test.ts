import { join } from 'node:path'
import { execa } from 'execa'
import { expect, it } from 'vitest'
import { ROOT_DIRECTORY } from '../../helpers/config/config.ts'
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

it('reads closes as traded where the column of splits is one of a vendor that prints them so', async () => {
  const price = (at: number): number => close(at) * (at < 20 ? 4 : 1)
  const rows = (split: string) =>
    days(
      (at) => `${price(at)},${price(at)},${price(at)},${close(at)},${at < 20 ? 1 : 4},0,${at === 20 ? 4 : 1}`,
    )
      .replace('Stock Splits', split)
      .replace('Dividends', 'divCash')
  for (const vendor of ['splitFactor', 'split_coefficient', 'Split Ratio'])
    expect(await inspect(rows(vendor)), vendor).toEqual([])
  // Yahoo's closes are on today's shares: the same rows under its header are damaged.
  expect((await inspect(rows('Stock Splits'))).join()).toContain('[split-not-applied]')
})

it.each([
  [1 / 4, 2 / 4, 'four shares for one, applied as two for one'],
  [20, 12, 'a consolidation of 20 for 1, applied as 12 for 1'],
  [2 / 3, 1 / 3, 'three shares for two, applied twice over'],
])(
  'finds a split whose ratio is wrong: closes before it by %f, and they were multiplied by %f (%s)',
  async (right, applied) => {
    const price = (at: number): number => close(at) * (at < 20 ? applied / right : 1)
    const rows = (of: (at: number) => number) =>
      days((at) => `${of(at)},${of(at)},${of(at)},${of(at)},1000,0,${at === 20 ? 1 / right : 0}`)
    expect(await inspect(rows(price))).toEqual([
      expect.stringMatching(/^2020-02-01: .*\[split-not-applied\]$/),
    ])
    expect(await inspect(rows(close))).toEqual([])
  },
)

it('as a command gives each file its verdict, and the exit code of the worst', async () => {
  const good = days((at) => `${close(at)},${close(at)},${close(at)},${close(at)},1,0,0`)
  const bad = days((at) => `${[1, 1, 1, 1].map(() => close(at) * (at === 15 ? 100 : 1)).join()},1,0,0`)
  const folder = await writeDelivery({
    'none.csv': 'Date,Price per cent\n1,2\n',
    'good.csv': good,
    'bad.csv': bad,
  })
  const run = (...names: string[]) =>
    execa(
      process.execPath,
      [join(ROOT_DIRECTORY, 'ingest', 'run.ts'), 'inspect', ...names.map((name) => join(folder, name))],
      { reject: false, all: true },
    )
  const all = await run('none.csv', 'missing.csv', 'good.csv', 'bad.csv')
  expect(all.all).toMatch(/none\.csv: not read\. .* has no column for date or close/)
  expect(all.all).toMatch(/missing\.csv: not read\. ENOENT/)
  expect(all.all).toContain('good.csv: no contradiction')
  expect(all.all).toMatch(
    /bad\.csv: \d contradictions?\n {2}2020-01-16: the price jumps by a factor of a hundred/,
  )
  expect(all.exitCode).toBe(2)
  expect((await run('good.csv', 'bad.csv')).exitCode).toBe(1)
})
