/** A user who is known by a certificate: the driver and psql get in, or are refused, with the same files. */
import { chmod, copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { childEnvironment } from '../config/children.ts'
import type { Connection } from '../config/connection.ts'
import { readPostgres } from '../config/postgres.ts'
import { type OwnCluster, ownCluster } from '../testing/own-cluster.ts'
import { dataOf } from './cluster.ts'
import { withDatabase } from './database.ts'
import { handOver } from './os-user.ts'
import { findTools } from './tools.ts'

let own: OwnCluster
let directory: string
const fileOf = (name: string): string => join(directory, name)

/** A certificate and its key, signed by `by`, or by itself. */
async function certify(name: string, by?: string): Promise<void> {
  await execa('openssl', [
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', `/CN=${name}`],
    ...['-addext', `subjectAltName=DNS:${name}`, '-keyout', fileOf(`${name}.key`)],
    ...['-out', fileOf(`${name}.crt`)],
    ...(by === undefined ? [] : ['-CA', fileOf(`${by}.crt`), '-CAkey', fileOf(`${by}.key`)]),
  ])
  await chmod(fileOf(`${name}.key`), 0o600)
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'certificates-'))
  await certify('authority')
  await certify('localhost', 'authority')
  await certify('one', 'authority')
  await certify('stranger')
  own = await ownCluster()
  const data = dataOf(own.cluster)
  for (const [from, to] of [
    ['localhost.crt', 'server.crt'],
    ['localhost.key', 'server.key'],
    ['authority.crt', 'authority.crt'],
  ] as const) {
    await copyFile(fileOf(from), join(data, to))
    await handOver(own.cluster.user, join(data, to))
  }
  await withDatabase(own.connection, async (db) => {
    for (const statement of [
      'create role one login',
      'alter system set ssl = on',
      "alter system set ssl_ca_file = 'authority.crt'",
    ])
      await db.execute(statement)
  })
  const hba = join(data, 'pg_hba.conf')
  const text = await readFile(hba, 'utf8')
  await writeFile(hba, `hostssl all one all cert\nhost all one all reject\n${text}`)
  await own.restart()
})
afterAll(async () => {
  await own?.stop()
  await rm(directory, { recursive: true, force: true })
})

const userOf = (env: Record<string, string>): Record<string, string> => ({
  PGHOST: 'localhost',
  PGPORT: String(own.connection.port),
  PGUSER: 'one',
  PGDATABASE: 'target',
  PGSSLROOTCERT: fileOf('authority.crt'),
  PGSSLMODE: 'verify-full',
  ...env,
})
const certified = (name: string): Record<string, string> => ({
  PGSSLCERT: fileOf(`${name}.crt`),
  PGSSLKEY: fileOf(`${name}.key`),
})

/** The configuration of these variables, or its faults. */
function configured(env: Record<string, string>): Connection | string[] {
  const faults: string[] = []
  const given = readPostgres(env, directory, faults)
  if (given.kind !== 'existing') throw new TypeError(given.kind)
  return faults.length > 0 ? faults : { ...given.connection, database: 'postgres' }
}

/** Whether psql gets in, as the user starts it; what it writes to stderr if not. */
async function psqlSays(env: Record<string, string>): Promise<string> {
  const { psql } = await findTools('15')
  const done = await execa(psql.path, ['-X', '-w', '-c', 'select 1'], {
    env: { ...childEnvironment(), HOME: directory, ...env, PGDATABASE: 'postgres' },
    extendEnv: false,
    reject: false,
  })
  return done.exitCode === 0 ? 'in' : done.stderr
}
const driverSays = (connection: Connection): Promise<string> =>
  withDatabase(connection, (db) => db.rows('select 1')).then(
    () => 'in',
    (error: Error) => error.message,
  )

test.for([
  ['verify-full', 'one', 'in', 'in'],
  ['verify-ca', 'one', 'in', 'in'],
  ['require', 'one', 'in', 'in'],
  ['prefer', 'one', 'in', 'in'],
  ['require', 'stranger', /unknown ca/, /unknown ca|ECONNRESET|EPIPE|closed/],
  ['disable', 'one', /pg_hba.conf rejects/, /pg_hba.conf rejects/],
] as const)(
  '%s with the certificate of %s: psql and the driver agree',
  async ([mode, name, psql, driver]) => {
    const env = userOf({ ...certified(name), PGSSLMODE: mode })
    const connection = configured(env)
    if (Array.isArray(connection)) throw new TypeError(connection.join())
    expect(await psqlSays(env)).toMatch(psql)
    expect(await driverSays(connection)).toMatch(driver)
  },
)

test('without a certificate neither gets in', async () => {
  const connection = configured(userOf({}))
  if (Array.isArray(connection)) throw new TypeError(connection.join())
  expect(await psqlSays(userOf({}))).toContain('requires a valid client certificate')
  expect(await driverSays(connection)).toContain('requires a valid client certificate')
})

test.for([
  ['permissions are 644', 0o644],
  ['permissions are 660', 0o660],
  ['permissions are 602', 0o602],
] as const)('a key whose %s is refused before the first connection, as psql does', async ([text, mode]) => {
  const env = userOf(certified('one'))
  await chmod(fileOf('one.key'), mode)
  const faults = configured(env)
  const psql = await psqlSays(env)
  await chmod(fileOf('one.key'), 0o600)
  expect(psql).toContain('has group or world access')
  expect(faults).toEqual([expect.stringContaining(text)])
  expect(String(faults)).toContain(`Run: chmod 600 ${fileOf('one.key')}`)
})

test('where nothing is encrypted, no certificate and no key is read', () => {
  const env = userOf({ PGSSLCERT: '/nowhere.crt', PGSSLKEY: '/nowhere.key', PGSSLROOTCERT: '/nowhere' })
  expect(configured({ ...env, PGSSLMODE: 'disable' })).toMatchObject({ ssl: 'disable' })
  expect(configured({ ...env, PGSSLMODE: 'require' })).toHaveLength(3)
})
