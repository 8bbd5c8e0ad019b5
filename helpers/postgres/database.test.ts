import { afterAll, beforeAll, expect, test } from 'vitest'
import { type OwnCluster, ownCluster } from '../testing/own-cluster.ts'
import { runClient } from './client.ts'
import { type Database, openDatabase, withDatabase } from './database.ts'

const CONNECTIONS_MAX = 5

let own: OwnCluster
beforeAll(async () => {
  own = await ownCluster({
    max_connections: CONNECTIONS_MAX,
    superuser_reserved_connections: 0,
    max_wal_senders: 0,
  })
})
afterAll(() => own.stop())

/** Takes every connection that the server has; gives the way to free them. */
async function fill(): Promise<() => Promise<void>> {
  const holder: Database = openDatabase(own.connection, { connections_max: CONNECTIONS_MAX })
  let free = (): void => {}
  const held = new Promise<void>((resolve) => {
    free = resolve
  })
  let taken = 0
  const sessions = Array.from({ length: CONNECTIONS_MAX }, () =>
    holder.session(async () => {
      taken += 1
      await held
    }),
  )
  await expect.poll(() => taken).toBe(CONNECTIONS_MAX)
  return async () => {
    free()
    await Promise.all(sessions)
    await holder.close()
  }
}
const ask = () => withDatabase(own.connection, (db) => db.one<{ answer: number }>('select 42 as answer'))

test('when all connections of the server are in use, it waits and works once one is free', async () => {
  const free = await fill()
  const asked = ask()
  asked.catch(() => {})
  setTimeout(() => void free(), 600)
  expect(await asked).toEqual({ answer: 42 })
})

test('a client tool waits likewise', async () => {
  const free = await fill()
  const asked = runClient('psql', '15', ['-X', '-At', '-c', 'select 42'], own.connection)
  asked.catch(() => {})
  setTimeout(() => void free(), 600)
  expect((await asked).stdout).toBe('42')
})

test('when none becomes free, it gives up, and says by its SQLSTATE that they are exhausted', async () => {
  const free = await fill()
  await expect(ask()).rejects.toMatchObject({
    name: 'DatabaseError',
    sqlstate: '53300',
    message: expect.stringMatching(/too many clients/),
  })
  await free()
})

test('a refusal that waiting does not repair is reported at once', async () => {
  let attempts = 0
  const wrong = {
    ...own.connection,
    get password() {
      attempts += 1
      return 'wrong'
    },
  }
  await expect(withDatabase(wrong, (db) => db.rows('select 1'))).rejects.toMatchObject({ sqlstate: '28P01' })
  expect(attempts).toBeLessThan(4)
})
