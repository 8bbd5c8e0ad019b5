import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import { JOB_NAMES, type Window } from '../contract/job.ts'
import { ingestDelivery, writeDelivery } from '../testing/flat-files/delivery.ts'
import { CHECKS } from '../validation/checks.ts'
import { validate } from '../validation/validate.ts'

let scratch: Scratch

const SPLITS = 'source_id,ticker,ex_date,split_from,split_to\n'
const DIVIDENDS = 'source_id,ticker,ex_date,amount,currency,declared_date\n'
const DELISTINGS = 'source_id,date,kind\nx:gone,2020-02-04,delisted\n'
interface Events {
  readonly splits?: string
  readonly dividends?: string
  readonly delistings?: string
}

/**
 * Bars of five sessions from 2020-01-30 on of `x:one`, which was EX before February, and of `x:gone`,
 * delisted on the fourth of them.
 */
async function load({ splits = '', dividends = '', delistings = DELISTINGS }: Events, window?: Window) {
  const days = ['2020-01-30', '2020-01-31', '2020-02-03', '2020-02-04', '2020-02-05']
  const bars = (id: string, count: number): string[] =>
    days.slice(0, count).map((day) => `${id},${day},10,11,9,10.5,100`)
  const root = await writeDelivery({
    'universe.csv': 'source_id,ticker\nx:one,ONE\nx:gone,GONE\n',
    'securities/s.csv':
      'source_id,ticker,currency,list_date,delist_date\nx:one,ONE,USD,2020-01-02,\n' +
      'x:gone,GONE,USD,2020-01-02,2020-02-04\n',
    'ticker_history/t.csv':
      'source_id,ticker,valid_from,valid_to\nx:one,EX,2020-01-02,2020-01-31\nx:one,ONE,2020-02-01,\n' +
      'x:gone,GONE,2020-01-02,2020-02-04\n',
    'prices_daily/p.csv':
      'source_id,date,open,high,low,close,volume\n' +
      `${[...bars('x:one', 5), ...bars('x:gone', 4)].join('\n')}\n`,
    'splits/s.csv': SPLITS + splits,
    'dividends/d.csv': DIVIDENDS + dividends,
    'delistings/d.csv': delistings,
  })
  const all = Object.fromEntries(JOB_NAMES.map((job) => [job, 1]))
  return ingestDelivery(scratch.connection, root, {
    jobs: JOB_NAMES.filter((job) => !job.startsWith('fundamentals')),
    thresholds: { reject_max_ratio: 1, failed_max_ratio: 1, not_found_max_ratio: all },
    window: window ?? { start_date: '2020-01-01', end_date: '2020-02-05' },
  })
}

/**
 * Of each bar what is adjusted: A for the price, B for the total return, V for the volume. Then the reasons.
 */
async function adjusted(source_id = 'x:one') {
  const rows = await scratch.db.rows<{ values: string; adjustment_reason: string | null }>(
    `select
       case when adj_close is not null then 'A' else '' end
         || case when total_return_close is not null then 'B' else '' end
         || case when adj_volume is not null then 'V' else '' end as values,
       adjustment_reason
     from stocks_research.prices_daily_adjusted_v
     join stocks_research.securities s using (security_id)
     where s.source_id = $1
     order by trade_date`,
    [source_id],
  )
  const reasons = new Set(rows.flatMap(({ adjustment_reason }) => adjustment_reason ?? []))
  return [rows.map(({ values }) => values).join(' '), ...reasons]
}
const WHOLE = 'ABV ABV ABV ABV ABV'

/** Hard checks that fail, and the soft one about refusals. */
const offended = async (): Promise<string[]> => {
  const checks = CHECKS.filter(({ name, severity }) => severity === 'hard' || name === 'event-rejected')
  return (await validate(scratch.db, { checks, accepted: [] })).checks
    .filter((each) => each.violations_count > 0)
    .map(({ name }) => name)
}

