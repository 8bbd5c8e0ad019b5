import pg from 'pg'
import { expect, it, onTestFinished, vi } from 'vitest'
import { rowsVisited } from '../../helpers/testing/rows-visited.ts'
import { scratchDatabase } from '../../helpers/testing/scratch.ts'
import { ingestDelivery, writeDelivery } from '../testing/flat-files/delivery.ts'

const USES_STAGE = /^(?!\s*(?:drop|create index|copy|analyze)\b)[^;]*pg_temp\.(staged|doubles|delta)/i

/**
 * Explains every statement on the stage, in a savepoint that is rolled back, before it runs. Returns the rows
 * that each statement visited, under its text without the literals.
 */
function watchStatements(): Map<string, number> {
  const visited = new Map<string, number>()
  const query = pg.Client.prototype.query as (this: pg.Client, ...of: unknown[]) => Promise<unknown>
  const spy = vi.spyOn(pg.Client.prototype, 'query')
  onTestFinished(() => spy.mockRestore())
  spy.mockImplementation(function (this: pg.Client, ...args: unknown[]) {
    const [sql] = args
    const isWatched = typeof sql === 'string' && USES_STAGE.test(sql) && !/staged as/.test(sql)
    return isWatched ? explainAndRun(this, args as [string, unknown[]?]) : query.apply(this, args)
  } as never)
  const explainAndRun = async (client: pg.Client, args: [string, unknown[]?]): Promise<unknown> => {
    const [sql, values] = args
    const text = sql.slice(sql.search(/create\s+temporary\s+table|^/i)).replace(/^[^;]*;(?=[^;]*$)/, '')
    const isOpen = await isInTransaction(client)
    await query.call(client, isOpen ? 'savepoint explained' : 'begin')
    const explained = (await query.call(
      client,
      `explain (analyze, buffers, timing off, format json) ${text}`,
      ...(values === undefined ? [] : [values]),
    )) as { rows: { 'QUERY PLAN': { Plan: Record<string, unknown> }[] }[] }
    await query.call(client, isOpen ? 'rollback to savepoint explained' : 'rollback')
    const plan = explained.rows[0]?.['QUERY PLAN'][0]?.Plan ?? {}
    const name = text
      .replaceAll(/'[^']*'|\d+/g, '…')
      .replaceAll(/\s+/g, ' ')
      .trim()
    visited.set(name, Math.max(visited.get(name) ?? 0, rowsVisited(plan)))
    return query.apply(client, args)
  }
  const isInTransaction = async (client: pg.Client): Promise<boolean> => {
    const { rows } = (await query.call(
      client,
      'select now() is distinct from statement_timestamp() as is_open',
    )) as { rows: { is_open: boolean }[] }
    return rows[0]?.is_open ?? false
  }
  return visited
}

const day = (at: number): string => new Date(Date.UTC(1990, 0, 2 + at)).toISOString().slice(0, 10)

/** Securities with a few bars each: beside them the planner expects few rows of any item. */
const OTHERS = Array.from({ length: 300 }, (_, at) => ({ source_id: `x:o${at}`, ticker: `O${at}` }))
const listOthers = (line: (other: (typeof OTHERS)[number]) => string): string =>
  OTHERS.map((other) => `${line(other)}\n`).join('')

/**
 * One security and one filer with `size` records of each kind; some are delivered twice, some are rejected.
 */
