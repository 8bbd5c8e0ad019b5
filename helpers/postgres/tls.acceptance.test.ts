import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Connection, SslMode } from '../config/connection.ts'
import { type OwnCluster, ownCluster } from '../testing/own-cluster.ts'
import { dataOf } from './cluster.ts'
import { withDatabase } from './database.ts'
import { encryptionText } from './encryption.ts'
import { handOver } from './os-user.ts'
import { startServer } from './server.ts'
import { findTools, runTool } from './tools.ts'

let own: OwnCluster
let plain: OwnCluster
let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tls-'))
  own = await ownCluster()
  plain = await ownCluster()
  const key = join(dataOf(own.cluster), 'server.key')
  const certificate = join(dataOf(own.cluster), 'server.crt')
  for (const [out, name] of [
    [certificate, 'localhost'],
    [join(directory, 'other.crt'), 'other'],
  ] as const)
    await execa('openssl', [
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', `/CN=${name}`],
      ...[
        '-addext',
        `subjectAltName=DNS:${name}`,
        '-keyout',
        out === certificate ? key : `${out}.key`,
        '-out',
        out,
      ],
    ])
  await chmod(key, 0o600)
  await handOver(own.cluster.user, key)
  await handOver(own.cluster.user, certificate)
  await withDatabase(own.connection, (db) => db.execute('alter system set ssl = on'))
  await own.restart()
})
afterAll(async () => {
  await own.stop()
  await plain.stop()
  await rm(directory, { recursive: true, force: true })
})

const directories = { data: '', archive: '', backups: '', reports: '' }
/** How a session is encrypted, by the driver and by psql. */
async function seen(connection: Connection): Promise<{ driver: string; psql: string }> {
  const { maintenance } = await startServer({ postgres: { kind: 'existing', connection }, directories })
  const { psql } = await findTools('15')
  const sql =
    "select case when ssl then version else 'none' end from pg_stat_ssl where pid = pg_backend_pid()"
  const { stdout } = await runTool(psql, ['-X', '-A', '-t', '-c', sql], maintenance)
  return {
    driver: await withDatabase(maintenance, (db) => encryptionText(db, maintenance)),
    psql: stdout.trim(),
  }
}
const encrypted = (ssl: SslMode, host = 'localhost', root?: string): Connection => ({
  ...{ ...own.connection, ssl, host },
  ...(root !== undefined && { root_certificate_file: root }),
})
const server_crt = (): string => join(dataOf(own.cluster), 'server.crt')

test.for([
  ['require', /^TLSv1\.3, the server's certificate was not checked/],
  ['prefer', /^TLSv1\.3, the server's certificate was not checked/],
  ['allow', /^none$/],
  ['disable', /^none$/],
] as const)('%s encrypts as libpq does, and the evidence says what was checked', async ([ssl, text]) => {
  const found = await seen(encrypted(ssl))
  expect(found.driver).toMatch(text)
  expect(found.psql).toBe(found.driver.split(',')[0])
})

test('prefer takes a server without TLS, and require does not', async () => {
  expect(await seen({ ...plain.connection, ssl: 'prefer' })).toEqual({ driver: 'none', psql: 'none' })
  await expect(seen({ ...plain.connection, ssl: 'require' })).rejects.toThrow('does not support SSL')
})

test('an authority is checked by require and verify-ca, and the name by verify-full alone', async () => {
  for (const ssl of ['require', 'verify-ca', 'verify-full'] as const) {
    expect((await seen(encrypted(ssl, 'localhost', server_crt()))).psql).toBe('TLSv1.3')
    await expect(seen(encrypted(ssl, 'localhost', join(directory, 'other.crt')))).rejects.toThrow(
      /certificate/,
    )
  }
  expect((await seen(encrypted('verify-ca', '127.0.0.1', server_crt()))).psql).toBe('TLSv1.3')
  await expect(seen(encrypted('verify-full', '127.0.0.1', server_crt()))).rejects.toThrow(/altnames/)
})
