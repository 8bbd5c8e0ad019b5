import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest'
import { DAY_MS } from '../../helpers/core/days.ts'
import { silentLog } from '../../helpers/core/log.ts'
import { openDatabase } from '../../helpers/postgres/database.ts'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import { openArchive } from '../archive/archive.ts'
import { json, serve } from '../testing/http/server.ts'
import { HOUR_MS, type Limit, MONTH_MS, per } from './budget.ts'
import { openClient } from './client.ts'
import { type LedgerEntry, openLedger } from './ledger.ts'

let scratch: Scratch
beforeAll(async () => {
  scratch = await scratchDatabase({ migrated: true })
})
afterAll(() => scratch.drop())
beforeEach(() => scratch.db.execute('truncate ingestion.requests, ingestion.budgets, ingestion.pauses'))

const entry = (limits: readonly Limit[], cost = 1): LedgerEntry => ({
  provider: 'example',
  account: 'anonymous',
  limits,
  method: 'GET',
  url: 'https://data.example.com/a',
  fingerprint: 'a'.repeat(64),
  attempt: 1,
  cost,
})

test('of many processes that ask at once, only as many get a slot as the limit allows', async () => {
  const others = [1, 2, 3].map(() => openDatabase(scratch.connection))
  const ledgers = others.map((db) => openLedger(db, null))
  const slots = await Promise.all(
    Array.from({ length: 30 }, (_, i) => ledgers[i % 3]?.take(entry([per(60_000, 10)]))),
  )
  for (const db of others) await db.close()
  expect(slots.filter((slot) => slot !== undefined && 'request_id' in slot)).toHaveLength(10)
  const waits = slots.flatMap((slot) => (slot !== undefined && 'wait_ms' in slot ? [slot.wait_ms] : []))
  expect(Math.min(...waits)).toBeGreaterThan(50_000)
  expect(Math.max(...waits)).toBeLessThanOrEqual(63_000)
})

test('a slot is free one window after its request, plus its latency beyond the quickest', async () => {
  const ledger = openLedger(scratch.db, null)
  await ledger.take(entry([per(60_000, 2)]))
  await ledger.take(entry([per(60_000, 2)]))
  const set = (what: string) =>
    scratch.db.execute(
      `update ingestion.requests
       set ${what}
       where request_id = (select min(request_id) from ingestion.requests)`,
    )
  await scratch.db.execute(
    `update ingestion.requests
     set answered_at = clock_timestamp(), class = 'ok', sent_at = started_at, latency_ms = 5`,
  )
  await set(
    `started_at = started_at - interval '60 s', sent_at = sent_at - interval '60 s', latency_ms = 1505`,
  )
  expect(await ledger.take(entry([per(60_000, 2)]))).toHaveProperty('wait_ms')
  await set(`latency_ms = 505`)
  const slot = await ledger.take(entry([per(60_000, 2)]))
  // Given ahead of its time, since that is near.
  expect('start_in_ms' in slot ? slot.start_in_ms : 0).toBeGreaterThan(0)
})

test('the cost of a day adds up, and is a quota when it is spent', async () => {
  const ledger = openLedger(scratch.db, null)
  const limits = [per(DAY_MS, 250)]
  expect(await ledger.take(entry(limits, 100))).toHaveProperty('request_id')
  expect(await ledger.take(entry(limits, 100))).toHaveProperty('request_id')
  const refused = await ledger.take(entry(limits, 100))
  expect(refused).toMatchObject({ is_quota: true })
  expect('wait_ms' in refused ? refused.wait_ms : 0).toBeGreaterThan(DAY_MS - 120_000)
  expect(await ledger.take(entry(limits, 50))).toHaveProperty('request_id')
  await scratch.db.execute(`update ingestion.budgets set minute_at = minute_at - interval '1 day 2 minutes'`)
  expect(await ledger.take(entry(limits, 100))).toHaveProperty('request_id')
})

