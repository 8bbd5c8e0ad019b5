import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { runs } from '../../helpers/testing/runs.ts'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import { sessions } from '../calendar/xnys.ts'
import type { Page, Provider } from '../contract/provider.ts'
import { flatFiles } from '../providers/flat-files/index.ts'
import { contentOf, ingestDelivery, isAccounted, writeDelivery } from '../testing/flat-files/delivery.ts'

const BASE = {
  'universe.csv': 'source_id,ticker\nx:a,AA\nx:b,BB\n',
  'securities/s.csv': 'source_id,ticker,cik,list_date\nx:a,AA,7,2015-01-02\nx:b,BB,,2015-01-02\n',
  'ticker_history/t.csv':
    'source_id,ticker,valid_from,valid_to\nx:a,OLD,2015-01-02,2019-12-31\nx:a,AA,2020-01-01,\n' +
    'x:b,BB,2015-01-02,\n',
}
const HEADERS = {
  prices_daily: 'source_id,date,open,high,low,close,volume',
  dividends: 'source_id,ex_date,amount,currency',
  splits: 'source_id,ex_date,split_from,split_to',
  fundamentals: 'cik,taxonomy,tag,unit,start,end,value,accession,filed',
}
type Folder = keyof typeof HEADERS

const id = fc.constantFrom('x:a', 'x:b', 'x:none')
const day = fc.constantFrom(...sessions('2019-12-20', '2020-01-09').map(({ session_date }) => session_date))
const price = fc
  .integer({ min: 1, max: 400 })
  .chain((cents) =>
    fc.constantFrom(cents / 100, `${(cents / 100).toFixed(2)}`, `${(cents / 100).toFixed(2)}0`),
  )
const ROWS: Record<Folder, fc.Arbitrary<string>> = {
  prices_daily: fc.tuple(id, day, price).map(([id, day, close]) => `${id},${day},,,,${close},100`),
  dividends: fc
    .tuple(id, day, fc.constantFrom('0.06', '0.060', '1'))
    .map(([id, day, amount]) => `${id},${day},${amount},USD`),
  splits: fc.tuple(id, day, fc.constantFrom('1,2', '1,3')).map(([id, day, ratio]) => `${id},${day},${ratio}`),
  fundamentals: fc
    .tuple(fc.constantFrom('7', '8'), day, fc.constantFrom('1', '2'))
    .map(([cik, end, value]) => `${cik},us-gaap,Assets,USD,,${end},${value},a,2020-03-01`),
}
/** So many rows that nearly each case has duplicates, conflicts and unknown securities. */
const some = (row: fc.Arbitrary<string>, maxLength: number): fc.Arbitrary<string[]> =>
  fc.array(row, { minLength: maxLength / 2, maxLength })
const rowsOf = fc.record({
  prices_daily: some(ROWS.prices_daily, 30),
  dividends: some(ROWS.dividends, 12),
  splits: some(ROWS.splits, 6),
  fundamentals: some(ROWS.fundamentals, 10),
})
type Rows = Record<Folder, string[]>
/**
 * Closes that do not move at a split fail their security, and only a delivery that has both can show it: half
 * of one may not. These splits lie more than ten days after every close, so none can be compared.
 */
const late = fc.constantFrom(...sessions('2020-02-03', '2020-02-28').map(({ session_date }) => session_date))
const rowsWithoutConflict = rowsOf.chain((rows) =>
  fc.array(late, { minLength: rows.splits.length, maxLength: rows.splits.length }).map((days) => ({
    ...rows,
    splits: rows.splits.map((row, at) => row.replace(/\d{4}-\d{2}-\d{2}/, days[at] ?? '')),
  })),
)

/** A delivery whose rows are dealt to `files` files by `deal`, in the order of `order`. */
function dropOf(rows: Rows, order: (rows: string[]) => string[], deal: (row: string, at: number) => number) {
  const files: Record<string, string> = { ...BASE }
  for (const folder of Object.keys(HEADERS) as Folder[]) {
    const dealt = Map.groupBy(order(rows[folder]), deal)
    files[`${folder}/0.csv`] = `${HEADERS[folder]}\n`
    for (const [file, lines] of dealt)
      files[`${folder}/${file}.csv`] = [HEADERS[folder], ...lines, ''].join('\n')
  }
  return files
}

