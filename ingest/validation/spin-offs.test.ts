import { expect, it } from 'vitest'
import { scratchDatabase } from '../../helpers/testing/scratch.ts'
import { JOB_NAMES } from '../contract/job.ts'
import { ingestDelivery, writeDelivery } from '../testing/flat-files/delivery.ts'
import { CHECKS } from './checks.ts'
import { validate } from './validate.ts'

const bars = (source_id: string, closes: Readonly<Record<string, number>>): string[] =>
  Object.entries(closes).map(
    ([date, close]) => `${source_id},${date},${close},${close},${close},${close},1000`,
  )
const file = (header: string, lines: readonly string[]): string => [header, ...lines, ''].join('\n')
/** Six parents of one price history, each with its spin-off of 2020-06-03 reported in another way. */
const PARENTS = ['valued', 'ratio', 'given', 'unknown', 'raised', 'level']
const CHILD = bars('child', { '2020-06-03': 24, '2020-06-04': 25 })
const drop = (childBars: readonly string[]): Record<string, string> => ({
  'universe.csv': file(
    'source_id,ticker',
    [...PARENTS, 'child'].map((id) => `${id},${id.toUpperCase()}`),
  ),
  'securities/s.csv': file(
    'source_id,ticker,currency',
    [...PARENTS, 'child'].map((id) => `${id},${id.toUpperCase()},USD`),
  ),
  'ticker_history/t.csv': file('source_id,ticker,valid_from', [
    ...PARENTS.map((id) => `${id},${id.toUpperCase()},2020-01-02`),
    'child,CHILD,2020-06-03',
  ]),
  'prices_daily/p.csv': file('source_id,date,open,high,low,close,volume', [
    ...PARENTS.flatMap((id) => bars(id, { '2020-06-02': 100, '2020-06-03': 88, '2020-06-04': 90 })),
    ...childBars,
  ]),
  'splits/s.csv': file('source_id,ex_date,split_from,split_to,kind', [
    'ratio,2020-06-03,1,1.25,spin_off',
    'raised,2020-06-03,2,1,spinoff',
    'level,2020-06-03,1,1,spin_off',
  ]),
  'dividends/d.csv': file('source_id,ex_date,amount,currency,kind', ['valued,2020-06-03,12,USD,spin-off']),
  'mergers_delistings/m.csv': file('source_id,date,kind,new_symbol,new_rate,source_rate', [
    'given,2020-06-03,spin_off,CHILD,1,2',
    'unknown,2020-06-03,spin_off,OTHER,1,2',
  ]),
})

it('a spin-off moves prices by its value, ratio or first close, and never the volume', async () => {
  const scratch = await scratchDatabase({ migrated: true })
  try {
    const load = async (childBars: readonly string[]) =>
      ingestDelivery(scratch.connection, await writeDelivery(drop(childBars)), {
        jobs: JOB_NAMES,
        window: { start_date: '1990-01-01', end_date: '2020-06-04' },
      })
    const rows = async () =>
      (
        await scratch.db.rows<Record<string, string | null>>(
          `select s.source_id, v.adj_close::double precision::text as a,
             round(v.total_return_close, 6)::double precision::text as b,
             v.adj_volume::double precision::text as volume, v.adjustment_reason as reason
           from stocks_research.prices_daily_adjusted_v v
           join stocks_research.securities s using (security_id)
           where v.trade_date = '2020-06-02' order by s.source_id`,
        )
      ).map(({ source_id, a, b, volume, reason }) => [source_id, a, b, volume, reason])
    await load([])
    const unknown = '2020-06-03: the value of the spin-off is not known'
    expect((await rows()).find(([id]) => id === 'given')).toEqual(['given', null, null, '1000', unknown])

    const again = await load(CHILD)
    expect(
      again.job('adjustment-factors').items_unchanged,
      'the parent of the child that has come, and the child, are derived again',
    ).toBe(5)
    expect(await rows()).toEqual([
      ['given', '88', '88', '1000', null], // 24 / 2 for each share.
      ['level', null, null, '1000', '2020-06-03: the ratio of the spin-off does not lower the price'],
      ['raised', null, null, '1000', '2020-06-03: the ratio of the spin-off does not lower the price'],
      ['ratio', '80', '80', '1000', null],
      ['unknown', null, null, '1000', unknown],
      ['valued', '88', '88', '1000', null],
    ])
    const sources = await scratch.db.rows(
      `select s.source_id, f.events -> 0 ->> 'value_source' as value_source
       from stocks_research.adjustment_factors f join stocks_research.securities s using (security_id)
       where f.events <> '[]' and f.reason is null order by 1`,
    )
    expect(sources).toEqual([
      { source_id: 'given', value_source: 'first close of child on 2020-06-03 x 1 / 2' },
      { source_id: 'ratio', value_source: 'stated ratio' },
      { source_id: 'valued', value_source: 'stated value' },
    ])
    const report = await validate(scratch.db, {
      checks: CHECKS.filter(({ severity }) => severity === 'hard'),
      accepted: [],
    })
    expect(report.checks.filter(({ violations_count }) => violations_count > 0)).toEqual([])

    // What the child closed at is known on the evening of its first bar, not before.
    await scratch.db.execute(
      "delete from stocks_research.prices_daily where trade_date = '2020-06-03' and close = 24",
    )
    const asOf = async (day: string) =>
      scratch.db.rows(
        `select v.adj_close::double precision::text as a, v.adjustment_reason as reason
         from stocks_research.prices_daily_adjusted_as_of($1::date) v
         where v.trade_date = '2020-06-02' and v.ticker = 'GIVEN'`,
        [day],
      )
    expect(await asOf('2020-06-02')).toEqual([{ a: '100', reason: null }])
    expect(await asOf('2020-06-03')).toEqual([{ a: null, reason: unknown }])
    expect(await asOf('2020-06-04')).toEqual([{ a: '87.5', reason: null }])
  } finally {
    await scratch.drop()
  }
})
