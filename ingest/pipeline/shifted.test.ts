import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DAY_MS } from '../../helpers/core/days.ts'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import { type Overrides, sessions } from '../calendar/xnys.ts'
import { pricesDaily } from '../prices-daily.ts'
import { ingestDelivery, isAccounted, SMALL_DELIVERY, writeDelivery } from '../testing/flat-files/delivery.ts'

let scratch: Scratch
beforeEach(async () => {
  scratch = await scratchDatabase({ migrated: true })
})
afterEach(() => scratch.drop())

const PRICES = 'prices_daily/prices.csv'
const DAYS = sessions('2012-01-03', '2019-12-31').map(({ session_date }) => session_date)
const moved = (day: string, by: number): string =>
  new Date(Date.parse(day) + by * DAY_MS).toISOString().slice(0, 10)
const bars = (id: string, days: readonly string[]): string[] => days.map((day) => `${id},${day},1`)
const dropOf = (...rows: string[][]) => ({
  ...SMALL_DELIVERY,
  [PRICES]: ['source_id,date,close', ...rows.flat(), ''].join('\n'),
})
const SOME = { reject_max_ratio: 0.05, failed_max_ratio: 1, not_found_max_ratio: { 'prices-daily': 1 } }

async function ingestPrices(
  files: Record<string, string>,
  thresholds = { ...SOME, reject_max_ratio: 0.001 },
) {
  const { job } = await ingestDelivery(scratch.connection, await writeDelivery(files), { thresholds })
  const prices = job('prices-daily')
  expect(isAccounted(prices)).toBe(true)
  return prices
}

describe('a bar on a day without a session', () => {
  it('is rejected with its place and reason: on a weekend, a holiday, before the calendar', async () => {
    const strays = ['2014-07-05', '2014-07-04', '1989-12-29'].map((day) => `x:third,${day},1`)
    const universe = {
      ...dropOf(bars('x:first', DAYS), bars('x:third', ['2015-01-02', '2015-01-05']), strays),
    }
    const prices = await ingestPrices(
      {
        ...universe,
        'ticker_history/ticker_history.csv':
          'source_id,ticker,valid_from\nx:first,NEW,1980-01-02\nx:third,GONE,1980-01-02\n',
      },
      SOME,
    )
    expect(prices).toMatchObject({ rows_rejected: 2, rows_skipped: 1, items: { ok: 2, failed: 0 } })
    expect(
      await scratch.db.rows(`select item, kind, reason, line::integer from ingestion.rejects order by line`),
    ).toEqual([
      {
        item: 'x:third',
        kind: 'malformed',
        reason: 'the calendar has no session on 2014-07-05',
        line: DAYS.length + 4,
      },
      {
        item: 'x:third',
        kind: 'malformed',
        reason: 'the calendar has no session on 2014-07-04',
        line: DAYS.length + 5,
      },
    ])
    expect(
      await scratch.db.rows(
        `select from stocks_research.prices_daily where trade_date in ('2014-07-04', '2014-07-05')`,
      ),
    ).toEqual([])
  })

  it('counts as malformed: too many of them refuse the file', async () => {
    const saturdays = DAYS.filter((day) => new Date(day).getUTCDay() === 5).slice(0, 30)
    const prices = await ingestPrices(
      dropOf(
        bars('x:first', DAYS),
        bars(
          'x:first',
          saturdays.map((day) => moved(day, 1)),
        ),
      ),
    )
    expect(prices.items.failed).toBe(3)
    expect(prices.gaps[0]?.reason).toMatch(
      /^prices_daily\/prices\.csv is refused: 30 of its \d+ records \(\S+ %\) are malformed, more than 0\.1 %/,
    )
  })

  it('of an ad hoc closure is rejected, and without that override of the calendar it is taken', () => {
    const holder = { security_id: 1, source_id: 'x:first' }
    const identity = {
      bySourceId: () => holder,
      byTicker: () => holder,
      knowsTicker: () => true,
      isListed: () => true,
      hasFiler: () => false,
    }
    const parse = (overrides?: Overrides) => {
      const days = new Set(
        sessions('2016-01-01', '2016-12-31', overrides).map(({ session_date }) => session_date),
      )
      const window = { start_date: '2016-01-01', end_date: '2016-12-31' }
      const context = {
        identity,
        window,
        isSession: (date: string) => days.has(date),
        provider: 'flat-files',
      }
      return pricesDaily.parse({ source_id: 'x:first', date: '2016-03-16', close: '1' }, context)
    }
    expect(parse()).toHaveProperty('row')
    expect(
      parse({ closures: [{ date: '2016-03-16', reason: 'a day of mourning' }], early_closes: [] }),
    ).toMatchObject({
      rejected: 'the calendar has no session on 2016-03-16',
      kind: 'malformed',
      off_session_date: '2016-03-16',
    })
  })
})

describe('dates that are shifted', () => {
  it.each([1, -1])('by %i day fail a whole delivery', async (by) => {
    const prices = await ingestPrices(
      dropOf(
        bars(
          'x:first',
          DAYS.map((day) => moved(day, by)),
        ),
      ),
    )
    expect(prices).toMatchObject({ rows_inserted: 0, items: { ok: 0, failed: 3 } })
  })

  it.each([1, -1])(
    'by %i day fail one security among others, whatever the bound of its file is',
    async (by) => {
      const some = DAYS.slice(-200)
      const prices = await ingestPrices(
        dropOf(
          bars('x:first', DAYS),
          bars(
            'x:third',
            some.map((day) => moved(day, by)),
          ),
        ),
        SOME,
      )
      expect(prices.items).toMatchObject({ ok: 1, failed: 1 })
      expect(prices.gaps.find(({ item }) => item === 'x:third')?.reason).toMatch(
        /^\d+ of its \d+ bars are on days without a session, the first on 2019-\S+, and .+: its dates are shifted\./,
      )
      expect(
        await scratch.db.rows(
          `select distinct source_id
           from stocks_research.prices_daily
           join stocks_research.securities using (security_id)`,
        ),
      ).toEqual([{ source_id: 'x:first' }])
    },
  )

  it('are not what a flat bar on every closed Friday and Monday is', async () => {
    const holidays = ['2018-03-30', '2018-05-28', '2018-09-03', '2018-12-25', '2019-04-19', '2019-05-27']
    const prices = await ingestPrices(
      dropOf(bars('x:first', DAYS), bars('x:third', [...DAYS.slice(-480), ...holidays])),
      SOME,
    )
    expect(prices.items).toMatchObject({ ok: 2, failed: 0 })
    expect(prices.rows_rejected).toBeGreaterThan(0)
  })

  it('do not follow from a single stray bar of a security that is rarely traded', async () => {
    const days = DAYS.slice(-200).filter((_, at) => at % 5 === 0)
    const prices = await ingestPrices(
      dropOf(
        bars('x:first', DAYS),
        bars('x:third', [...days, moved(DAYS.findLast((day) => new Date(day).getUTCDay() === 5) ?? '', 1)]),
      ),
      SOME,
    )
    expect(prices.items).toMatchObject({ ok: 2, failed: 0 })
  })
})
