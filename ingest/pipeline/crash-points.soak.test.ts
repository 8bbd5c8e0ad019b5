/**
 * A run that loses everything at one statement, for every statement of it, one after the other: whether the
 * statement was still to be sent or had just been answered, the next run or `resume` gives the content of a
 * run without a crash. CRASH_POINTS says how many are tried, CRASH_FIRST the first one.
 */
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fingerprintOf } from '../../helpers/database/fingerprint.ts'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import { loadCalendar } from '../calendar/load.ts'
import { JOB_NAMES } from '../contract/job.ts'
import { ingestDelivery, SMALL_DELIVERY, writeDelivery } from '../testing/flat-files/delivery.ts'

const POINTS = Number(process.env['CRASH_POINTS'] ?? '1000')
const FIRST = Number(process.env['CRASH_FIRST'] ?? '0')
/** A prime: one point after the other, all statements are reached, the late ones as soon as the early ones. */
const STRIDE = 7_919

/** What a later delivery of the same securities says: a revised price, other events, a restated fact. */
const LATER = {
  ...SMALL_DELIVERY,
  'prices_daily/prices.csv': SMALL_DELIVERY['prices_daily/prices.csv']
    .replace('21,500', '21.5,500')
    .concat('x:second,2020-03-03,21,22,20.5,21.75,700\n'),
  'splits/splits.csv': 'source_id,ex_date,split_from,split_to\nx:first,2020-02-03,1,3\n',
  'dividends/dividends.csv':
    'source_id,ex_date,amount,currency\nx:first,2020-01-31,0.06,USD\nx:second,2020-03-03,0.2,USD\n',
  'fundamentals/CIK0000000001.csv': SMALL_DELIVERY['fundamentals/CIK0000000001.csv'].concat(
    '1,us-gaap,Assets,USD,,2019-12-31,1001,a-2,10-K/A,2019,FY,2020-03-20,\n',
  ),
}

/** A crash of the process, as the server sees it: every session of the run ends, and none is opened again. */
class Crash {
  readonly #clients = new Set<pg.Client>()
  readonly #real = { query: pg.Client.prototype.query, connect: pg.Client.prototype.connect }
  #statements_left = Number.POSITIVE_INFINITY
  #is_after = false
  #is_dead = false
  statements_count = 0

