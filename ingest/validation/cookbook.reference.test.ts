import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readCookbook, withVariables } from '../../helpers/testing/documents/cookbook.ts'
import { referenceFolder, referenceRows } from '../../helpers/testing/reference.ts'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import { ingestDelivery } from '../testing/flat-files/delivery.ts'

type Row = Readonly<Record<string, string | null>>

let scratch: Scratch
beforeAll(async () => {
  scratch = await scratchDatabase({ migrated: true })
  await ingestDelivery(scratch.connection, join(referenceFolder(), 'flat-files'), {
    jobs: ['securities', 'ticker-history', 'prices-daily', 'corporate-actions', 'adjustment-factors'],
  })
})
afterAll(() => scratch?.drop())

function ask(number: number, values: Readonly<Record<string, string>>): Promise<Row[]> {
  const recipe = readCookbook().find((each) => each.number === number)
  return scratch.db.rows<Row>(withVariables(recipe?.sql ?? '', values))
}
async function idOf(source_id: string): Promise<string> {
  const { id } = await scratch.db.one<{ id: string }>(
    'select security_id::text as id from stocks_research.securities where source_id = $1',
    [source_id],
  )
  return id
}

it('1: Waste Management has its prices as UW, WMI and WM', async () => {
  const rows = await ask(1, { ticker: 'wm', from: '1998-01-02', to: '2010-12-31' })
  expect(new Set(rows.map(({ ticker }) => ticker))).toEqual(new Set(['UW', 'WMI', 'WM']))
  expect(rows[0]?.['trade_date']).toBe('1998-01-02')
})

it('2: FB is another company before 2003 than after 2012, and none between', async () => {
  const securityOn = async (day: string) => (await ask(2, { ticker: 'FB', day }))[0]
  expect((await securityOn('2001-06-29'))?.['security_id']).toBe(await idOf('lean:fb.1'))
  expect(await securityOn('2008-06-30')).toMatchObject({ security_id: null, reason: 'not_held_on_day' })
  expect((await securityOn('2014-06-30'))?.['security_id']).toBe(await idOf('lean:fb'))
})

it('3: the stocks of 2001 have no company that came to the market later', async () => {
  const rows = await ask(3, { day: '2001-06-29' })
  expect(rows.map(({ ticker }) => ticker)).not.toContain('NWSA')
  expect(rows.map(({ ticker }) => ticker)).toContain('WMI')
})

it('4: the total return of AAPL over its split of 2014 is that of an independent computation', async () => {
  const rows = referenceRows('expected', 'adjusted_reference.csv.gz').filter(
    ({ source_id }) => source_id === 'lean:aapl',
  )
  const closeOn = (day: string): number =>
    Number(rows.find(({ date }) => date === day)?.['total_return_exact'])
  const wanted = closeOn('2014-12-31') / closeOn('2014-01-02') - 1
  const [row] = await ask(4, { ticker: 'AAPL', from: '2014-01-02', to: '2014-12-31' })
  // The threshold of the reference: it was rounded.
  expect(Math.abs(Number(row?.['total_return']) - wanted)).toBeLessThan(4e-7)
})

it('6: an end of which nothing more is reported has no return, and the reason', async () => {
  const rows = await ask(6, { from: '2000-01-01', to: '2021-12-31' })
  expect(
    rows.map(({ ticker, delisting_code, delisting_return, delisting_return_reason }) => [
      ticker,
      delisting_code,
      delisting_return,
      delisting_return_reason,
    ]),
  ).toEqual([
    ['FB', 'not_known', null, 'terms_not_reported'],
    ['TFCFA', 'not_known', null, 'terms_not_reported'],
  ])
})

it('12: the dividend yield of AAPL on 2014-06-30 is 1.91 %, over the split of 7 to 1', async () => {
  const [row] = await ask(12, { security_id: await idOf('lean:aapl'), day: '2014-06-30' })
  expect(Number(row?.['dividend_yield'])).toBeCloseTo(0.0191, 4)
})

it('13: a share of AAPL of 1998 is 112 shares of 2021', async () => {
  const values = { security_id: await idOf('lean:aapl'), from: '1998-01-02', to: '2021-01-04' }
  expect(await ask(13, values)).toEqual([{ new_shares_for_one: '112' }])
})
