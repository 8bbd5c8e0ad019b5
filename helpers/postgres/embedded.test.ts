import {
  appendFile,
  chmod,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises'
import { createServer } from 'node:net'
import { networkInterfaces, platform, tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { ROOT_DIRECTORY } from '../config/config.ts'
import type { Connection } from '../config/connection.ts'
import { installedBinaries, reachableBinaries } from './binaries.ts'
import { withDatabase } from './database.ts'
import { embeddedStatus, startEmbedded, stopEmbedded } from './embedded.ts'

const isRoot = process.getuid?.() === 0

/** A folder that every account may enter, as a clone in an ordinary place is. */
async function dataFolder(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'embedded-'))
  await chmod(directory, 0o755)
  return directory
}

async function remove(directory: string): Promise<void> {
  const place = (await embeddedStatus(directory))?.directory
  await stopEmbedded(directory)
  for (const each of [directory, place])
    if (each !== undefined) await rm(each, { recursive: true, force: true })
}

const pidOf = async (directory: string): Promise<number> => (await embeddedStatus(directory))?.pid ?? 0

async function kill(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL')
  const isGone = async (): Promise<boolean> => {
    if (platform() === 'linux')
      return !(await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).includes('postgres')
    return (await execa('ps', ['-p', `${pid}`], { reject: false })).exitCode !== 0
  }
  await expect.poll(isGone, { timeout: 20_000 }).toBe(true)
}

describe('one embedded server', () => {
  let directory: string
  let connection: Connection
  beforeAll(async () => {
    directory = await dataFolder()
    connection = await startEmbedded(directory)
    await withDatabase(connection, (db) =>
      db.execute('create table public.kept (n integer); insert into public.kept values (42)'),
    )
  })
  afterAll(() => remove(directory))

  const kept = async (): Promise<unknown> =>
    withDatabase(await startEmbedded(directory), (db) => db.one('select n from public.kept'))

  test('is in UTF8 with byte order, durable, with checksums, and asks for a password by scram', async () => {
    const facts = await withDatabase(connection, (db) =>
      db.one(`select pg_encoding_to_char(encoding) as encoding,
                     datcollate as collation,
                     current_setting('fsync') as fsync,
                     current_setting('data_checksums') as checksums,
                     current_setting('password_encryption') as passwords,
                     current_setting('unix_socket_directories') as sockets
                from pg_database where datname = 'postgres'`),
    )
    expect(facts).toEqual({
      encoding: 'UTF8',
      collation: 'C',
      fsync: 'on',
      checksums: 'on',
      passwords: 'scram-sha-256',
      sockets: '',
    })
    await expect(
      withDatabase({ ...connection, password: 'wrong' }, (db) => db.rows('select 1')),
    ).rejects.toThrow('password authentication failed')
  })

  test('listens on the loopback interface alone', async () => {
    const outside = Object.values(networkInterfaces())
      .flatMap((each) => each ?? [])
      .filter(({ internal, family }) => !internal && family === 'IPv4')
    for (const { address } of outside)
      await expect(
        withDatabase({ ...connection, host: address }, (db) => db.rows('select 1')),
      ).rejects.toThrow('ECONNREFUSED')
    expect(connection.host).toBe('127.0.0.1')
  })

  test('keeps its password in a file for its account alone, and out of every command line', async () => {
    const place = (await embeddedStatus(directory))?.directory ?? ''
    if (platform() !== 'win32') {
      expect((await stat(join(place, 'password'))).mode & 0o777).toBe(0o600)
      expect((await execa('ps', ['-ww', '-eo', 'args'])).stdout).not.toContain(connection.password)
    }
    expect(connection.password?.length).toBeGreaterThanOrEqual(32)
  })

  test('is taken as it is when it runs already', async () => {
    const pid = await pidOf(directory)
    expect(await startEmbedded(directory)).toEqual(connection)
    expect(await pidOf(directory)).toBe(pid)
  })

  test('keeps port and data over a stop', async () => {
    expect(await stopEmbedded(directory)).toBe(true)
    expect(await stopEmbedded(directory)).toBe(false)
    expect(await embeddedStatus(directory)).toMatchObject({ pid: undefined, connection: undefined })
    expect(await kept()).toEqual({ n: 42 })
    expect(await startEmbedded(directory)).toEqual(connection)
  })

  test('comes back after SIGKILL with what was committed', async () => {
    await withDatabase(connection, (db) =>
      db.execute('insert into public.kept values (43); delete from public.kept where n = 43'),
    )
    await kill(await pidOf(directory))
    expect(await embeddedStatus(directory)).toMatchObject({ pid: undefined })
    expect(await kept()).toEqual({ n: 42 })
  })

  test('does not trust a postmaster.pid whose number another program has by now', async () => {
    const place = (await embeddedStatus(directory))?.directory ?? ''
    await kill(await pidOf(directory))
    const file = join(place, 'data', 'postmaster.pid')
    await writeFile(file, (await readFile(file, 'utf8')).replace(/^\d+/, String(process.pid)))
    expect(await embeddedStatus(directory)).toMatchObject({ pid: undefined })
    expect(await kept()).toEqual({ n: 42 })
  })

  test('takes another port when its own is taken, and keeps that one', async () => {
    await stopEmbedded(directory)
    const squatter = createServer()
    await new Promise<void>((done) => squatter.listen(connection.port, '127.0.0.1', done))
    onTestFinished(() => void squatter.close())
    const moved = await startEmbedded(directory)
    expect(moved.port).not.toBe(connection.port)
    await stopEmbedded(directory)
    squatter.close()
    expect(await startEmbedded(directory)).toEqual(moved)
    connection = moved
  })

  test('is one server for two processes that start it at once', async () => {
    await stopEmbedded(directory)
    const script = `
      import { startEmbedded } from ${JSON.stringify(join(ROOT_DIRECTORY, 'helpers/postgres/embedded.ts'))}
      console.log((await startEmbedded(process.env.DIRECTORY)).port)`
    const start = () =>
      execa(process.execPath, ['--input-type=module', '-e', script], { env: { DIRECTORY: directory } })
    const ports = (await Promise.all([start(), start(), start()])).map(({ stdout }) => Number(stdout))
    expect(new Set(ports)).toEqual(new Set([connection.port]))
  })

  test('takes over the start lock of a killed process', async () => {
    await stopEmbedded(directory)
    const { pid } = await execa(process.execPath, ['-e', 'console.log(process.pid)']).then(({ stdout }) => ({
      pid: stdout,
    }))
    await writeFile(join(directory, 'postgres', 'start.lock'), `${pid}\n`)
    expect(await kept()).toEqual({ n: 42 })
  })

  test('does not start with a broken setting, shows its log, and starts after the repair', async () => {
    await stopEmbedded(directory)
    const place = (await embeddedStatus(directory))?.directory ?? ''
    const file = join(place, 'data', 'postgresql.conf')
    const good = await readFile(file, 'utf8')
    await appendFile(file, "\nshared_buffers = 'plenty'\n")
    const error = await startEmbedded(directory).catch((thrown: Error) => thrown)
    expect(error).toMatchObject({ name: 'PreconditionError' })
    expect(String(error)).toMatch(
      /did not start\. Its log ends with:[\s\S]*invalid value for parameter "shared_buffers": "plenty"/,
    )
    expect(String(error)).not.toContain(connection.password)
    await writeFile(file, good)
    expect(await kept()).toEqual({ n: 42 })
  })

  test('refuses data of another major version instead of touching it', async () => {
    await stopEmbedded(directory)
    const file = join((await embeddedStatus(directory))?.directory ?? '', 'data', 'PG_VERSION')
    await writeFile(file, '14\n')
    await expect(startEmbedded(directory)).rejects.toThrow('was made by PostgreSQL 14; 15 is installed now')
    await writeFile(file, '15\n')
    expect(await kept()).toEqual({ n: 42 })
  })
})

