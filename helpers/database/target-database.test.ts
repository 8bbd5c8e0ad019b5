import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { expect, inject, onTestFinished, test } from 'vitest'
import { ROOT_DIRECTORY } from '../config/config.ts'
import { openDatabase, withDatabase } from '../postgres/database.ts'
import { assertHeld, backupOf, drop, isThere, ours, run_id, serverFor } from '../testing/targets.ts'
import { inspectTarget } from './target.ts'
import { createTarget, dropTarget, sealFinished, sealTarget } from './target-database.ts'

/** For sessions that do not end: the product waits ten times as long. */
const sessions_wait_ms = 1_000

test('a sealed database is refused with the statement that unseals it', async () => {
  const made = await ours('rehearsal')
  await sealTarget(made.server)
  const error = await drop(made, { backup: await backupOf(made.server) }).catch((thrown: Error) => thrown)
  expect(String(error)).toContain(`alter database ${made.connection.database} is_template false;`)
  await sealTarget(made.server, false)
  expect(await drop(made, { backup: await backupOf(made.server) })).toMatchObject({ exit_code: 0 })
})

test('a backup that changed, is gone, or is of another database is no proof', async () => {
  const made = await ours('rehearsal')
  const backup = await backupOf(made.server)
  await expect(drop(made, { backup: { ...backup, database: 'other' } })).rejects.toMatchObject({
    name: 'RefusedError',
  })
  await expect(drop(made, { backup: { ...backup, system_identifier: '42' } })).rejects.toMatchObject({
    name: 'RefusedError',
  })
  await writeFile(backup.file, 'another dump')
  await expect(drop(made, { backup })).rejects.toThrow('has changed since it was verified')
  await rm(backup.file)
  await expect(drop(made, { backup })).rejects.toThrow('cannot be read')
  expect(await isThere(made.connection)).toBe(true)
})

test('nothing is dropped or created once the lock is lost', async () => {
  const made = await ours('rehearsal')
  const lost = async (): Promise<void> => {
    throw new Error('the lock is lost')
  }
  await expect(drop(made, { backup: await backupOf(made.server), assertHeld: lost })).rejects.toThrow(
    'the lock is lost',
  )
  expect(await isThere(made.connection)).toBe(true)
  const other = await serverFor()
  await expect(
    createTarget(other.server, { tools: other.tools, assertHeld: lost, run_id, mode: 'live' }),
  ).rejects.toThrow('the lock is lost')
  expect(await isThere(other.connection)).toBe(false)
})

test('a session of somebody else keeps the target, and is named', async () => {
  const made = await ours('rehearsal')
  const theirs = openDatabase(made.connection, { application: 'their notebook' })
  onTestFinished(() => theirs.close())
  await theirs.session(async (session) => {
    await session.rows('select 1')
    await expect(drop(made, { backup: await backupOf(made.server), sessions_wait_ms })).rejects.toThrow(
      /is in use and is not dropped[\s\S]*backend \d+: postgres, their notebook, from 127\.0\.0\.1/,
    )
    expect(await session.rows('select 1 as n')).toEqual([{ n: 1 }]) // Nobody was thrown out.
  })
})

test('a living process of ours keeps the target too', async () => {
  const made = await ours('rehearsal')
  const runner = openDatabase(made.connection, { application: 'stocks-research' })
  onTestFinished(() => runner.close())
  await runner.session(async (session) => {
    await session.rows('select 1')
    await expect(drop(made, { backup: await backupOf(made.server), sessions_wait_ms })).rejects.toThrow(
      'is in use and is not dropped',
    )
  })
})

test('a statement that a killed run of ours left behind is ended', async () => {
  const made = await ours('rehearsal')
  const script = `
    import { openDatabase } from ${JSON.stringify(join(ROOT_DIRECTORY, 'helpers/postgres/database.ts'))}
    await openDatabase(JSON.parse(process.env.CONNECTION)).rows('select pg_sleep(600)')`
  const child = execa(process.execPath, ['--input-type=module', '-e', script], {
    env: { CONNECTION: JSON.stringify(made.connection) },
    reject: false,
  })
  const asleep = () =>
    withDatabase(inject('testServer'), (db) =>
      db.rows("select pid from pg_stat_activity where datname = $1 and wait_event = 'PgSleep'", [
        made.connection.database,
      ]),
    )
  await expect.poll(asleep, { timeout: 20_000 }).toHaveLength(1)
  child.kill('SIGKILL')
  await child
  expect(await asleep()).toHaveLength(1) // The server goes on without its client.
  const result = await drop(made, { backup: await backupOf(made.server), sessions_wait_ms })
  expect(result).toMatchObject({ exit_code: 0, command: expect.stringContaining('--force') })
  expect(await asleep()).toEqual([])
})

test.for(['postgres', 'template1', 'x"; drop', '-h evil', 'a=b', 'Upper', ''])(
  '"%s" is not a name for a target',
  async (database) => {
    const { server, tools } = await serverFor()
    const wrong = { ...server, connection: { ...server.connection, database } }
    await expect(createTarget(wrong, { tools, assertHeld, run_id, mode: 'live' })).rejects.toThrow(
      'is not a name for the target database',
    )
    await expect(
      dropTarget(wrong, { tools, assertHeld, confirm_drop: undefined, backup: undefined }),
    ).rejects.toThrow('is not a name for the target database')
  },
)

test('a finished live database is sealed, with the way to unseal it; no other database is', async () => {
  const made = await ours('live')
  const sealOf = (mode: 'live' | 'rehearsal' | 'flat-files' | 'replay', boxes_failed: number) =>
    sealFinished(made.server, { mode, boxes_failed, assertHeld })
  for (const [mode, boxes_failed] of [
    ['live', 1],
    ['rehearsal', 0],
    ['flat-files', 0],
    ['replay', 0],
  ] as const) {
    expect(await sealOf(mode, boxes_failed)).toEqual({ is_sealed: false, unseal: null })
    expect((await inspectTarget(made.server)).is_template).toBe(false)
  }
  const { is_sealed, unseal } = await sealOf('live', 0)
  expect([is_sealed, (await inspectTarget(made.server)).is_template]).toEqual([true, true])
  const confirm_drop = `${made.connection.database}@localhost`
  const backup = await backupOf(made.server)
  await expect(drop(made, { confirm_drop, backup })).rejects.toThrow('is sealed (IS_TEMPLATE)')
  const [, statement = ''] = /: (alter database .*)$/.exec(unseal ?? '') ?? []
  await withDatabase(made.server.maintenance, (db) => db.execute(statement))
  expect(await drop(made, { confirm_drop, backup })).toMatchObject({ exit_code: 0 })
})
