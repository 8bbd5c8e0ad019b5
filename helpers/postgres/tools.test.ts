import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { Writable } from 'node:stream'
import { expect, inject, onTestFinished, test } from 'vitest'
import { distributionOf, hintFor } from './install-hint.ts'
import { connectionEnvironment, findTools, runTool, TOOL_NAMES, type Tools } from './tools.ts'

const installed = (): Promise<Tools> => findTools('15')

/**
 * A folder with stand-ins for some tools that only know their version: what a system with another version
 * looks like.
 */
async function folderWith(version: string, names: readonly string[] = TOOL_NAMES): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'tools-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  for (const name of names) {
    await writeFile(join(directory, name), `#!/bin/sh\necho "${name} (PostgreSQL) ${version}"\n`)
    await chmod(join(directory, name), 0o755)
  }
  return directory
}

test('the tools that suit this server are found, each with its version', async () => {
  const tools = await installed()
  for (const name of TOOL_NAMES) {
    expect(tools[name].major).toBeGreaterThanOrEqual(15)
    const { stdout } = await runTool(tools[name], ['--version'], inject('testServer'))
    expect(stdout).toContain(tools[name].version)
  }
})

test('tools older than the server are refused, with versions, places and the install command', async () => {
  const path = await folderWith('98.3')
  const error = await findTools('99.1', { path }).catch((thrown: Error) => thrown)
  expect(error).toMatchObject({ name: 'PreconditionError' })
  for (const name of TOOL_NAMES)
    expect(String(error)).toContain(`${name} 98.3 at ${join(path, name)} is older than the server`)
  expect(String(error)).toMatch(/Install them with: .+/)
})

test('a missing tool is named', async () => {
  const path = await folderWith('99.0', ['psql', 'pg_dump', 'createdb', 'dropdb'])
  await expect(findTools('99.0', { path })).rejects.toThrow(
    /suit the server \(99\.0\):\n {2}- pg_restore \d+\.\d+ at /,
  )
})

test('on PATH the same major version is taken before a newer one, and a newer one before none', async () => {
  const newer = await folderWith('99.2')
  const same = await folderWith('97.4')
  const old = await folderWith('11.0')
  const path = [old, newer, same].join(delimiter)
  expect((await findTools('97.9', { path })).pg_restore.path).toBe(join(same, 'pg_restore'))
  expect((await findTools('98.0', { path })).pg_restore.path).toBe(join(newer, 'pg_restore'))
})

test('Debian’s wrapper is skipped: it may report another version than the one that it runs', async () => {
  const directory = await folderWith('98.0', ['pg_wrapper'])
  const real = await folderWith('97.0')
  for (const name of TOOL_NAMES) await symlink(join(directory, 'pg_wrapper'), join(directory, name))
  const tools = await findTools('97.0', { path: [directory, real].join(delimiter) })
  expect(tools.pg_dump.path).toBe(join(real, 'pg_dump'))
  await expect(findTools('98.0', { path: directory })).rejects.toThrow('is older than the server')
})

test('a folder or a file that cannot be run is no tool', async () => {
  const directory = await folderWith('99.0', ['pg_dump', 'createdb', 'dropdb', 'pg_restore'])
  await mkdir(join(directory, 'psql'))
  await expect(findTools('99.0', { path: directory })).rejects.toThrow('psql')
})

test('the password travels by environment: no argument and no evidence holds it', async () => {
  const { psql } = await installed()
  const connection = inject('testServer')
  const seen: string[] = []
  const args = ['-X', '-A', '-t', '-c', 'select current_user, pg_sleep(1)']
  const running = runTool(psql, args, connection)
  const { execa } = await import('execa')
  while (seen.length === 0)
    seen.push(
      ...(await execa('ps', ['-ww', '-eo', 'args'])).stdout
        .split('\n')
        .filter((line) => line.includes('pg_sleep(1)')),
    )
  const result = await running
  expect(result).toMatchObject({
    command: `psql ${args.join(' ')}`,
    exit_code: 0,
    stdout: `${connection.user}|`,
  })
  expect(JSON.stringify([result, seen])).not.toContain(connection.password)
})

test('a tool session has the settings under which text is the same everywhere', async () => {
  const { psql } = await installed()
  const { stdout } = await runTool(
    psql,
    [
      '-X',
      '-A',
      '-t',
      '-c',
      "select current_setting('timezone'), current_setting('datestyle'), current_setting('client_encoding')",
    ],
    inject('testServer'),
  )
  expect(stdout).toBe('UTC|ISO, YMD|UTF8')
})

test('a failure shows the command, how it ended and its output, and keeps them as evidence', async () => {
  const { psql } = await installed()
  const error = await runTool(psql, ['-X', '-c', 'select 1/0'], inject('testServer')).catch(
    (thrown: Error) => thrown,
  )
  expect(error).toMatchObject({
    name: 'ToolError',
    result: { exit_code: 1, command: 'psql -X -c select 1/0' },
  })
  expect(String(error)).toContain('psql -X -c select 1/0 failed (exit code 1):\nERROR:  division by zero')
})

test('an aborted tool ends, and says that it was cancelled', async () => {
  const { psql } = await installed()
  const controller = new AbortController()
  setTimeout(() => controller.abort(), 300)
  await expect(
    runTool(psql, ['-X', '-c', 'select pg_sleep(60)'], inject('testServer'), { signal: controller.signal }),
  ).rejects.toThrow('(cancelled)')
})

test('standard output can go to a stream, and input can be given', async () => {
  const { psql } = await installed()
  let text = ''
  const stdout = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk)
      done()
    },
  })
  const result = await runTool(psql, ['-X', '-A', '-t', '-f', '-'], inject('testServer'), {
    stdout,
    stdin: 'select 6 * 7;',
  })
  expect({ text, stdout: result.stdout }).toEqual({ text: '42\n', stdout: '' })
})

test('verify-full uses the authorities of the system where libpq supports that', () => {
  const connection = { ...inject('testServer'), ssl: 'verify-full' as const }
  expect(connectionEnvironment(connection, 16)).toMatchObject({
    PGSSLMODE: 'verify-full',
    PGSSLROOTCERT: 'system',
  })
  // Version 15 does not know the word: it is given the file, where the system has one.
  expect(connectionEnvironment(connection, 15)).not.toMatchObject({ PGSSLROOTCERT: 'system' })
})

test.for([
  ['ID=debian', 'debian', 'apt-get install postgresql-client-15'],
  ['ID=linuxmint\nID_LIKE="ubuntu debian"', 'debian', 'apt-get install'],
  ['NAME="Rocky"\nID="rocky"\nID_LIKE="rhel centos fedora"', 'fedora', 'dnf install postgresql'],
  ['ID=manjaro\nID_LIKE=arch', 'arch', 'pacman -S postgresql-libs'],
  ['ID=alpine', 'alpine', 'apk add postgresql15-client'],
  ['ID="opensuse-tumbleweed"\nID_LIKE="opensuse suse"', 'suse', 'zypper install postgresql15'],
  ['ID=gentoo', 'linux', 'postgresql.org/download'],
] as const)('%s has its install command', ([release, system, command]) => {
  expect(distributionOf(release)).toBe(system)
  expect(hintFor(system, 15)).toContain(command)
})

test('macOS and Windows have their install commands', () => {
  expect(hintFor('darwin', 15)).toBe('brew install postgresql@15')
  expect(hintFor('win32', 15)).toBe('winget install PostgreSQL.PostgreSQL.15')
})
