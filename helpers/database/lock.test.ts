import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { describe, expect, inject, onTestFinished, test, vi } from 'vitest'
import { ROOT_DIRECTORY } from '../config/config.ts'
import { withDatabase } from '../postgres/database.ts'
import { assertLockHeld, lockKey, type RunLock, takeRunLock, underRunLock } from './lock.ts'

const anyDatabase = (): string => `target_${randomBytes(4).toString('hex')}`

async function take(
  database: string,
  onLost?: (reason: string) => void,
): Promise<{ lock: RunLock; run_id: string }> {
  const run_id = randomUUID()
  const lock = await takeRunLock(inject('testServer'), database, { run_id, ...(onLost && { onLost }) })
  onTestFinished(() => lock.release())
  return { lock, run_id }
}

const terminate = (pid: number): Promise<unknown> =>
  withDatabase(inject('testServer'), (db) => db.rows('select pg_terminate_backend($1, 5000)', [pid]))

test('a second run is refused at once and names the holder: run, host, process, since when', async () => {
  const database = anyDatabase()
  const { lock, run_id } = await take(database)
  const error = await takeRunLock(inject('testServer'), database, { run_id: randomUUID() }).catch(
    (thrown: Error) => thrown,
  )
  expect(error).toMatchObject({ name: 'PreconditionError' })
  expect(String(error)).toContain(
    `run ${run_id}, host ${hostname().slice(0, 14)}, process ${process.pid}, since 20`,
  )
  await expect(lock.assertHeld()).resolves.toBeUndefined()
})

test('locks of two targets do not meet, and a released lock is free', async () => {
  const database = anyDatabase()
  const { lock } = await take(database)
  await take(anyDatabase())
  await lock.release()
  await expect(lock.assertHeld()).rejects.toThrow(`no longer holds the lock of ${database}`)
  await take(database)
})

test('a terminated backend is reported once, its lock is free, its claim invalid for good', async () => {
  const database = anyDatabase()
  const onLost = vi.fn()
  const { lock } = await take(database, onLost)
  await terminate(lock.claim.backend_pid)
  await expect.poll(() => onLost.mock.calls.length, { timeout: 20_000 }).toBe(1)
  const { lock: next } = await take(database)
  await expect(lock.assertHeld()).rejects.toMatchObject({ name: 'RefusedError' })
  await expect(next.assertHeld()).resolves.toBeUndefined()
  expect(onLost).toHaveBeenCalledTimes(1)
})

test('a release is not a loss', async () => {
  const onLost = vi.fn()
  const { lock } = await take(anyDatabase(), onLost)
  await lock.release()
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(onLost).not.toHaveBeenCalled()
})

test('another process can ask with the claim alone, which holds no secret', async () => {
  const database = anyDatabase()
  const { lock } = await take(database)
  expect(JSON.stringify(lock.claim)).not.toContain(inject('testServer').password)
  const script = `
    import { assertLockHeld } from ${JSON.stringify(join(ROOT_DIRECTORY, 'helpers/database/lock.ts'))}
    await assertLockHeld(JSON.parse(process.env.MAINTENANCE), JSON.parse(process.env.CLAIM))`
  const ask = () =>
    execa(process.execPath, ['--input-type=module', '-e', script], {
      env: { MAINTENANCE: JSON.stringify(inject('testServer')), CLAIM: JSON.stringify(lock.claim) },
      reject: false,
    })
  expect(await ask()).toMatchObject({ exitCode: 0 })
  await lock.release()
  const refused = await ask()
  expect(refused.exitCode).toBe(1)
  expect(refused.stderr).toContain(`no longer holds the lock of ${database}`)
})

test('a claim on a backend whose number was given to another session does not hold', async () => {
  const { lock } = await take(anyDatabase())
  const forged = { ...lock.claim, backend_started_at: '2020-01-01 00:00:00+00' }
  await expect(assertLockHeld(inject('testServer'), forged)).rejects.toThrow('no longer holds')
})

test('a server that cannot be asked does not count as a held lock', async () => {
  const { lock } = await take(anyDatabase())
  await expect(assertLockHeld({ ...inject('testServer'), port: 1 }, lock.claim)).rejects.toThrow(
    'cannot show that it still holds the lock of',
  )
})

test('the holder dies with its process: SIGKILL frees the lock', async () => {
  const database = anyDatabase()
  const script = `
    import { takeRunLock } from ${JSON.stringify(join(ROOT_DIRECTORY, 'helpers/database/lock.ts'))}
    await takeRunLock(JSON.parse(process.env.MAINTENANCE), '${database}', { run_id: '${randomUUID()}' })
    console.log('held')
    setInterval(() => {}, 1000)`
  const child = execa(process.execPath, ['--input-type=module', '-e', script], {
    env: { MAINTENANCE: JSON.stringify(inject('testServer')) },
    reject: false,
  })
  await once(child.stdout, 'data')
  await expect(takeRunLock(inject('testServer'), database, { run_id: randomUUID() })).rejects.toThrow(
    `process ${child.pid}`,
  )
  child.kill('SIGKILL')
  await child
  await expect
    .poll(
      () =>
        take(database).then(
          () => 'taken',
          () => 'held',
        ),
      { timeout: 20_000 },
    )
    .toBe('taken')
})

test('keys fit a signed 64-bit integer and differ by name', () => {
  const keys = ['stocks_research', 'stocks_research_2', 'a', 'b'].map(lockKey)
  expect(new Set(keys).size).toBe(4)
  for (const key of keys) expect(BigInt.asIntN(64, BigInt(key))).toBe(BigInt(key))
})

describe('underRunLock', () => {
  const run = (database: string, held_lock?: string) =>
    underRunLock(inject('testServer'), database, { run_id: 'child', held_lock }, async (signal) => {
      await assertHeldBySomebody(database)
      return signal.aborted
    })
  const assertHeldBySomebody = async (database: string): Promise<void> => {
    await expect(takeRunLock(inject('testServer'), database, { run_id: randomUUID() })).rejects.toThrow(
      'Another run works on',
    )
  }

  test('holds the lock while it works, and frees it afterwards', async () => {
    const database = `under_${randomUUID().slice(0, 8)}`
    expect(await run(database)).toBe(false)
    const { lock } = await take(database)
    await lock.release()
  })

  test('is refused beside another run, but not to a child that names the claim of its parent', async () => {
    const database = `under_${randomUUID().slice(0, 8)}`
    const { lock } = await take(database)
    await expect(run(database)).rejects.toThrow('Another run works on')
    expect(await run(database, JSON.stringify(lock.claim))).toBe(false)
    await lock.release()
    await expect(run(database, JSON.stringify(lock.claim))).rejects.toThrow('no longer holds')
  })

  test('a claim on another target does not allow work on this one', async () => {
    const { lock } = await take(`parent_${randomUUID().slice(0, 8)}`)
    const database = `under_${randomUUID().slice(0, 8)}`
    const { lock: other } = await take(database)
    await expect(run(database, JSON.stringify(lock.claim))).rejects.toThrow('Another run works on')
    await lock.release()
    await other.release()
  })
})