let scratch: Scratch
beforeAll(async () => {
  scratch = await scratchDatabase({ migrated: true })
})
afterAll(() => scratch.drop())

async function contentAfter(...drops: Record<string, string>[]) {
  await scratch.db.execute('truncate stocks_research.securities, stocks_research.fundamentals_raw cascade')
  let last: Awaited<ReturnType<typeof ingestDelivery>> | undefined
  for (const files of drops) {
    const root = await writeDelivery(files)
    last = await ingestDelivery(scratch.connection, root, { providers: [scattered(flatFiles(root))] })
    expect(last.jobs.every(isAccounted)).toBe(true)
  }
  return { content: await contentOf(scratch.db), last }
}

/** Hands on the pages in another order, and in other sizes. */
const scattered = (provider: Provider): Provider => ({
  ...provider,
  async *read(...args) {
    const pages: Page[] = []
    for await (const page of provider.read(...args)) {
      if ('status' in page) yield page
      else
        for (let at = 0; at < page.records.length; at += 3)
          pages.push({ ...page, records: page.records.slice(at, at + 3) })
    }
    yield* pages.toReversed()
  },
})

const RUNS = { numRuns: runs(8) }
/** Two closes of one day beside a split: whichever came first was compared with it. */
const DISPUTED: Rows = {
  prices_daily: ['x:b,2019-12-31,,,,0.49,100', 'x:b,2019-12-23,,,,0.49,100', 'x:b,2019-12-23,,,,2.72,100'],
  dividends: [],
  splits: ['x:b,2019-12-24,1,2'],
  fundamentals: [],
}

it('the content does not depend on the order of rows, pages and files, or a second ingestion', async () => {
  // Equal dividends of ONE file are several events, so a shuffle keeps each dividend in its file.
  const fileOf = (row: string): number => row.length % 3
  await fc.assert(
    fc.asyncProperty(rowsOf, async (rows) => {
      const { content } = await contentAfter(dropOf(rows, (each) => each, fileOf))
      const turned = dropOf(rows, (each) => each.toReversed(), fileOf)
      expect((await contentAfter(turned)).content).toEqual(content)
      const again = await ingestDelivery(scratch.connection, await writeDelivery(turned))
      expect(again.jobs.map(({ rows_inserted, rows_updated }) => [rows_inserted, rows_updated])).toEqual(
        Array(5).fill([0, 0]),
      )
      expect(await contentOf(scratch.db)).toEqual(content)
    }),
    { ...RUNS, examples: [[DISPUTED]] },
  )
})

it('a delivery without conflicts gives the same content as two overlapping parts of it', async () => {
  const keyOf: Record<Folder, (row: string) => string> = {
    prices_daily: (row) => row.split(',').slice(0, 2).join(),
    dividends: (row) => row.replace('0.060', '0.06'),
    splits: (row) => row.split(',').slice(0, 2).join(),
    fundamentals: (row) => row.split(',').slice(0, 6).join(),
  }
  await fc.assert(
    fc.asyncProperty(
      rowsWithoutConflict,
      fc.infiniteStream(fc.constantFrom('first', 'second', 'both')),
      async (all, sides) => {
        const rows = Object.fromEntries(
          Object.entries(all).map(([folder, lines]) => [
            folder,
            [...new Map(lines.map((line) => [keyOf[folder as Folder](line), line])).values()],
          ]),
        ) as Rows
        const side = new Map(
          Object.values(rows).flatMap((lines) => lines.map((line) => [line, sides.next().value])),
        )
        const part = (name: string): Rows =>
          Object.fromEntries(
            Object.entries(rows).map(([folder, lines]) => [
              folder,
              lines.filter((line) => [name, 'both'].includes(side.get(line) ?? '')),
            ]),
          ) as Rows
        const whole = await contentAfter(
          dropOf(
            rows,
            (each) => each,
            () => 1,
          ),
        )
        const halves = await contentAfter(
          dropOf(
            part('first'),
            (each) => each,
            () => 1,
          ),
          dropOf(
            part('second'),
            (each) => each,
            () => 2,
          ),
        )
        expect(halves.content).toEqual(whole.content)
      },
    ),
    RUNS,
  )
})
