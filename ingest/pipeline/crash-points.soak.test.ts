/**
 * A run that loses everything at one statement, for every statement of it, one after the other: whether the
 * statement was still to be sent or had just been answered, whether the process or only its connections are
 * lost. The next run or `resume` crashes too; the one after it gives the content of a run without a crash. In
 * some trials the first crash is the SIGKILL of a process. CRASH_POINTS says how many crashes there are,
 * CRASH_FIRST is the first trial: a number always means the same statements.
 */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { childEnvironment } from '../../helpers/config/children.ts'
import { ROOT_DIRECTORY } from '../../helpers/config/config.ts'
import { contentHashOf, hashTables, readSnapshot } from '../../helpers/database/fingerprint.ts'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import { loadCalendar } from '../calendar/load.ts'
import { JOB_NAMES } from '../contract/job.ts'
import { StatementCrash, type StatementPoint } from '../testing/crashes/statements.ts'
import { ingestDelivery, SMALL_DELIVERY, writeDelivery } from '../testing/flat-files/delivery.ts'

const POINTS = Number(process.env['CRASH_POINTS'] ?? '1000')
const FIRST = Number(process.env['CRASH_FIRST'] ?? '0')
/**
 * Of the two crashes of a trial: primes, so that with one trial after the other all statements are reached,
 * the late ones as soon as the early ones.
 */
const STRIDES = [7_919, 6_101]
/** A run that is resumed at its end has so many statements. */
const STATEMENTS_MIN = 30
/** Before or after the statement, again or `resume`, the process or its connections. */
const WAYS = 8
/** One trial in so many kills a process; an odd number, so that both deliveries are met. */
const KILLED_EVERY = 25
const WINDOW = { start_date: '2000-01-01', end_date: '2020-12-31' }

/** All datasets: events in another currency with their rates, and the filings of facts and announcements. */
const FIRST_DELIVERY = {
  ...SMALL_DELIVERY,
  'dividends/dividends.csv': SMALL_DELIVERY['dividends/dividends.csv'].concat(
    'x:first,2020-02-03,0.05,CAD\n',
  ),
  // Nine months and the year: the fourth quarter is derived.
  'fundamentals/CIK0000000001.csv': SMALL_DELIVERY['fundamentals/CIK0000000001.csv'].concat(
    '1,us-gaap,Revenues,USD,2019-01-01,2019-09-30,350,a-q,10-Q,2019,Q3,2019-11-05,\n',
  ),
  'fx_rates/eurofxref.csv': 'Date,USD,CAD,\n2020-02-03,1.1,1.45,\n2020-01-31,1.1,1.44,\n',
  'filings/filings.csv':
    'cik,accession,form,filed,accepted_at,report_date,items,sic,is_xbrl\n' +
    '1,a-1,10-K,2020-02-20,2020-02-20T16:00:00-05:00,2019-12-31,,3571,true\n' +
    '1,a-0,8-K,2020-02-03,2020-02-03T20:05:00Z,2020-02-03,"2.02,9.01",3571,false\n',
}
/**
 * What a later delivery says: a revised price, a revised rate, other events, a restated fact, a filing more,
 * and a record of another security's days, which is rejected.
 */
const LATER_DELIVERY = {
  ...FIRST_DELIVERY,
  'prices_daily/prices.csv': SMALL_DELIVERY['prices_daily/prices.csv']
    .replace('21,500', '21.5,500')
    .concat('x:second,2020-03-03,21,22,20.5,21.75,700\nx:second,2019-03-04,,,,1,\n'),
  'splits/splits.csv': 'source_id,ex_date,split_from,split_to\nx:first,2020-02-03,1,3\n',
  'dividends/dividends.csv':
    'source_id,ex_date,amount,currency\nx:first,2020-01-31,0.06,USD\nx:second,2020-03-03,0.2,USD\n' +
    'x:first,2020-02-03,0.05,CAD\n',
  'fx_rates/eurofxref.csv': FIRST_DELIVERY['fx_rates/eurofxref.csv'].replace('1.45', '1.46'),
  'fundamentals/CIK0000000001.csv': FIRST_DELIVERY['fundamentals/CIK0000000001.csv'].concat(
    '1,us-gaap,Revenues,USD,2019-01-01,2019-12-31,510,a-2,10-K/A,2019,FY,2020-03-20,\n',
    '1,us-gaap,Assets,USD,,2019-12-31,1001,a-2,10-K/A,2019,FY,2020-03-20,\n',
  ),
  'filings/filings.csv': FIRST_DELIVERY['filings/filings.csv'].concat(
    '1,a-2,10-K/A,2020-03-20,2020-03-20T16:00:00-04:00,2019-12-31,,3571,true\n',
  ),
}

