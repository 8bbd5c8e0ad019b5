import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { withDatabase } from '../../helpers/postgres/database.ts'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import { decimal } from '../contract/fields.ts'
import { type Dataset, JOB_NAMES } from '../contract/job.ts'
import { adopt } from '../providers/flat-files/adopt.ts'
import { ADJUSTED_SHAPES } from '../testing/flat-files/adjusted-shapes.ts'
import {
  ADJUSTED,
  DIVIDENDS,
  type Names,
  RENAME_DATE,
  SPLIT,
  TRUTH,
  type VendorShape,
} from '../testing/flat-files/company-of-known-truth.ts'
import { ingestDelivery, writeDelivery } from '../testing/flat-files/delivery.ts'
import { readFolder } from '../testing/flat-files/read-delivery.ts'
import { TRADED_SHAPES } from '../testing/flat-files/vendor-shapes.ts'
import { CHECKS } from '../validation/checks.ts'
import { VALIDATING, type ValidationReport, validate } from '../validation/validate.ts'
import { checkDelivery } from './check-delivery.ts'

const NAMES: Names = { old: 'OLDC', last: 'NEWC' }
const ID = 'x:company'
/** The company under names of its own, so that every form is one of a database. */
const namesOf = (at: number): Names => {
  const letters = String.fromCharCode(65 + Math.floor(at / 26), 65 + (at % 26))
  return { old: `${letters}OLD`, last: `${letters}NEW` }
}
const splitsOf = (source_id: string): string =>
  `source_id,ex_date,split_from,split_to\n${source_id},${SPLIT.ex_date},${SPLIT.from},${SPLIT.to}\n`
const UP_TO_PRICES = ['securities', 'ticker-history', 'prices-daily'] as const
const check = (root: string) => checkDelivery(root, { reject_max_ratio: 0.001 })
const day_before = TRUTH.findLast(({ date }) => date < RENAME_DATE)?.date ?? ''

/** What a person does after adopt: both tickers are one company, whose split may be known from elsewhere. */
async function review(
  into: string,
  source_id: string,
  has_split: boolean,
  { old, last }: Names = NAMES,
): Promise<void> {
  const files = {
    'universe.csv': `source_id,ticker\n${source_id},${last}\n`,
    'securities/securities.csv': `source_id,ticker,currency\n${source_id},${last},USD\n`,
    'ticker_history/ticker_history.csv':
      `source_id,ticker,valid_from,valid_to\n${source_id},${old},2010-01-04,${day_before}\n` +
      `${source_id},${last},${RENAME_DATE},\n`,
    ...(has_split ? { 'splits/splits.csv': splitsOf(source_id) } : {}),
  }
  if (has_split) await mkdir(join(into, 'splits'))
  for (const [path, text] of Object.entries(files)) await writeFile(join(into, path), text)
}

/** A row with exact numbers. */
const exact = (row: Readonly<Record<string, string | null>>): Record<string, string | null> =>
  Object.fromEntries(
    Object.entries(row).map(([field, value]) => [field, value === null ? null : (decimal(value) ?? value)]),
  )

/** The records of a dataset, with exact numbers. */
async function read(into: string, source_id: string, dataset: Dataset) {
  const subject = {
    item: source_id,
    source_id,
    cik: undefined,
    ticker: NAMES.last,
    tickers: [
      { ticker: NAMES.old, valid_from: '2010-01-04', valid_to: day_before },
      { ticker: NAMES.last, valid_from: RENAME_DATE, valid_to: null },
    ],
  }
  const { records, reasons } = await readFolder(into, dataset, [subject])
  expect(reasons).toEqual([])
  expect(records.filter(({ malformed }) => malformed !== undefined)).toEqual([])
  return records
    .map(({ record }) => exact(record))
    .toSorted((a, b) => ((a['date'] ?? a['ex_date'] ?? '') < (b['date'] ?? b['ex_date'] ?? '') ? -1 : 1))
}

const truth = (gives: VendorShape['gives']) =>
  TRUTH.map((bar) => {
    const numbers = Object.entries(bar).map(([field, value]) => [field, decimal(value) ?? value])
    const unknown = { open: null, high: null, low: null, volume: null }
    return {
      ...Object.fromEntries(numbers),
      ...(gives === 'closes' && bar.date < SPLIT.ex_date ? unknown : {}),
    }
  })
const TRUE_SPLIT = { ex_date: SPLIT.ex_date, kind: 'split', split_from: '1', split_to: '4' }
const TRUE_EVENTS = [
  ...Object.entries(DIVIDENDS).map(([ex_date, cash_amount]) => ({
    ex_date,
    kind: 'cash_dividend',
    cash_amount,
  })),
  TRUE_SPLIT,
]

const numbered = (shapes: readonly VendorShape[]) => shapes.map((shape, at) => ({ ...shape, at }))

