/** Passwords of a file, as psql reads them: the same file lets both in, or neither. */
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { childEnvironment } from '../config/children.ts'
import { passwordIn } from '../config/password-file.ts'
import { readPostgres } from '../config/postgres.ts'
import { redact } from '../core/redact.ts'
import { type OwnCluster, ownCluster } from '../testing/own-cluster.ts'
import { withDatabase } from './database.ts'
import { handOver, serverUser } from './os-user.ts'
import { startServer } from './server.ts'
import { quoteLiteral } from './sql.ts'
import { findTools, type Tool } from './tools.ts'

const PASSWORD = String.raw`of:one\here é`
const QUOTED = String.raw`of\:one\\here é`

let own: OwnCluster
let psql: Tool
let directory: string
let socket: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pgpass-'))
  socket = await mkdtemp(join(tmpdir(), 'socket-'))
  await handOver(await serverUser(), socket)
  own = await ownCluster({ unix_socket_directories: socket })
  await withDatabase(own.connection, (db) =>
    db.execute(`create role one login createdb password ${quoteLiteral(PASSWORD)}`),
  )
  psql = (await findTools('15')).psql
})
afterAll(async () => {
  await own?.stop()
  for (const folder of [directory, socket]) await rm(folder, { recursive: true, force: true })
})

/** The variables of a user of the server who sets no password. */
const userOf = (env: Record<string, string>): Record<string, string> => ({
  PGHOST: own.connection.host,
  PGPORT: String(own.connection.port),
  PGUSER: 'one',
  PGDATABASE: 'postgres',
  ...env,
})

/** Whether psql gets in, as the user starts it, and what it writes to stderr. */
async function psqlSays(env: Record<string, string>): Promise<string> {
  const done = await execa(psql.path, ['-X', '-w', '-c', 'select 1'], {
    env: { ...childEnvironment(), HOME: directory, ...env },
    extendEnv: false,
    reject: false,
  })
  return done.exitCode === 0 ? `in ${done.stderr}`.trim() : done.stderr
}

/** Whether this product gets in, and what it says if it does not. */
async function weSay(env: Record<string, string>): Promise<string> {
  const faults: string[] = []
  const given = readPostgres({ ...env, PGDATABASE: 'target' }, directory, faults)
  if (given.kind !== 'existing') throw new TypeError(given.kind)
  expect(faults).toEqual([])
  const connection = { ...given.connection, database: 'postgres' }
  const postgres = { kind: 'existing', connection } as const
  const directories = { data: '', archive: '', backups: '', reports: '' }
  return startServer({ postgres, directories }).then(
    () => 'in',
    (error: Error) => error.message,
  )
}

const line = (...fields: readonly string[]): string => `${fields.join(':')}\n`

test.for<[what: string, text: (host: string, port: string) => string, isIn: boolean]>([
  ['a line of exactly this server', (host, port) => line(host, port, 'postgres', 'one', QUOTED), true],
  ['stars', () => line('*', '*', '*', '*', QUOTED), true],
  [
    'comments and other users before it',
    (host) => `# one\n${line('*', '*', '*', 'two', 'x')}${line(host, '*', '*', 'one', QUOTED)}`,
    true,
  ],
  ['quoted letters', (host) => line(`\\${host}`, '*', '*', 'o\\ne', QUOTED), true],
  ['an unquoted colon ends the password', () => line('*', '*', '*', '*', PASSWORD), false],
  [
    'the first line that fits counts',
    () => line('*', '*', '*', '*', 'x') + line('*', '*', '*', '*', QUOTED),
    false,
  ],
  ['a line of another port', (host) => line(host, '1', '*', '*', QUOTED), false],
  ['a quoted star is a name', () => line('\\*', '*', '*', '*', QUOTED), false],
  ['a blank before a comment sign', () => ` #${line('*', '*', '*', '*', QUOTED)}`, false],
  ['too few fields', () => line('*', '*', '*', QUOTED), false],
  ['the line ends of Windows', () => line('*', '*', '*', '*', QUOTED).replace('\n', '\r\n'), true],
])('%s: psql and the driver agree', async ([_what, text, isIn]) => {
  const file = join(directory, 'passwords')
  for (const host of [own.connection.host, socket]) {
    await writeFile(file, text(host, String(own.connection.port)), { mode: 0o600 })
    const env = userOf({ PGHOST: host, PGPASSFILE: file })
    const psql_says = await psqlSays(env)
    expect(psql_says === 'in', psql_says).toBe(isIn)
    const said = await weSay(env)
    expect(said === 'in', said).toBe(isIn)
    if (!isIn) expect(said).toContain('Set PGPASSWORD to the password of one')
  }
})

test('~/.pgpass is read where PGPASSFILE is not set, and PGPASSWORD goes before both', async () => {
  const home = join(directory, 'home')
  await mkdir(home)
  await writeFile(join(home, '.pgpass'), line('*', '*', '*', 'one', QUOTED), { mode: 0o600 })
  for (const [env, isIn] of [
    [{ HOME: home }, true],
    [{ HOME: directory }, false],
    [{ HOME: home, PGPASSFILE: join(directory, 'nowhere') }, false],
    [{ HOME: home, PGPASSWORD: 'another' }, false],
  ] as const) {
    expect((await psqlSays(userOf(env))) === 'in', JSON.stringify(env)).toBe(isIn)
    expect((await weSay(userOf(env))) === 'in', JSON.stringify(env)).toBe(isIn)
  }
  expect(redact(`password ${PASSWORD}`)).toBe('password [redacted PGPASSFILE]')
})

test('a file that others can read, or that is a folder, is not used, and the error says so', async () => {
  const file = join(directory, 'open')
  await writeFile(file, line('*', '*', '*', '*', QUOTED))
  for (const [mode, words] of [
    [0o640, 'has group or world access'],
    [0o604, 'has group or world access'],
  ] as const) {
    await chmod(file, mode)
    const env = userOf({ PGPASSFILE: file })
    expect(await psqlSays(env)).toContain(words)
    expect(await weSay(env)).toContain(
      `The password file ${file} is not used: its group or others have access`,
    )
    expect(await weSay(env)).toContain(`chmod 600 ${file}`)
  }
  const env = userOf({ PGPASSFILE: directory })
  expect(await psqlSays(env)).toContain('is not a plain file')
  expect(await weSay(env)).toContain(`The password file ${directory} is not used: it is not a plain file`)
})

test('for a socket in its usual folder the host is localhost, as in libpq', () => {
  const key = { port: 5432, database: 'd', user: 'u' }
  const text = line('localhost', '5432', 'd', 'u', 'secret')
  expect(passwordIn(text, { ...key, host: '/var/run/postgresql' })).toBe('secret')
  expect(passwordIn(text, { ...key, host: '/srv/sockets' })).toBeUndefined()
})