function deliveryOf(size: number): Record<string, string> {
  const numbers = Array.from({ length: size }, (_, at) => at)
  const lines = (head: string, line: (at: number) => string): string =>
    [head, ...numbers.map(line), ''].join('\n')
  return {
    'universe.csv': `source_id,ticker\nx:one,ONE\n${listOthers((o) => `${o.source_id},${o.ticker}`)}`,
    'securities/securities.csv':
      'source_id,ticker,cik,list_date\nx:one,ONE,1,1990-01-02\n' +
      listOthers((o) => `${o.source_id},${o.ticker},,1990-01-02`),
    'ticker_history/ticker_history.csv':
      'source_id,ticker,valid_from,valid_to\nx:one,ONE,1990-01-02,\n' +
      listOthers((o) => `${o.source_id},${o.ticker},1990-01-02,`),
    'prices_daily/prices.csv': lines('source_id,date,close', (at) => `x:one,${day(at)},${at + 1}`),
    'prices_daily/again.csv': lines('source_id,date,close', (at) => `x:one,${day(at)},${at + 1}`),
    'prices_daily/others.csv': `source_id,date,close\n${listOthers((o) => `${o.source_id},1990-01-02,1`)}`,
    'dividends/dividends.csv': lines('source_id,ex_date,amount,currency', (at) => `x:one,${day(at)},0.5,USD`),
    'splits/splits.csv': lines('source_id,ex_date,split_from,split_to', (at) => `x:one,${day(at)},0,2`),
    'fundamentals/CIK0000000001.csv': lines(
      'cik,taxonomy,tag,unit,start,end,value,accession,form,filed',
      (at) => `1,us-gaap,Assets,USD,,${day(at)},${at},a-${at},10-K,${day(at + 30)}`,
    ),
  }
}

async function visitsOf(size: number): Promise<Map<string, number>> {
  const scratch = await scratchDatabase({ migrated: true })
  onTestFinished(() => scratch.drop())
  const root = await writeDelivery(deliveryOf(size))
  const thresholds = { reject_max_ratio: 1, failed_max_ratio: 1, not_found_max_ratio: {} }
  await ingestDelivery(scratch.connection, root, { thresholds })
  const visited = watchStatements()
  const report = await ingestDelivery(scratch.connection, root, { thresholds })
  expect(report.job('prices-daily').rows_unchanged).toBeGreaterThan(size)
  vi.restoreAllMocks()
  return visited
}

it('every statement on the stage is linear in the rows of one work item', async () => {
  const once = await visitsOf(1_000)
  const twice = await visitsOf(2_000)
  expect([...twice.keys()].length).toBeGreaterThan(10)
  const steeper = [...twice].filter(([text, rows]) => rows > 2.3 * (once.get(text) ?? rows) + 500)
  expect(steeper.map(([text, rows]) => `${once.get(text)} → ${rows}: ${text}`)).toEqual([])
})

/** Calendar days of a history that ends before a session, and so does one of twice as many. */
const DAYS = 1_001

/** The rows that the statements of one more day visit, after `size` days of history. */
async function visitsOfOneDay(size: number): Promise<Map<string, number>> {
  const scratch = await scratchDatabase({ migrated: true })
  onTestFinished(() => scratch.drop())
  const thresholds = { reject_max_ratio: 1, failed_max_ratio: 1, not_found_max_ratio: {} }
  const jobs = ['securities', 'ticker-history', 'prices-daily'] as const
  const history = await writeDelivery(deliveryOf(size))
  await ingestDelivery(scratch.connection, history, { thresholds, jobs })
  await scratch.db.execute('analyze')
  const next = await writeDelivery({
    ...deliveryOf(0),
    'prices_daily/again.csv': 'source_id,date,close\n',
    'prices_daily/others.csv': 'source_id,date,close\n',
    'prices_daily/prices.csv': `source_id,date,close\nx:one,${day(size)},1\n`,
  })
  const window = { start_date: day(size), end_date: day(size) }
  const visited = watchStatements()
  const report = await ingestDelivery(scratch.connection, next, { thresholds, jobs, window })
  expect(report.job('prices-daily').rows_inserted).toBe(1)
  vi.restoreAllMocks()
  return visited
}

it('a day of bars visits as few rows after a long history as after a short one', async () => {
  const short = await visitsOfOneDay(DAYS)
  const long = await visitsOfOneDay(2 * DAYS)
  expect([...long.keys()].length).toBeGreaterThan(5)
  const steeper = [...long].filter(([text, rows]) => rows > (short.get(text) ?? rows) + 100)
  expect(steeper.map(([text, rows]) => `${short.get(text)} → ${rows}: ${text}`)).toEqual([])
})