describe('files in the form of', () => {
  it.each(numbered(TRADED_SHAPES))(
    '$vendor ($at) have the true rows',
    async ({ vendor, files, gives, ...shape }) => {
      const source_id = shape.source_id ?? ID
      const root = await writeDelivery(await files(NAMES))
      if (shape.is_stated === true)
        await expect(adopt(root)).rejects.toThrow(/nothing here shows that these are/)
      const page = await adopt(root, { adjusted: shape.is_stated === true ? 'raw' : undefined })
      expect(page).toContain(`of ${vendor}`)
      const into = `${root}-delivery`
      const universe = (await readFile(join(into, 'universe.csv'), 'utf8')).trim().split('\n').slice(1)
      const tickers = shape.is_as_traded === true ? [NAMES.last, NAMES.old] : [shape.source_id ?? NAMES.last]
      expect(universe.map((line) => line.split(',')[1])).toEqual(tickers)
      await review(into, source_id, gives !== 'bars and events')
      const { text } = await check(into)
      expect(text).toContain('PRICES   as traded: the closes move at all 1 splits')
      expect(text).toContain('It can be loaded.\n')
      expect(await read(into, source_id, 'prices_daily')).toMatchObject(truth(gives))
      const events = gives === 'bars and events' ? TRUE_EVENTS : [TRUE_SPLIT]
      expect(await read(into, source_id, 'corporate_actions')).toMatchObject(events)
    },
  )

  it.each(numbered(ADJUSTED_SHAPES))(
    '$vendor ($at) have no row that is loaded',
    async ({ vendor, files, is_stated }) => {
      const root = await writeDelivery(await files(NAMES))
      const reason =
        is_stated === true ? 'nothing here shows that these are' : 'Refused: these prices are adjusted'
      await expect(adopt(root)).rejects.toThrow(new RegExp(`of ${vendor}[^]*${reason}`))
      // A person states what is wrong, and knows the split: the closes contradict it.
      await adopt(root, { adjusted: 'raw' })
      await review(`${root}-delivery`, ID, true)
      const { text, verdict } = await check(`${root}-delivery`)
      expect(text).toContain(
        'FAILS    prices-daily: Its closes do not move at a split that the delivery states',
      )
      expect(verdict).toBe('unfit')
    },
  )
})

describe('the jobs and the validation of the checklist, on the files of all vendors:', () => {
  const ALL = numbered([...TRADED_SHAPES, ...ADJUSTED_SHAPES])
  const idOf = ({ at, source_id }: (typeof ALL)[number]): string => source_id ?? `x:company-${at}`
  let scratch: Scratch
  const ended: string[] = []
  let validated: ValidationReport

  beforeAll(async () => {
    scratch = await scratchDatabase({ migrated: true })
    for (const shape of ALL) {
      const { at, files, gives } = shape
      const root = await writeDelivery(await files(namesOf(at)))
      await adopt(root, { adjusted: 'raw' })
      await review(`${root}-delivery`, idOf(shape), gives !== 'bars and events', namesOf(at))
      const window = { start_date: '2020-08-15', end_date: '2020-08-31' }
      const { jobs } = await ingestDelivery(scratch.connection, `${root}-delivery`, {
        jobs: gives === 'refused' ? UP_TO_PRICES : JOB_NAMES,
        window,
      })
      const bad = jobs.filter(({ items, rows_rejected }) => items.failed > 0 || rows_rejected > 0)
      ended.push(bad.flatMap(({ job, gaps }) => gaps.map(({ reason }) => `${job}: ${reason}`)).join('; '))
    }
    await withDatabase(
      scratch.connection,
      async (db) => {
        validated = await validate(db, { checks: CHECKS })
      },
      VALIDATING,
    )
  })
  afterAll(() => scratch.drop())

  const rowsOf = (shape: (typeof ALL)[number], columns: string, table: string) =>
    scratch.db.rows<Record<string, string | null>>(
      `select ${columns} from stocks_research.${table} join stocks_research.securities using (security_id)
        where source_id = $1 order by 1, 2`,
      [idOf(shape)],
    )
  /** By hand: four for one, and the dividend of 0.82 after a close of 456. */
  const adjustedCloses = (has_dividend: boolean): string[] =>
    ADJUSTED.map(({ date, close }) =>
      (Number(close) * (has_dividend && date < '2020-08-20' ? 1 - 0.82 / 456 : 1)).toFixed(4),
    )
  const BAR = 'trade_date::text as date, open, high, low, close, volume, adj_close'

  it.each(ALL.filter(({ gives }) => gives !== 'refused'))('$vendor ($at): true rows', async (shape) => {
    expect(ended[shape.at]).toBe('')
    const bars = await rowsOf(shape, BAR, 'prices_daily_adjusted_v')
    const is_with_events = shape.gives === 'bars and events'
    expect(bars.map(({ adj_close: _, ...bar }) => exact(bar))).toEqual(truth(shape.gives))
    expect(bars.map(({ adj_close }) => Number(adj_close).toFixed(4))).toEqual(adjustedCloses(is_with_events))
    const events = await rowsOf(shape, 'ex_date::text, kind::text', 'corporate_actions')
    const known = is_with_events ? TRUE_EVENTS : [TRUE_SPLIT]
    expect(events).toEqual(known.map(({ ex_date, kind }) => ({ ex_date, kind })))
  })

  it.each(ALL.filter(({ gives }) => gives === 'refused'))('$vendor ($at): no row', async (shape) => {
    expect(ended[shape.at]).toMatch(/prices-daily: Its closes do not move at a split/)
    expect(await rowsOf(shape, 'trade_date, close', 'prices_daily')).toEqual([])
  })

  it('no hard check has a violation', () => {
    const hard = validated.checks.filter(({ severity }) => severity === 'hard')
    expect(hard.flatMap(({ examples }) => examples)).toEqual([])
    expect(hard.length).toBeGreaterThan(30)
  })
})