  constructor() {
    const { query, connect } = this.#real
    const noteStatement = (client: pg.Client): void => this.#before(client)
    const isRefused = (client: pg.Client): boolean => this.#is_dead && isOfRun(client)
    Object.assign(pg.Client.prototype, {
      query(this: pg.Client, ...args: Parameters<typeof query>) {
        noteStatement(this)
        return query.apply(this, args)
      },
      connect(this: pg.Client, ...args: Parameters<typeof connect>) {
        if (!isRefused(this)) return connect.apply(this, args)
        const error = new Error('The process has crashed.')
        const callback = args[0] as ((error: Error) => void) | undefined
        if (callback === undefined) return Promise.reject(error)
        return process.nextTick(callback, error)
      },
    })
  }
  undo(): void {
    Object.assign(pg.Client.prototype, this.#real)
  }

  /** Counts from now on, and crashes at that statement: before it is sent, or when it has been answered. */
  at(statement: number, is_after: boolean): void {
    this.#statements_left = statement
    this.#is_after = is_after
    this.#is_dead = false
    this.statements_count = 0
    this.#clients.clear()
  }
  /** Whether it came to the crash; from now on there is none. */
  over(): boolean {
    const was_dead = this.#is_dead
    this.at(Number.POSITIVE_INFINITY, false)
    return was_dead
  }

  #before(client: pg.Client): void {
    if (!isOfRun(client)) return
    this.#clients.add(client)
    this.statements_count += 1
    this.#statements_left -= 1
    if (this.#statements_left !== 0) return
    if (this.#is_after) connectionOf(client).once('readyForQuery', () => this.#end())
    else this.#end()
  }
  #end(): void {
    this.#is_dead = true
    for (const client of this.#clients) connectionOf(client).stream.destroy()
  }
}

interface Wire {
  readonly stream: { destroy(): void }
  once(event: string, listener: () => void): void
}
const connectionOf = (client: pg.Client): Wire => (client as unknown as { connection: Wire }).connection
const isOfRun = (client: pg.Client): boolean => {
  const { connectionParameters } = client as unknown as { connectionParameters: Record<string, unknown> }
  return String(connectionParameters['application_name']).startsWith('ingest ')
}

let scratch: Scratch
let crash: Crash
const deliveries: { root: string; content_sha256: string }[] = []

const load = (root: string, rest: object = {}): Promise<unknown> =>
  ingestDelivery(scratch.connection, root, { jobs: JOB_NAMES, is_hashed: true, ...rest })
async function contentNow(): Promise<string> {
  return (await fingerprintOf(scratch.connection, { scope: 'content', views: 'none' })).content_sha256
}
/** Waits until the server has noticed that the sessions of the run are gone. */
async function sessionsEnded(): Promise<void> {
  const sql = `select from pg_stat_activity
    where datname = current_database() and application_name like 'ingest %'`
  while ((await scratch.db.rows(sql)).length > 0) await scratch.db.rows('select pg_sleep(0.005)')
}

beforeAll(async () => {
  scratch = await scratchDatabase({ migrated: true })
  await scratch.db.transaction((tx) => loadCalendar(tx, { today: '2022-01-03' }))
  const roots = [await writeDelivery(SMALL_DELIVERY), await writeDelivery(LATER)]
  for (const root of roots) await load(root)
  // From the second time on, a load finds the rows that only the other delivery has.
  for (const root of roots) {
    await load(root)
    deliveries.push({ root, content_sha256: await contentNow() })
  }
  crash = new Crash()
}, 300_000)
afterAll(async () => {
  crash?.undo()
  await scratch?.drop()
})

/** Continues the run that crashed, if it had been recorded; else, and if not asked for, runs again. */
async function recover(root: string, since_at: string, is_resumed: boolean): Promise<string> {
  const sql = `select run_id::text from ingestion.runs where state <> 'complete' and started_at >= $1`
  const [run] = await scratch.db.rows<{ run_id: string }>(sql, [since_at])
  const isContinued = is_resumed && run !== undefined
  await load(root, isContinued ? { resume_run_id: run.run_id } : {})
  return isContinued ? 'resumed' : 'run again'
}

/** Loads the next delivery, crashes at the point, recovers, and compares the content. */
async function tryPoint(point: number, statements: number): Promise<string> {
  // Loads of the two deliveries alternate, so that there is always something to change.
  const { root = '', content_sha256 } = deliveries[point % deliveries.length] ?? {}
  const at = (point * STRIDE) % (4 * statements)
  const statement = 1 + Math.floor(at / 4)
  const is_after = at % 2 === 1
  const is_resumed = at % 4 > 1
  const { now } = await scratch.db.one<{ now: string }>('select clock_timestamp()::text as now')
  crash.at(statement, is_after)
  const ended = await load(root).then(
    () => 'complete',
    (error: Error) => error.message,
  )
  const has_crashed = crash.over()
  await sessionsEnded()
  const way = has_crashed ? await recover(root, now, is_resumed) : 'no crash'
  const what = `point ${point}: ${is_after ? 'after' : 'before'} statement ${statement}, ${way} (${ended})`
  expect(await contentNow(), what).toBe(content_sha256)
  return way
}

test(`${POINTS} crash points from number ${FIRST} on: none changes the content`, {
  timeout: 36_000_000,
}, async () => {
  expect(new Set(deliveries.map(({ content_sha256 }) => content_sha256)).size).toBe(deliveries.length)
  crash.over()
  for (const { root } of deliveries) await load(root)
  const statements = Math.ceil(crash.statements_count / deliveries.length)
  const counts = new Map<string, number>()
  for (let point = FIRST; point < FIRST + POINTS; point += 1) {
    const way = await tryPoint(point, statements)
    counts.set(way, (counts.get(way) ?? 0) + 1)
    if (point % 20 === 0) process.stdout.write(`${point}: ${JSON.stringify(Object.fromEntries(counts))}\n`)
  }
  process.stdout.write(
    `${POINTS} points in a run of ${statements} statements, content equal after each: ` +
      `${JSON.stringify(Object.fromEntries(counts))}\n`,
  )
  expect(counts.get('no crash') ?? 0).toBeLessThan(POINTS / 10)
})
