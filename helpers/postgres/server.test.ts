import { randomBytes } from 'node:crypto'
import { createServer, type Socket } from 'node:net'
import { expect, inject, onTestFinished, test } from 'vitest'
import type { Connection } from '../config/connection.ts'
import { withDatabase } from './database.ts'
import { startServer, versionFault } from './server.ts'

// An existing server needs none of them.
const directories = { data: '', archive: '', backups: '', reports: '' }
const reach = (connection: Connection) =>
  startServer({ postgres: { kind: 'existing', connection }, directories })

test('an existing server is reached by a target that need not exist, and described', async () => {
  const connection = { ...inject('testServer'), database: 'not_there_yet' }
  const server = await reach(connection)
  expect(server).toMatchObject({
    kind: 'existing',
    connection,
    maintenance: { ...connection, database: 'postgres' },
  })
  const { version, version_number, system_identifier } = await server.describe()
  expect(version).toMatch(/^\d+\.\d+$/)
  expect(Math.floor(version_number / 10_000)).toBe(Number.parseInt(version, 10))
  expect(system_identifier).toMatch(/^\d{15,20}$/)
  await server.stop()
  // Yours goes on.
  expect(await withDatabase(server.maintenance, (db) => db.rows('select 1 as n'))).toEqual([{ n: 1 }])
})

test('a server that does not run is named with host, port, user and the next step', async () => {
  const error = await reach({ ...inject('testServer'), port: 1, user: 'me' }).catch((thrown: Error) => thrown)
  expect(error).toMatchObject({ name: 'PreconditionError' })
  expect(String(error)).toContain('PostgreSQL at 127.0.0.1:1 (user me) cannot be used: connect ECONNREFUSED')
  expect(String(error)).toContain('Start it, or correct PGHOST and PGPORT')
})

test('a wrong password, user or host has its own next step, and no password is shown', async () => {
  const connection = inject('testServer')
  const wrong = { ...connection, password: 'canary-7f3a9c' }
  await expect(reach(wrong)).rejects.toThrow('Set PGPASSWORD to the password of postgres')
  await expect(reach(wrong)).rejects.not.toThrow('canary-7f3a9c')
  await expect(reach({ ...connection, user: 'nobody_here' })).rejects.toThrow(
    'Set PGPASSWORD to the password of nobody_here, or PGUSER',
  )
  await expect(reach({ ...connection, host: 'no-such-host.invalid' })).rejects.toThrow('correct PGHOST')
})

test('a port that never answers is given up, and so is one that is not PostgreSQL', async () => {
  for (const greet of [() => {}, (socket: Socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')]) {
    const sockets = new Set<Socket>()
    const mute = createServer((socket) => {
      sockets.add(socket.on('error', () => {}))
      greet(socket)
    })
    await new Promise<void>((done) => mute.listen(0, '127.0.0.1', done))
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy()
      mute.close()
    })
    const { port } = mute.address() as { port: number }
    await expect(reach({ ...inject('testServer'), port })).rejects.toThrow(
      `PostgreSQL at 127.0.0.1:${port} (user postgres) cannot be used`,
    )
  }
})

test('an ordinary role is enough to reach and describe a server', async () => {
  const admin = inject('testServer')
  const user = `plain_${randomBytes(4).toString('hex')}`
  await withDatabase(admin, (db) =>
    db.execute(`create role ${user} login createdb password 'plain-password'`),
  )
  onTestFinished(() => withDatabase(admin, (db) => db.execute(`drop role ${user}`)))
  const server = await reach({ ...admin, user, password: 'plain-password' })
  expect(await server.describe()).toMatchObject({ version_number: expect.any(Number) })
})

test('a server older than 15 is refused, 15 is taken', () => {
  const connection = inject('testServer')
  expect(
    versionFault({ version: '14.13', version_number: 140_013, system_identifier: null }, connection),
  ).toMatch(/is version 14\.13; 15 is the oldest/)
  expect(
    versionFault({ version: '15.0', version_number: 150_000, system_identifier: null }, connection),
  ).toBeUndefined()
})

test('a container starts where a Docker engine runs; elsewhere the error names the choices', async () => {
  const started = await startServer({
    postgres: { kind: 'container', database: 'not_there_yet' },
    directories,
  }).catch((thrown: Error) => thrown)
  if (started instanceof Error) {
    expect(started).toMatchObject({ name: 'PreconditionError' })
    expect(started.message).toMatch(
      /^The container with postgres:15 did not start: [\s\S]+unset BOOTSTRAP_POSTGRES to use the embedded/,
    )
    return
  }
  onTestFinished(() => started.stop())
  expect(await started.describe()).toMatchObject({ version: expect.stringMatching(/^15\./) })
  const facts = await withDatabase(started.maintenance, (db) =>
    db.one(
      `select pg_encoding_to_char(encoding) as encoding, datcollate as collation
         from pg_database where datname = 'postgres'`,
    ),
  )
  expect(facts).toEqual({ encoding: 'UTF8', collation: 'C' })
}, 600_000) // The image may have to be fetched first.
