import { expect, it } from 'vitest'
import { sessions } from '../calendar/xnys.ts'
import { SMALL_DELIVERY, writeDelivery } from '../testing/flat-files/delivery.ts'
import { readUniverse } from '../universe/read.ts'
import { examineDelivery, obstacles } from './examine-delivery.ts'

const THRESHOLDS = {
  reject_max_ratio: 0.001,
  failed_max_ratio: 0.01,
  not_found_max_ratio: {},
  session_coverage_min_ratio: 0.95,
  listing_unknown_max_ratio: 0.15,
}
type Files = Readonly<Record<string, string>>
async function obstaclesOf(files: Files, thresholds: Partial<typeof THRESHOLDS> = {}): Promise<string[]> {
  const folder = await writeDelivery({ ...SMALL_DELIVERY, ...files })
  const { members } = await readUniverse(`${folder}/universe.csv`)
  const chosen = { ...THRESHOLDS, ...thresholds }
  return obstacles(await examineDelivery(folder, members, chosen), chosen)
}

it('finds no obstacle in a delivery that can be loaded', async () => {
  expect(await obstaclesOf({})).toEqual([])
})

it('names job, reason and securities when more would fail than the threshold allows', async () => {
  const adjusted = SMALL_DELIVERY['prices_daily/prices.csv'].replace('5,5.5,4.5,5.3', '10,11,9,10.6')
  const [first, ...others] = await obstaclesOf({ 'prices_daily/prices.csv': adjusted })
  expect(first).toMatch(
    /^prices-daily: 1 of 3 work items would fail, more than failed_max_ratio 0\.01: Its closes do not move/,
  )
  expect(first).toContain('(x:first)')
  expect(others).toEqual([])
  // A share that a run would tolerate is no obstacle.
  expect(await obstaclesOf({ 'prices_daily/prices.csv': adjusted }, { failed_max_ratio: 0.5 })).toEqual([])
})

it('names a needed job for which the delivery has no row of the universe', async () => {
  const universe = 'source_id,ticker\ny:other,OTHER\n'
  const found = await obstaclesOf({ 'universe.csv': universe })
  expect(found.map((each) => each.split(':', 1)[0])).toEqual(['securities', 'ticker-history', 'prices-daily'])
  expect(found[0]).toMatch(/the delivery has no row of the universe/)
})

it.each([
  { malformed: 5, ends: 'is taken' },
  { malformed: 6, ends: 'is refused' },
])('a file with $malformed malformed records of 100 $ends at a threshold of 0.05', async ({ malformed }) => {
  const header = 'source_id,date,open,high,low,close,volume\n'
  const rows = sessions('2020-02-04', '2020-12-31')
    .slice(0, 100)
    .map(({ session_date }, at) => `x:first,${session_date},1,1,1,${at < malformed ? 'x' : '1'},1\n`)
  const prices = header + rows.join('')
  const delivery = {
    ...SMALL_DELIVERY,
    'universe.csv': 'source_id,ticker\nx:first,FIRST\n',
    'prices_daily/prices.csv': prices,
    'splits/splits.csv': '',
    'dividends/dividends.csv': '',
  }
  const found = await obstaclesOf(delivery, { reject_max_ratio: 0.05 })
  const refusals = found.filter((each) => each.includes('6 of its 100 records (6.00 %) are malformed'))
  expect(refusals).toHaveLength(malformed === 6 ? 1 : 0)
  expect(found.filter((each) => each.includes('malformed'))).toHaveLength(malformed === 6 ? 1 : 0)
})
