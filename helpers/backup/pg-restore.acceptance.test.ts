import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { fingerprintOf } from '../database/fingerprint.ts'
import { withDatabase } from '../postgres/database.ts'
import { findTools, runTool, type Tools } from '../postgres/tools.ts'
import { type Scratch, scratchDatabase } from '../testing/scratch.ts'
import { type Backup, dump } from './dump.ts'
import { pgRestore, withoutSettings } from './pg-restore.ts'

/** Text that must survive in a row, though it is what is left out before the first object. */
const LINE = 'SET transaction_timeout = 0;'

let directory: string
let source: Scratch
let target: Scratch
let backup: Backup
let newer: Tools
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pg-restore-'))
  source = await scratchDatabase()
  target = await scratchDatabase()
  await source.db.execute(
    `create table public.t (id int primary key, v text);
     insert into public.t values (1, '${LINE}'), (2, E'two\\nlines\\n${LINE}\\n');
     insert into public.t select i, md5(i::text) from generate_series(3, 50000) i;
     create view public.w as select v from public.t`,
  )
  backup = await dump(source.connection, { directory, mode: 'rehearsal' })
  newer = await standIn(await findTools('15'))
})
afterEach(async () => {
  await Promise.all([source.drop(), target.drop()])
  await rm(directory, { recursive: true, force: true })
})

/**
 * A pg_restore that sends what version 17 sends: to a file as a line of the script, to a server as a
 * statement before all others.
 */
async function standIn(tools: Tools, { dies = false } = {}): Promise<Tools> {
  const file = join(directory, `pg_restore_17_${dies}.js`)
  await writeFile(
    file,
    `#!${process.execPath}
const { spawnSync, spawn } = require('node:child_process')
const args = process.argv.slice(2)
const toServer = args.some((each) => each.startsWith('--dbname='))
if (toServer) {
  const psqlArgs = ['-X', '-v', 'ON_ERROR_STOP=1', '-c', '${LINE}']
  const sent = spawnSync(${JSON.stringify(tools.psql.path)}, psqlArgs, { stdio: 'inherit' })
  if (sent.status !== 0) process.exit(1)
}
const child = spawn(${JSON.stringify(tools.pg_restore.path)}, args, { stdio: ['ignore', 'pipe', 'inherit'] })
let head = ''
child.stdout.on('data', (bytes) => {
  if (head === undefined) return void process.stdout.write(bytes)
  head += bytes.toString('latin1')
  if (!head.includes('SET lock_timeout = 0;')) return
  const changed = head.replace('SET lock_timeout = 0;', 'SET lock_timeout = 0;\\n${LINE}')
  process.stdout.write(Buffer.from(changed, 'latin1'))
  head = undefined
  if (${dies}) setImmediate(() => process.stdout.write('', () => process.exit(1)))
})
child.on('close', (code) => { process.exitCode = code }) // An exit would cut off what is still on its way.
`,
  )
  await chmod(file, 0o755)
  return { ...tools, pg_restore: { ...tools.pg_restore, path: file, version: '17.6', major: 17 } }
}

const exists = async (): Promise<boolean> =>
  withDatabase(
    target.connection,
    async (db) => (await db.one<{ is: boolean }>("select to_regclass('public.t') is not null as is")).is,
  )

test('a client newer than the server restores equal rows, despite a setting it does not know', async () => {
  const direct = [
    '--exit-on-error',
    '--single-transaction',
    `--dbname=${target.connection.database}`,
    backup.archive,
  ]
  await expect(runTool(newer.pg_restore, direct, target.connection), 'by itself it fails').rejects.toThrow(
    /transaction_timeout/,
  )
  const { command } = await pgRestore(newer, backup.archive, target.connection, { server_major: 15 })
  expect(command).toMatch(/^pg_restore .* \| psql /)
  const expected = await fingerprintOf(source.connection, { scope: 'full' })
  const found = await fingerprintOf(target.connection, { scope: 'full' })
  expect(found).toEqual(expected)
})

test('a script that breaks off leaves nothing in the database', async () => {
  const dying = await standIn(await findTools('15'), { dies: true })
  await expect(pgRestore(dying, backup.archive, target.connection, { server_major: 15 })).rejects.toThrow(
    /pg_restore .* failed/,
  )
  expect(await exists()).toBe(false)
})

test('a statement that fails ends both tools, says which, and leaves nothing', async () => {
  await target.db.execute('create view public.w as select 1 as v')
  await expect(pgRestore(newer, backup.archive, target.connection, { server_major: 15 })).rejects.toThrow(
    /relation "w" already exists/,
  )
  expect(await exists()).toBe(false)
})

test('a setting is sent to a server that supports it', async () => {
  const same = await findTools('15')
  const { command } = await pgRestore(same, backup.archive, target.connection, { server_major: 15 })
  expect(command).toContain('--single-transaction')
  expect(await exists()).toBe(true)
})

test('nothing but lines before the first object is left out, however the bytes arrive', async () => {
  const script =
    `--\n-- dump\n${LINE}\nSET row_security = off;\n--\n-- Name: t; Type: TABLE\n--\n${LINE}\n` +
    `COPY t FROM stdin;\n${LINE}\n\\.\n`
  for (const bytes of [1, 2, 7, 1000]) {
    const pieces = Array.from({ length: Math.ceil(script.length / bytes) }, (_, index) =>
      Buffer.from(script.slice(index * bytes, (index + 1) * bytes)),
    )
    const passed = await Array.fromAsync(withoutSettings(Readable.from(pieces), ['transaction_timeout']))
    expect(Buffer.concat(passed).toString(), `${bytes} bytes at a time`).toBe(script.replace(`${LINE}\n`, ''))
  }
})

test('a newer client of before the fence is not asked: its script could hide commands of psql', async () => {
  const unfenced = { ...newer, pg_restore: { ...newer.pg_restore, version: '17.5' } }
  await expect(pgRestore(unfenced, backup.archive, target.connection, { server_major: 15 })).rejects.toThrow(
    /pg_restore 17\.5 .* newest minor version/,
  )
  expect(await exists()).toBe(false)
})
