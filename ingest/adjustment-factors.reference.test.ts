import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { figure, referenceFolder, referenceRows } from '../helpers/testing/reference.ts'
import { type Scratch, scratchDatabase } from '../helpers/testing/scratch.ts'
import { JOB_NAMES } from './contract/job.ts'
import { ingestDelivery, writeDelivery } from './testing/flat-files/delivery.ts'
import { CHECKS } from './validation/checks.ts'
import { validate } from './validation/validate.ts'

interface ViewRow extends Record<string, unknown> {
  readonly key: string
  readonly open: string
  readonly close: string
  readonly volume: string
  readonly adj_open: string | null
  readonly adj_high: string | null
  readonly adj_low: string | null
  readonly adj_close: string | null
  readonly adj_volume: string | null
  readonly total_return_close: string | null
  readonly adjustment_reason: string | null
}
type Reference = Record<string, string>

async function load(
  root: string,
  end_date = '2029-12-31',
): Promise<{ scratch: Scratch; view: Map<string, ViewRow> }> {
  const scratch = await scratchDatabase({ migrated: true })
  const window = { start_date: '1990-01-01', end_date }
  await ingestDelivery(scratch.connection, root, { jobs: JOB_NAMES, window })
  const rows = await scratch.db.rows<ViewRow>(
    `select s.source_id || ' ' || v.trade_date as key, v.*
     from stocks_research.prices_daily_adjusted_v v join stocks_research.securities s using (security_id)`,
  )
  return { scratch, view: new Map(rows.map((row) => [row.key, row])) }
}
const error = (value: string | null | undefined, expected: string | undefined): number =>
  value == null ? Number.POSITIVE_INFINITY : Math.abs(Number(value) / Number(expected) - 1)
const most = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b), 0)

describe('the drop of nine securities', () => {
  let scratch: Scratch
  let view: Map<string, ViewRow>
  const reference = referenceRows('expected', 'adjusted_reference.csv.gz')
  const complete = reference.filter((row) => row['complete_chain'] === '1')
  const at = (row: Reference): ViewRow | undefined => view.get(`${row['source_id']} ${row['date']}`)
  beforeAll(async () => {
    ;({ scratch, view } = await load(join(referenceFolder(), 'flat-files'), '2021-03-31'))
  })
  afterAll(() => scratch?.drop())

  it('every bar is in the view, none is added, and raw closes are equal', () => {
    expect(view.size).toBe(reference.length)
    expect(reference.filter((row) => Number(at(row)?.close) !== Number(row['raw_close']))).toEqual([])
  })
  it('definitions A and B equal exact arithmetic within 2e-7', () => {
    const a = most(complete.map((row) => error(at(row)?.adj_close, row['adj_close_exact'])))
    const b = most(complete.map((row) => error(at(row)?.total_return_close, row['total_return_exact'])))
    figure('largest relative error of A and B', { rows: complete.length, a, b })
    expect(a).toBeLessThanOrEqual(2e-7)
    expect(b).toBeLessThanOrEqual(2e-7)
  })
  it('definition A equals what LEAN printed, within its rounding', () => {
    const printed = complete.filter((row) => row['adj_close_lean'] !== '')
    expect(
      printed.filter(
        (row) => error(at(row)?.adj_close, row['adj_close_lean']) > Number(row['tolerance_lean']),
      ),
    ).toEqual([])
  })
  it('open, high and low share the ratio of the close, volume moves by splits alone', () => {
    const ratios = [...view.values()].filter(({ adj_close }) => adj_close !== null)
    const off = ratios.flatMap((row) =>
      (['open', 'high', 'low'] as const).map((name) =>
        Math.abs(
          Number(row[`adj_${name}`]) / Number(row[name]) / (Number(row.adj_close) / Number(row.close)) - 1,
        ),
      ),
    )
    expect(most(off)).toBeLessThanOrEqual(5e-7)
    const volumes = complete.filter((row) => {
      const bar = at(row)
      const expected = Number(bar?.volume) * Number(row['share_multiple'])
      return Math.abs(Number(bar?.adj_volume) - expected) > Math.max(1e-6 * expected, 0.5)
    })
    expect(volumes).toEqual([])
  })
  it('bars under an event that cannot be applied are null with a reason', () => {
    const marked = reference.filter((row) => row['complete_chain'] === '0').map((row) => at(row))
    expect(marked.length).toBeGreaterThan(0)
    for (const row of marked)
      expect(row).toMatchObject({
        adj_close: null,
        total_return_close: null,
        adjustment_reason: expect.stringContaining('no bar'),
      })
    expect([...view.values()].filter((row) => row.adjustment_reason !== null).length).toBe(marked.length)
  })
  it('the unrounded chain gives the factors that LEAN prints, but for its own last digit', async () => {
    const rows = await scratch.db.rows<{
      source_id: string
      first_date: string
      last_date: string
      factor: string
    }>(
      `select s.source_id, f.first_date, f.last_date,
         f.price_factor * f.split_denominator / f.split_numerator as factor
       from stocks_research.adjustment_factors f join stocks_research.securities s using (security_id)
       where f.reason is null`,
    )
    const off = referenceRows('expected', 'factors_reference.csv').flatMap((row) => {
      const day = row['last_date_factor_applies'] || '2021-03-31'
      const own = rows.find(
        (each) => each.source_id === row['source_id'] && each.first_date <= day && day <= each.last_date,
      )
      return own === undefined ? [] : [Math.abs(Number(own.factor) - Number(row['price_factor']))]
    })
    figure('factors compared with LEAN', {
      compared: off.length,
      last_digit_off: off.filter((each) => each > 0.50001e-7).length,
    })
    expect(most(off)).toBeLessThanOrEqual(1.5e-7)
    expect(off.filter((each) => each > 0.50001e-7).length).toBeLessThanOrEqual(2)
  })
  it('as of a past day nothing later is used', async () => {
    const [later] = await scratch.db.rows(
      `select v.trade_date from stocks_research.prices_daily_adjusted_as_of('2014-06-06') v
       join stocks_research.securities s using (security_id)
       where v.trade_date > '2014-06-06'
         or (s.source_id = 'lean:aapl' and v.trade_date = '2014-06-06' and v.adj_close <> v.close)`,
    )
    expect(later).toBeUndefined()
  })
  it('no hard check has a violation', async () => {
    const report = await validate(scratch.db, { checks: CHECKS })
    figure('findings on the drop', {
      hard: report.hard_count,
      soft: report.soft_count,
      checks: report.checks.length,
    })
    expect(report.checks.filter((check) => check.severity === 'hard' && check.violations_count > 0)).toEqual(
      [],
    )
    expect(report.soft_count).toBeLessThan(60)
  })
})