test('a pause that one process receives holds for another, and the longer one counts', async () => {
  const one = openLedger(scratch.db, null)
  const two = openLedger(scratch.db, null)
  await one.pause('example', 'anonymous', {
    is_quota: false,
    reason: 'told so',
    until_ms: Date.now() + 60_000,
  })
  await one.pause('example', 'anonymous', {
    is_quota: false,
    reason: 'told less',
    until_ms: Date.now() + 1000,
  })
  expect(await two.take(entry([per(1000, 5)]))).toMatchObject({ because: 'told so' })
})

test('an entry written while the clock was a year ahead blocks nothing once it is right', async () => {
  const ledger = openLedger(scratch.db, null)
  const limits = [per(1000, 1), per(60_000, 1), per(DAY_MS, 1), per(MONTH_MS, 1)]
  expect(await ledger.take(entry(limits))).toHaveProperty('request_id')
  await ledger.pause('example', 'anonymous', {
    is_quota: false,
    reason: 'told so',
    until_ms: Date.now() + 60_000,
  })
  await scratch.db.execute(`update ingestion.requests set started_at = started_at + interval '1 year';
    update ingestion.budgets
    set minute_at = minute_at + interval '1 year';
    update ingestion.pauses
    set until_at = until_at + interval '1 year'`)
  expect(await ledger.take(entry(limits))).toMatchObject({ start_in_ms: 0 })
  // And what is spent now counts.
  expect(await ledger.take(entry(limits))).toHaveProperty('wait_ms')
})

test.each([
  ['second', 1000],
  ['minute', 60_000],
  ['hour', HOUR_MS],
  ['day', DAY_MS],
  ['month', MONTH_MS],
])(
  'a limit of a %s is kept by another process, and after the first one is gone',
  async (_name, window_ms) => {
    const limits = [per(window_ms, 3)]
    const first = openDatabase(scratch.connection)
    for (let i = 0; i < 3; i++)
      expect(await openLedger(first, null).take(entry(limits))).toHaveProperty('request_id')
    await first.close()
    const slot = await openLedger(scratch.db, null).take(entry(limits))
    // Of a second the next one is near: then it is given ahead of its time, or asked for again soon.
    const in_ms = 'wait_ms' in slot ? slot.wait_ms : slot.start_in_ms
    expect(in_ms).toBeGreaterThan(window_ms === 1000 ? 0 : window_ms - 120_000)
    expect(in_ms).toBeLessThanOrEqual(window_ms + 60_000)
  },
)

test('a server that enforces 8 a second never rejects two clients that share the ledger', async () => {
  const directory = await mkdtemp(join(inject('testDirectory'), 'ledger-'))
  const arrivals: number[] = []
  const server = await serve((_, response) => {
    const now = performance.now()
    arrivals.push(now)
    const sliding = arrivals.filter((at) => at > now - 1000).length
    const fixed = arrivals.filter((at) => Math.floor(at / 1000) === Math.floor(now / 1000)).length
    json(response, {}, sliding > 8 || fixed > 8 ? 429 : 200)
  })
  const databases = [openDatabase(scratch.connection), openDatabase(scratch.connection)]
  const clients = databases.map((db) =>
    openClient(
      {
        provider: 'example',
        adapter_version: '1',
        origins: ['https://data.example.com'],
        limits: [per(1000, 8)],
        headers: {},
        concurrency_max: 8,
      },
      {
        ledger: openLedger(db, null),
        archive: openArchive(directory),
        log: silentLog(),
        mode: 'live',
        stand_ins: { 'https://data.example.com': server.origin },
      },
    ),
  )
  const ask = (i: number) =>
    clients[i % 2]?.fetch(
      { url: `https://data.example.com/${i}`, expects: 'json' },
      new AbortController().signal,
    )
  await Promise.all(Array.from({ length: 28 }, (_, i) => ask(i)))
  const rows = await scratch.db.rows(`select class, count(*)::int from ingestion.requests group by class`)
  expect(rows).toEqual([{ class: 'ok', count: 28 }])
  for (const client of clients) await client.close()
  for (const db of databases) await db.close()
  await server.close()
})
