import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import type { Window } from '../contract/job.ts'
import { contentOf, ingestDelivery, SMALL_DELIVERY, writeDelivery } from '../testing/flat-files/delivery.ts'
import { CHECKS } from '../validation/checks.ts'
import { validate } from '../validation/validate.ts'

let scratch: Scratch
beforeEach(async () => {
  scratch = await scratchDatabase({ migrated: true })
})
afterEach(() => scratch.drop())

const PRICES = 'prices_daily/prices.csv'
const DIVIDENDS = 'dividends/dividends.csv'
const FACTS = 'fundamentals/CIK0000000001.csv'
const without = (file: keyof typeof SMALL_DELIVERY, text: string) => ({
  ...SMALL_DELIVERY,
  [file]: SMALL_DELIVERY[file]
    .split('\n')
    .filter((line) => !line.includes(text))
    .join('\n'),
})

async function load(files: Readonly<Record<string, string | Buffer>>, window?: Window) {
  const { jobs } = await ingestDelivery(
    scratch.connection,
    await writeDelivery(files),
    window === undefined ? {} : { window },
  )
  return Object.fromEntries(
    jobs
      .filter(({ rows_withdrawn }) => rows_withdrawn > 0)
      .map(({ job, rows_withdrawn }) => [job, rows_withdrawn]),
  )
}

const findings = async () => {
  const { checks } = await validate(scratch.db, {
    checks: CHECKS.filter(({ name }) => name === 'withdrawn-by-source'),
    accepted: [],
  })
  return checks.flatMap(({ examples }) =>
    examples.map(
      ({ examples: _rows, fingerprint: _fingerprint, provider: _provider, ...rest }) =>
        rest as Record<string, unknown>,
    ),
  )
}

describe('a row that its source no longer has', () => {
  it('is kept, reported, and a finding with its day, until the source reports it again', async () => {
    expect(await load(SMALL_DELIVERY)).toEqual({})
    expect(await load(SMALL_DELIVERY)).toEqual({})
    expect(await findings()).toEqual([])
    const content = await contentOf(scratch.db)
    expect(await load(without(PRICES, '2020-02-03'))).toEqual({ 'prices-daily': 1 })
    expect(await contentOf(scratch.db)).toEqual(content)
    const bar = {
      subject: 'x:first',
      job: 'prices-daily',
      rows_count: '1',
      first_date: '2020-02-03',
      last_date: '2020-02-03',
    }
    expect(await findings()).toEqual([bar])
    expect(
      await scratch.db.rows(`select examples -> 0 ->> 'close' as close from ingestion.withdrawals`),
    ).toEqual([{ close: '5.3' }])
    expect(await load(without(PRICES, '2020-02-03'))).toEqual({ 'prices-daily': 1 })
    expect(await findings()).toEqual([bar])
    expect(await load(SMALL_DELIVERY)).toEqual({})
    expect(await findings()).toEqual([])
  })

  it('is named where its subject is left without any row', async () => {
    await load(SMALL_DELIVERY)
    expect(await load(without(PRICES, 'x:third'))).toEqual({ 'prices-daily': 1 })
    expect(await load(without(DIVIDENDS, 'x:first'))).toEqual({ 'corporate-actions': 3 })
    expect(await load(without(FACTS, 'Assets'))).toEqual({ 'fundamentals-raw': 1 })
    expect(await findings()).toEqual([
      {
        subject: '0000000001',
        job: 'fundamentals-raw',
        rows_count: '1',
        first_date: '2020-02-20',
        last_date: '2020-02-20',
      },
    ])
  })

  it('names a dividend whose amount was corrected: both would be paid', async () => {
    await load({
      ...SMALL_DELIVERY,
      [DIVIDENDS]: 'source_id,ex_date,amount,currency\nx:first,2020-01-31,0.06,USD\n',
    })
    expect(
      await load({
        ...SMALL_DELIVERY,
        [DIVIDENDS]: 'source_id,ex_date,amount,currency\nx:first,2020-01-31,0.07,USD\n',
      }),
    ).toEqual({
      'corporate-actions': 1,
    })
  })

  it('is not asked for outside the window, and stays named until its own days are read again', async () => {
    await load(SMALL_DELIVERY)
    const january = { start_date: '2020-01-01', end_date: '2020-01-31' }
    expect(await load(without(PRICES, '2020-02-03'), january)).toEqual({})
    await load(without(PRICES, '2020-02-03'))
    expect(await load(without(PRICES, '2020-02-03'), january)).toEqual({})
    expect((await findings()).length).toBe(1)
  })

  it('is not claimed of a file that cannot be read', async () => {
    await load(SMALL_DELIVERY)
    const { [PRICES]: prices, ...others } = SMALL_DELIVERY
    expect(await load({ ...others, 'prices_daily/p.csv.gz': gzipSync(prices).subarray(0, 50) })).toEqual({})
    expect(await load({ ...others, [PRICES]: 'source_id,date,close\nx:first,2020-02-31,1\n' })).toEqual({})
    expect(await findings()).toEqual([])
  })
})