it('definition B equals an independent vendor on nine symbols', async () => {
  const { scratch, view } = await load(join(referenceFolder(), 'flat-files-av'))
  try {
    const reference = referenceRows('expected', 'total_return_reference.csv.gz')
    const errors = reference.map((row) =>
      error(view.get(`${row['source_id']} ${row['date']}`)?.total_return_close, row['adjusted_close']),
    )
    const outside = reference.filter(
      (row, index) =>
        (errors[index] ?? 1) * Number(row['adjusted_close']) >
        Math.max(5e-6 * Number(row['adjusted_close']), 1.01e-4),
    )
    const share = (bound: number): number => errors.filter((each) => each <= bound).length / errors.length
    figure('B against the vendor', {
      rows: reference.length,
      outside: outside.length,
      within_1e5: share(1e-5),
      within_1e4: share(1e-4),
      largest: most(errors),
    })
    expect(view.size).toBe(reference.length)
    expect(outside).toEqual([])
    expect(share(1e-5)).toBeGreaterThanOrEqual(0.999)
    expect(share(1e-4)).toBeGreaterThanOrEqual(0.9999)
  } finally {
    await scratch.drop()
  }
})

it("definition A on one vendor's closes and another's events gives the first's adjusted closes", async () => {
  const { scratch, view } = await load(join(referenceFolder(), 'flat-files-aapl-av'))
  try {
    const reference = referenceRows('expected', 'independent_aapl.csv.gz')
    const worst = most(
      reference.map((row) =>
        error(view.get(`${row['source_id']} ${row['date']}`)?.adj_close, row['adj_close_lean_rebased']),
      ),
    )
    figure('A on independent events', { rows: reference.length, worst })
    expect(view.size).toBe(reference.length)
    expect(worst).toBeLessThanOrEqual(5e-6)
  } finally {
    await scratch.drop()
  }
})

it('definition B gives the growth between days of a third vendor, and exactly its volumes', async () => {
  const reference = referenceRows('expected', 'total_return_wiki_2014.csv')
  const lines = (header: string, rows: readonly string[]): string => [header, ...rows, ''].join('\n')
  const root = await writeDelivery({
    'universe.csv': lines('source_id,ticker', ['x,AAPL']),
    'securities/securities.csv': lines(
      'source_id,ticker,name,exchange_mic,type,currency,cik,list_date,delist_date',
      ['x,AAPL,,XNAS,,USD,,,'],
    ),
    'ticker_history/ticker_history.csv': lines('source_id,ticker,valid_from,valid_to,exchange_mic', [
      'x,AAPL,2014-01-01,,XNAS',
    ]),
    'prices_daily/prices.csv': lines(
      'source_id,date,open,high,low,close,volume',
      reference.map((row) =>
        ['x', row['date'], row['open'], row['high'], row['low'], row['close'], row['volume']].join(),
      ),
    ),
    'splits/splits.csv': lines(
      'source_id,ex_date,split_from,split_to',
      reference
        .filter((row) => row['split_ratio'] !== '1.0')
        .map((row) => `x,${row['date']},1,${row['split_ratio']}`),
    ),
    'dividends/dividends.csv': lines(
      'source_id,ex_date,amount,currency',
      reference
        .filter((row) => row['ex_dividend'] !== '0.0')
        .map((row) => `x,${row['date']},${row['ex_dividend']},USD`),
    ),
  })
  const { scratch, view } = await load(root)
  try {
    const last = reference.at(-1)
    const growth = reference.map((row) => {
      const ours =
        Number(view.get(`x ${row['date']}`)?.total_return_close) /
        Number(view.get(`x ${last?.['date']}`)?.total_return_close)
      return Math.abs(ours / (Number(row['adj_close']) / Number(last?.['adj_close'])) - 1)
    })
    figure('B against a third vendor', { rows: reference.length, worst: most(growth) })
    expect(most(growth)).toBeLessThanOrEqual(1e-9)
    expect(
      reference.filter(
        (row) => Number(view.get(`x ${row['date']}`)?.adj_volume) !== Number(row['adj_volume']),
      ),
    ).toEqual([])
  } finally {
    await scratch.drop()
  }
})
