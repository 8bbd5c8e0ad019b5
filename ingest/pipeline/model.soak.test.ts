/** A year of mishaps in any order: whatever happened before, the newest delivery decides the content. */
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { afterAll, expect, inject, test } from 'vitest'
import { fingerprintOf } from '../../helpers/database/fingerprint.ts'
import { type Database, openDatabase, withDatabase } from '../../helpers/postgres/database.ts'
import { quoteIdentifier } from '../../helpers/postgres/sql.ts'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import { JOB_NAMES, type Window } from '../contract/job.ts'
import { ingestDelivery, writeDelivery } from '../testing/flat-files/delivery.ts'
import { dropOf, WHOLE, withoutConflicts } from '../testing/flat-files/world-delivery.ts'
import { dayAfter, type World, world } from '../testing/validation/random-world.ts'

const MINUTES = Number(process.env['SOAK_MINUTES'] ?? '10')
const LAST_DAY = 1_600

/** What may happen to a database between two complete deliveries. */
const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('load' as const),
      /** The delivery knows what happened until this day of the world. */
      until: fc.integer({ min: 30, max: LAST_DAY }),
      /** Of the bars and facts, one in so many is stated wrongly, and corrected by a later delivery. */
      wrong_every: fc.option(fc.integer({ min: 2, max: 9 })),
      /** The delivery lacks one row in so many, which a later one brings. */
      lacks_every: fc.option(fc.integer({ min: 2, max: 9 })),
      window: fc.option(fc.tuple(fc.integer({ min: 0, max: 800 }), fc.integer({ min: 1, max: 800 }))),
      /** The server ends every session of the run after so many milliseconds. */
      crash_ms: fc.option(fc.integer({ min: 0, max: 1_500 })),
      is_resumed: fc.boolean(),
      is_full: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('back up' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restore the backup' as const) }) },
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never
type Load = Extract<Step, { kind: 'load' }>

let scratch: Scratch
/** Connections to the database that is under test; another one after each copy and restore. */
let db: Database
const BACKUP = `soak_backup_${process.pid}`
let has_backup = false

const onServer = (sql: string): Promise<void> =>
  withDatabase(inject('testServer'), (each) => each.execute(sql))
const drop = (name: string): Promise<void> =>
  onServer(`drop database if exists ${quoteIdentifier(name)} with (force)`)

/** Copies a database over another one, while nobody is connected to either. */
async function copy(from: string, to: string): Promise<void> {
  await db.close()
  await drop(to)
  await onServer(`create database ${quoteIdentifier(to)} template ${quoteIdentifier(from)}`)
  db = openDatabase(scratch.connection, { application: 'soak' })
}

async function fresh(): Promise<void> {
  await db?.close()
  await scratch?.drop()
  scratch = await scratchDatabase({ migrated: true })
  db = openDatabase(scratch.connection, { application: 'soak' })
}
afterAll(async () => {
  await db?.close()
  await scratch?.drop()
  await drop(BACKUP)
})

/** The world as a delivery of that day knows it: later rows are not there, open intervals are open. */
function known(given: World, { until, wrong_every, lacks_every }: Load): World {
  const day = dayAfter(until)
  const isThere = (_: unknown, at: number): boolean => lacks_every === null || at % lacks_every !== 0
  const isWrong = (at: number): boolean => wrong_every !== null && at % wrong_every === 1
  return {
    securities: given.securities.map((s) => ({
      ...s,
      delist_date: s.delist_date !== null && s.delist_date > day ? null : s.delist_date,
    })),
    tickers: given.tickers
      .filter(({ valid_from }) => valid_from <= day)
      .map((t) => ({ ...t, valid_to: t.valid_to !== null && t.valid_to > day ? null : t.valid_to })),
    bars: given.bars
      .filter(({ at }) => at <= until)
      .filter(isThere)
      .map((bar, at) => (isWrong(at) ? { ...bar, close: '7.77' } : bar)),
    actions: given.actions.filter(({ ex_date }) => ex_date <= day).filter(isThere),
    facts: given.facts
      .filter(({ filed }) => filed <= day)
      .filter(isThere)
      .map((fact, at) => (isWrong(at) ? { ...fact, value: fact.value + 1 } : fact)),
  }
}

const windowOf = ([from, days]: readonly [number, number]): Window => ({
  start_date: dayAfter(from),
  end_date: dayAfter(from + days),
})

async function load(given: World, how: Load): Promise<void> {
  const root = await writeDelivery(dropOf(known(given, how)))
  const work = (rest: object): Promise<unknown> =>
    ingestDelivery(scratch.connection, root, {
      jobs: JOB_NAMES,
      window: how.window === null ? WHOLE : windowOf(how.window),
      is_full: how.is_full,
      is_hashed: true,
      ...rest,
    })
  if (how.crash_ms === null) {
    await work({})
    return
  }
  const running = work({}).then(
    () => 'ended',
    () => 'crashed',
  )
  await sleep(how.crash_ms)
  await db.rows(
    `select pg_terminate_backend(pid)
     from pg_stat_activity
     where datname = current_database() and application_name like 'ingest %'`,
  )
  if ((await running) === 'ended' || !how.is_resumed) return
  const [run] = await db.rows<{ run_id: string }>(
    `select run_id::text from ingestion.runs where state <> 'complete' order by started_at desc limit 1`,
  )
  if (run !== undefined) await work({ resume_run_id: run.run_id })
}

async function take(given: World, each: Step): Promise<void> {
  const { database } = scratch.connection
  if (each.kind === 'load') await load(given, each)
  if (each.kind === 'back up') {
    await copy(database, BACKUP)
    has_backup = true
  }
  if (each.kind === 'restore the backup' && has_backup) await copy(BACKUP, database)
}

async function contentOf(): Promise<string> {
  return (await fingerprintOf(scratch.connection, { scope: 'content', views: 'none' })).content_sha256
}

const COMPLETE: Load = {
  kind: 'load',
  until: LAST_DAY + 2_000,
  wrong_every: null,
  lacks_every: null,
  window: null,
  crash_ms: null,
  is_resumed: false,
  is_full: false,
}

test('after any sequence of mishaps, the newest complete delivery decides the content', {
  timeout: (MINUTES + 10) * 60_000,
}, async () => {
  let steps_count = 0
  const ends_at = Date.now() + MINUTES * 60_000
  await fc.assert(
    fc.asyncProperty(
      world.map(withoutConflicts),
      fc.array(step, { minLength: 2, maxLength: 12, size: 'max' }),
      async (given, steps) => {
        if (Date.now() > ends_at) return
        await fresh()
        has_backup = false
        for (const each of steps) {
          steps_count += 1
          await take(given, each)
        }
        await load(given, COMPLETE)
        const content = await contentOf()
        await fresh()
        await load(given, COMPLETE)
        expect(content).toBe(await contentOf())
      },
    ),
    {
      numRuns: 100_000,
      endOnFailure: true,
      interruptAfterTimeLimit: MINUTES * 60_000,
      markInterruptAsFailure: false,
    },
  )
  process.stdout.write(`${steps_count} steps without a difference\n`)
})
