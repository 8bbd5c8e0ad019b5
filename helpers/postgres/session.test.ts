import { randomBytes } from 'node:crypto'
import { createServer } from 'node:net'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { Connection } from '../config/connection.ts'
import { type OwnCluster, ownCluster } from '../testing/own-cluster.ts'
import { startPooler } from '../testing/pooler.ts'
import { withDatabase } from './database.ts'
import { startServer } from './server.ts'
import { SESSION_SETTINGS } from './session.ts'

let own: OwnCluster
beforeAll(async () => {
  own = await ownCluster({}, ['--auth=trust'])
})
afterAll(() => own.stop())

const asAdmin = (sql: string): Promise<void> => withDatabase(own.connection, (db) => db.execute(sql))
async function roleWith(...settings: readonly string[]): Promise<Connection> {
  const user = `session_${randomBytes(4).toString('hex')}`
  await asAdmin(`create role ${user} login createdb`)
  for (const setting of settings) await asAdmin(`alter role ${user} set ${setting}`)
  onTestFinished(() => asAdmin(`drop role ${user}`))
  return { ...own.connection, user, password: undefined }
}
const directories = { data: '', archive: '', backups: '', reports: '' }
const reach = (connection: Connection) =>
  startServer({ postgres: { kind: 'existing', connection }, directories })

test.for([
  ["timezone = 'Asia/Kathmandu'"],
  ["datestyle = 'SQL, DMY'"],
  ['quote_all_identifiers = on'],
  ['standard_conforming_strings = off'],
  ["client_encoding = 'LATIN1'"],
  ['default_transaction_read_only = on'],
  ['default_transaction_isolation = serializable'],
  ['statement_timeout = 1'],
  ['idle_session_timeout = 1'],
  ['role = pg_monitor'],
  ['search_path = stocks_research'],
] as const)('a setting of the role has no effect on our sessions: %s', async ([setting]) => {
  const role = await roleWith()
  if (setting.startsWith('role')) await asAdmin(`grant pg_monitor to ${role.user}`)
  await asAdmin(`alter role ${role.user} set ${setting}`)
  const found = await withDatabase(role, (db) =>
    db.rows<{ name: string; value: string }>(
      'select name, current_setting(name) as value from unnest($1::text[]) name',
      [Object.keys(SESSION_SETTINGS)],
    ),
  )
  expect(Object.fromEntries(found.map(({ name, value }) => [name, value]))).toEqual(SESSION_SETTINGS)
})

test('a setting that a session may not change is refused by its name', async () => {
  const { user } = own.connection
  await asAdmin('create database replica')
  await asAdmin('alter database replica set session_replication_role = replica')
  onTestFinished(() => asAdmin('drop database replica'))
  const refused = withDatabase({ ...own.connection, database: 'replica' }, (db) => db.rows('select 1'))
  await expect(refused).rejects.toMatchObject({ name: 'PreconditionError' })
  await expect(refused).rejects.toThrow(
    `A session of ${user} at 127.0.0.1:${own.connection.port} has other settings than it needs: ` +
      'session_replication_role is replica instead of origin.',
  )
  await expect(refused).rejects.toThrow('alter database "replica" reset session_replication_role;')
})

test('a pooler that drops settings is refused with its name, the setting and the direct port', async () => {
  const role = await roleWith("datestyle = 'SQL, DMY'")
  const pooler = await startPooler(role, 'session')
  onTestFinished(() => pooler.stop())
  const refused = reach({ ...role, port: pooler.port })
  await expect(refused).rejects.toMatchObject({ name: 'PreconditionError' })
  await expect(refused).rejects.toThrow(
    new RegExp(
      `^The connection pooler at 127\\.0\\.0\\.1:${pooler.port} \\(.*\\) dropped the settings of this ` +
        'session: .*datestyle is SQL, DMY instead of ISO, YMD',
    ),
  )
  await expect(refused).rejects.toThrow(`set PGPORT to its own port (here ${role.port} on 127.0.0.1)`)
})

test('a pooler that rejects settings of a session is named by its own words', async () => {
  const refused = createServer((socket) => {
    // As PgBouncer answers to a startup packet with options.
    const words = 'SFATAL\0C08P01\0Munsupported startup parameter: options\0\0'
    const head = Buffer.alloc(5)
    head.write('E')
    head.writeInt32BE(words.length + 4, 1)
    socket.on('error', () => {}).once('data', () => socket.end(Buffer.concat([head, Buffer.from(words)])))
  })
  await new Promise<void>((done) => refused.listen(0, '127.0.0.1', done))
  onTestFinished(() => void refused.close())
  const { port } = refused.address() as { port: number }
  await expect(reach({ ...own.connection, port })).rejects.toThrow(
    `The connection pooler at 127.0.0.1:${port} (PgBouncer) accepts no session with settings of its own: ` +
      'unsupported startup parameter: options.\nConnect to the server itself: set PGPORT to its own port ' +
      '(usually 5432)',
  )
})

test('a pooler that keeps the settings is refused when two sessions share one backend', async () => {
  const role = await roleWith(
    ...Object.entries(SESSION_SETTINGS)
      .filter(([name]) => name !== 'client_encoding')
      .map(
        ([name, value]) =>
          `${name} = ${name === 'search_path' || name === 'datestyle' ? value : `'${value}'`}`,
      ),
  )
  const shared = await startPooler(role, 'statement')
  const apart = await startPooler(role, 'session')
  onTestFinished(async () => {
    await shared.stop()
    await apart.stop()
  })
  await expect(reach({ ...role, port: shared.port })).rejects.toThrow(
    /^The connection pooler at 127\.0\.0\.1:\d+ \(.*\) gives one backend to several sessions/,
  )
  expect(await reach({ ...role, port: apart.port })).toMatchObject({ kind: 'existing' })
})