describe('files of one company', () => {
  const YAHOO = ADJUSTED_SHAPES.find(({ vendor }) => vendor === 'Yahoo') as VendorShape

  it('in two notations are one security, and differ only where their values do', async () => {
    const header = 'date,open,high,low,close,volume\n'
    const rows = TRUTH.map(({ date, open, high, low, close, volume }) =>
      [date, open, high, low, close, volume].join(),
    )
    const files = (second: readonly string[]) => ({
      'BRK.B.csv': `${header}${rows.slice(0, 6).join('\n')}\n`,
      'BRK-B.csv': `${header}${second.join('\n')}\n`,
    })
    const root = await writeDelivery(files(rows.slice(5)))
    expect(await adopt(root, { adjusted: 'raw' })).toContain('BRK-B, BRK.B are one security, BRK.B')
    const { text } = await check(`${root}-delivery`)
    expect(text).toMatch(/prices-daily +2 +12 +0 +0 +12 /)
    expect(text).toContain('It can be loaded.\n')
    const other = await writeDelivery(files([(rows[5] ?? '').replace('474.00', '474.01'), ...rows.slice(6)]))
    await adopt(other, { adjusted: 'raw' })
    expect((await check(`${other}-delivery`)).text).toMatch(/DIFFER +prices-daily: 1 bar has other values/)
  })

  it('as Yahoo prints them are rebuilt where a person has every split', async () => {
    const root = await writeDelivery(await YAHOO.files(NAMES))
    await adopt(root, { adjusted: 'raw' })
    const into = `${root}-delivery`
    await review(into, ID, true)
    const unadjust = { through: '2020-09-01', decimals: 6, volume: 'split', cash: 'split' }
    const prices_daily = { ticker_is: 'last', file_name_is: 'ticker', adjusted: 'split', unadjust }
    await writeFile(join(into, 'mapping.json'), JSON.stringify({ spec: 1, folders: { prices_daily } }))
    expect((await check(into)).text).toContain('It can be loaded.\n')
    expect(await read(into, ID, 'prices_daily')).toMatchObject(truth('bars'))
  })
})

describe('adopt takes tickers from the names of files', () => {
  const TABLE = 'date,open,high,low,close,volume\n2020-02-03,58.2,59,58,58.5,900\n'
  it.each([
    ['daily_KO.csv daily_PEP.csv', 'KO PEP'],
    ['KO_1d_2020.csv BRK-B_1d_2020.csv', 'BRK.B KO'],
    ['BF-B.csv BRK-B.csv', 'BF.B BRK.B'],
    ['ko.csv pep.csv', 'KO PEP'],
    ['abr-pd.csv', 'ABR.PRD'],
    ['F.csv', 'F'],
    ['prices_F_raw.csv prices_T_raw.csv', 'F T'],
  ])('%s: %s', async (names, tickers) => {
    const root = await writeDelivery(Object.fromEntries(names.split(' ').map((name) => [name, TABLE])))
    await adopt(root, { adjusted: 'raw' })
    const universe = await readFile(join(`${root}-delivery`, 'universe.csv'), 'utf8')
    expect(
      universe
        .trim()
        .split('\n')
        .slice(1)
        .map((line) => line.split(',')[1])
        .join(' '),
    ).toBe(tickers)
    expect((await check(`${root}-delivery`)).text).toContain('It can be loaded.\n')
  })

  it.each(['HistoricalData_1700000000000.csv', 'KO (1).csv', 'my_stock_prices.csv'])(
    'and refuses %s, which names none',
    async (name) => {
      const root = await writeDelivery({ [name]: TABLE })
      await expect(adopt(root, { adjusted: 'raw' })).rejects.toThrow(
        /No column has the tickers, and 1 file names are not tickers: .*Name each file/,
      )
      await expect(readFile(join(`${root}-delivery`, 'mapping.json'))).rejects.toThrow(/ENOENT/)
    },
  )
})