const FILLED = [
  'securities',
  'ticker_history',
  'prices_daily',
  'corporate_actions',
  'adjustment_factors',
  'fx_rates',
  'filings',
  'fundamentals_raw',
  'fundamentals_derived',
  'fundamentals_standard',
]

interface Point extends StatementPoint {
  /** Whether the run is continued; else another one begins. */
  readonly is_resumed: boolean
}

let scratch: Scratch
let crash: StatementCrash
let state: string
const deliveries: { root: string; content_sha256: string }[] = []

const load = (root: string, rest: object = {}): Promise<unknown> =>
  ingestDelivery(scratch.connection, root, { jobs: JOB_NAMES, is_hashed: true, window: WINDOW, ...rest })

/** The hash of the core tables, read in a session that is open already: a new one costs as much again. */
const contentNow = (): Promise<string> =>
  scratch.db.transaction(async (tx) => {
    await readSnapshot(tx)
    return contentHashOf(await hashTables(tx, { scope: 'content' }))
  })

/** Waits until the server has noticed that the sessions of the run are gone. */
async function sessionsEnded(): Promise<void> {
  const sql = `select from pg_stat_activity
    where datname = current_database() and application_name like 'ingest %'`
  while ((await scratch.db.rows(sql)).length > 0) await scratch.db.rows('select pg_sleep(0.005)')
}

beforeAll(async () => {
  scratch = await scratchDatabase({ migrated: true })
  await scratch.db.transaction((tx) => loadCalendar(tx, { today: '2022-01-03' }))
  const roots = [await writeDelivery(FIRST_DELIVERY), await writeDelivery(LATER_DELIVERY)]
  for (const root of roots) expect(await load(root)).toMatchObject({ state: 'complete' })
  // From the second time on, a load finds the rows that only the other delivery has.
  for (const root of roots) {
    await load(root)
    deliveries.push({ root, content_sha256: await contentNow() })
  }
  state = await writeDelivery({})
  crash = new StatementCrash()
}, 300_000)
afterAll(async () => {
  crash?.undo()
  await scratch?.drop()
})

/** Runs the command in a process that kills itself at the point. Returns how it ended. */
async function killProcess(root: string, { statement, is_after }: StatementPoint): Promise<string> {
  const { host, port, user, password = '', database } = scratch.connection
  const killer = pathToFileURL(join(import.meta.dirname, '..', 'testing', 'crashes', 'kill-at-statement.ts'))
  killer.search = `statement=${statement}&is_after=${is_after}`
  const run = join(ROOT_DIRECTORY, 'ingest', 'run.ts')
  const { signal, exitCode, stderr } = await execa(
    process.execPath,
    ['--import', killer.href, run, 'run', 'all'],
    {
      env: {
        ...childEnvironment(),
        PGHOST: host,
        PGPORT: String(port),
        PGUSER: user,
        PGDATABASE: database,
        PGPASSWORD: password,
        BOOTSTRAP_STATE: state,
        BOOTSTRAP_SOURCE: `flat-files:${root}`,
        BOOTSTRAP_UNIVERSE: join(root, 'universe.csv'),
        BOOTSTRAP_START: WINDOW.start_date,
        BOOTSTRAP_END: WINDOW.end_date,
      },
      extendEnv: false,
      reject: false,
    },
  )
  // A run of which this is not true has no such statement, and must have been complete.
  if (signal !== 'SIGKILL') expect(exitCode, stderr).toBe(0)
  return signal ?? 'complete'
}

/** Of two trials that follow each other, one loads the first delivery and the other one the later. */
function pointOf(trial: number, stride: number, statements: number): Point {
  const at = (Math.floor(trial / deliveries.length) * stride) % (WAYS * statements)
  return {
    statement: 1 + Math.floor(at / WAYS),
    is_after: at % 2 === 1,
    is_resumed: Math.floor(at / 2) % 2 === 1,
    loss: Math.floor(at / 4) % 2 === 1 ? 'process' : 'connections',
  }
}