describe('an event that its source reported and that was refused', () => {
  beforeAll(async () => {
    scratch = await scratchDatabase({ migrated: true })
  })
  afterAll(() => scratch?.drop())

  const REFUSED = 'of its source was refused'
  it.each<[string, Events, string[]]>([
    [
      'a dividend without amount',
      { dividends: 'x:one,,2020-02-03,,USD,' },
      ['V V ABV ABV ABV', `2020-02-03: a cash dividend ${REFUSED}: cash_amount is missing`],
    ],
    [
      'a dividend of a bad number, told by ticker',
      { dividends: ',EX,2020-01-31,0.0.6,USD,' },
      [
        'V ABV ABV ABV ABV',
        `2020-01-31: a cash dividend ${REFUSED}: cash_amount is "0.0.6", not an amount from 0 to 1,000,000`,
      ],
    ],
    [
      'a split of ratio 0',
      { splits: 'x:one,,2020-02-03,0,2' },
      [
        '  ABV ABV ABV',
        `2020-02-03: a split ${REFUSED}: split_from is "0", not a ratio from 0.000001 to 1,000,000`,
      ],
    ],
    [
      'two splits of one day',
      { splits: 'x:one,,2020-02-03,1,2\nx:one,,2020-02-03,1,3' },
      [
        '  ABV ABV ABV',
        `2020-02-03: a split ${REFUSED}: 2 records claim one key with different values; none of them ` +
          'is taken',
      ],
    ],
    [
      'a line that is cut off',
      { splits: 'x:one,,2020-02-04,1' },
      ['   ABV ABV', `2020-02-04: a split ${REFUSED}: it has 4 fields, the header 5`],
    ],
    [
      'an ex-date that cannot be read',
      { dividends: 'x:one,,2020-02-31,0.1,USD,' },
      [
        'V V V V V',
        `unknown ex-date: a cash dividend ${REFUSED}: ex_date is "2020-02-31", not a day YYYY-MM-DD`,
      ],
    ],
    [
      'a split without an ex-date',
      { splits: 'x:one,,,1,2' },
      ['    ', `unknown ex-date: a split ${REFUSED}: ex_date is missing`],
    ],
    [
      "another company's",
      { dividends: ',EX,2020-02-04,,USD,\n,NOBODY,2020-02-03,,USD,\nx:other,,2020-02-03,,USD,' },
      [WHOLE],
    ],
    ['one that nobody can attribute', { dividends: ',EX,,0.1,USD,\n,,2020-02-03,0.1,USD,' }, [WHOLE]],
    ['one up to the first bar', { splits: 'x:one,,2020-01-30,0,1' }, [WHOLE]],
    ['one after the as-of day', { splits: 'x:one,,2020-02-06,0,1' }, [WHOLE]],
    [
      'one that was declared after the as-of day',
      { dividends: 'x:one,,2020-02-03,,USD,2020-02-06' },
      [WHOLE],
    ],
    ['a delisting without a day', { delistings: `${DELISTINGS}x:one,,delisted\n` }, [WHOLE]],
  ])('%s', async (_case, events, expected) => {
    await load(events)
    expect(await adjusted()).toEqual(expected)
    expect((await offended()).filter((name) => name !== 'event-rejected')).toEqual([])
  })

  it('is named where it waits behind the last bar', async () => {
    await load({ splits: 'x:one,,2020-02-08,0,1' }, { start_date: '2020-01-01', end_date: '2020-02-10' })
    expect(await adjusted()).toEqual([
      '    ',
      expect.stringMatching(/^2020-02-10: a split of its source was refused/),
    ])
  })

  it('touches nothing after the delisting', async () => {
    await load({ splits: 'x:gone,,2020-02-05,0,1' })
    expect(await adjusted('x:gone')).toEqual(['ABV ABV ABV ABV'])
    await load({ splits: 'x:gone,,2020-02-04,0,1' })
    expect(await adjusted('x:gone')).toEqual(['   ABV', expect.stringContaining('2020-02-04: a split')])
  })
})

describe('a refusal', () => {
  beforeEach(async () => {
    scratch = await scratchDatabase({ migrated: true })
  })
  afterEach(() => scratch?.drop())
  const versions = () =>
    scratch.db.rows(
      `select subject, version
       from ingestion.subject_versions
       where table_name = 'stocks_research.refused_events'`,
    )

  it('is kept while it is reported, found by name, and removed when a valid record arrives', async () => {
    await load({
      dividends: 'x:one,,2020-02-03,,USD,\nx:one,,2020-01-31,0.1,USD,\nx:one,,2020-02-31,0.1,USD,',
    })
    const before = await versions()
    expect(before).toHaveLength(1)
    const again = await load({
      dividends: 'x:one,,2020-02-03,,USD,\nx:one,,2020-01-31,0.1,USD,\nx:one,,2020-02-31,0.1,USD,',
    })
    expect(await versions()).toEqual(before)
    expect(again.job('adjustment-factors').items_unchanged).toBe(2)
    expect((await adjusted())[0]).toBe('V V V V V')
    expect(await offended()).toEqual(['event-rejected'])
    const healed = await load({ dividends: 'x:one,,2020-02-03,0.2,USD,\nx:one,,2020-01-31,0.1,USD,' })
    expect(healed.job('adjustment-factors').items_unchanged).toBe(1)
    expect(await adjusted()).toEqual([WHOLE])
    expect(await offended()).toEqual([])
  })

  it('outside the window is kept until a good record of its day and kind comes', async () => {
    const february = { start_date: '2020-02-04', end_date: '2020-02-05' }
    const NULLS = 'V V ABV ABV ABV'
    await load({ dividends: 'x:one,,2020-02-03,,USD,' })
    await load({}, february)
    expect((await adjusted())[0]).toBe(NULLS)
    await load({ dividends: 'x:one,,2020-02-03,0.2,USD,' }, february)
    expect(await adjusted()).toEqual([WHOLE])
  })

  it('that is deleted by hand is a change outside any run, and its null values are found', async () => {
    await load({ splits: 'x:one,,2020-02-03,0,2' })
    await scratch.db.execute('delete from stocks_research.refused_events')
    expect(
      await scratch.db.rows(`select operation from ingestion.table_changes where run_id is null`),
    ).toEqual([{ operation: 'DELETE' }])
    expect(await offended()).toEqual(['factors-equal-recomputation'])
  })
})