test('a first start that was killed half-way is begun anew', async () => {
  const directory = await dataFolder()
  onTestFinished(() => remove(directory))
  await mkdir(join(directory, 'postgres', 'data.partial', 'base'), { recursive: true })
  await writeFile(join(directory, 'postgres', 'data.partial', 'PG_VERSION'), '15\n')
  expect(await withDatabase(await startEmbedded(directory), (db) => db.one('select 1 as n'))).toEqual({
    n: 1,
  })
  expect(await readdir(join(directory, 'postgres'))).not.toContain('data.partial')
})

test('asking for the status, or stopping, creates and starts nothing', async () => {
  const directory = await dataFolder()
  onTestFinished(() => rm(directory, { recursive: true }))
  expect(await embeddedStatus(directory)).toBeUndefined()
  expect(await stopEmbedded(directory)).toBe(false)
  expect(await readdir(directory)).toEqual([])
})

if (isRoot) {
  test('as root, data moves out of a folder that the server account cannot enter, and is found', async () => {
    const home = await mkdtemp(join(tmpdir(), 'private-home-')) // 0700
    const directory = join(home, '.data')
    onTestFinished(async () => {
      await remove(directory)
      await rm(home, { recursive: true })
    })
    const connection = await startEmbedded(directory)
    const { directory: place } = (await embeddedStatus(directory)) ?? {}
    expect(place).toMatch(/^\/var\/lib\/stocks-research\/[0-9a-f]{16}$/)
    await withDatabase(connection, (db) => db.execute('create table public.kept (n integer)'))
    await stopEmbedded(directory)
    // The place follows from the path.
    await rename(join(directory, 'postgres', 'place.json'), join(directory, 'postgres', 'lost.json'))
    expect(
      await withDatabase(await startEmbedded(directory), (db) => db.rows('select n from public.kept')),
    ).toEqual([])
  })

  test('as root, binaries in such a folder are copied once to where the account may run them', async () => {
    const home = await mkdtemp(join(tmpdir(), 'private-home-'))
    const fallback = await dataFolder()
    onTestFinished(async () => {
      for (const each of [home, fallback]) await rm(each, { recursive: true })
    })
    const installed = { ...installedBinaries(), directory: join(home, 'native') }
    await cp(installedBinaries().directory, installed.directory, { recursive: true, verbatimSymlinks: true })
    const stranger = { name: 'stranger', uid: 54_321, gid: 54_321 }
    const copy = await reachableBinaries(stranger, fallback, installed)
    expect(copy.startsWith(fallback)).toBe(true)
    const { stdout } = await execa(join(copy, 'bin', 'postgres'), ['--version'], {
      uid: stranger.uid,
      gid: stranger.gid,
      cwd: fallback,
    })
    expect(stdout).toContain('postgres (PostgreSQL) 15')
    expect(await reachableBinaries(stranger, fallback, installed)).toBe(copy)
  })
}