/** Loads until the point. Returns how the load ended; undefined when it did not come to the point. */
async function loadUntil(
  { is_killed, ...point }: Point & { readonly is_killed: boolean },
  root: string,
  rest: object,
): Promise<string | undefined> {
  if (is_killed) return (await killProcess(root, point)) === 'SIGKILL' ? 'killed' : undefined
  crash.at(point)
  const ended = await load(root, rest).then(
    () => 'complete',
    (error: Error) => error.message,
  )
  return crash.over() ? `lost ${point.loss}: ${ended}` : undefined
}

/** The run that crashed, to be continued; nothing when it had not been recorded yet. */
async function resumption(since_at: string): Promise<{ resume_run_id?: string }> {
  const sql = `select run_id::text from ingestion.runs
    where state <> 'complete' and started_at >= $1 order by started_at desc limit 1`
  const [run] = await scratch.db.rows<{ run_id: string }>(sql, [since_at])
  return run === undefined ? {} : { resume_run_id: run.run_id }
}

/** Loads the next delivery, crashes twice, recovers, and compares the content. */
async function tryTrial(trial: number, statements: number, count: (what: string) => void): Promise<void> {
  // Loads of the two deliveries alternate, so that there is always something to change.
  const { root = '', content_sha256 } = deliveries[trial % deliveries.length] ?? {}
  const { now } = await scratch.db.one<{ now: string }>('select clock_timestamp()::text as now')
  const is_killed = trial % KILLED_EVERY === KILLED_EVERY - 1
  const story: string[] = []
  let statements_left = statements
  let rest = {}
  for (const [index, stride] of STRIDES.entries()) {
    const point = pointOf(trial, stride, statements_left)
    const end = await loadUntil({ ...point, is_killed: is_killed && index === 0 }, root, rest)
    await sessionsEnded()
    if (end === undefined) {
      count('not reached')
      break
    }
    rest = point.is_resumed ? await resumption(now) : {}
    const way = 'resume_run_id' in rest ? 'resumed' : 'run again'
    story.push(`${end} ${point.is_after ? 'after' : 'before'} statement ${point.statement}, ${way}`)
    count(end.split(':')[0] ?? '')
    count(way)
    // What has been done is not done again, so that a run which is resumed has fewer statements.
    if (way === 'resumed') statements_left = Math.max(STATEMENTS_MIN, statements_left - point.statement)
    if (index === STRIDES.length - 1) await load(root, rest)
  }
  expect(await contentNow(), `trial ${trial}: ${story.join('; ')}`).toBe(content_sha256)
}

test(`${POINTS} crash points from trial ${FIRST} on: none changes the content`, {
  timeout: 36_000_000,
}, async () => {
  expect(new Set(deliveries.map(({ content_sha256 }) => content_sha256)).size).toBe(deliveries.length)
  // Every table that a run fills has rows, so that a row which is missing after a crash is missed.
  for (const table of FILLED)
    expect(await scratch.db.rows(`select from stocks_research.${table} limit 1`), table).toHaveLength(1)
  crash.over()
  for (const { root } of deliveries) await load(root)
  const statements = Math.ceil(crash.statements_count / deliveries.length)
  const counts = new Map<string, number>()
  const count = (what: string): void => {
    counts.set(what, (counts.get(what) ?? 0) + 1)
  }
  const crashes = (): number => (counts.get('resumed') ?? 0) + (counts.get('run again') ?? 0)
  const shown = (): string => JSON.stringify(Object.fromEntries([...counts].toSorted()))
  let trial = FIRST
  for (; crashes() < POINTS; trial += 1) {
    await tryTrial(trial, statements, count)
    if (trial % 20 === 0) process.stdout.write(`trial ${trial}, ${crashes()} crashes: ${shown()}\n`)
  }
  process.stdout.write(
    `${crashes()} crash points in the trials ${FIRST} to ${trial - 1} of runs of ${statements} statements, ` +
      `content equal after each: ${shown()}\n`,
  )
  expect(counts.get('not reached') ?? 0).toBeLessThan(POINTS / 4)
})
