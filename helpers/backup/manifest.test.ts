import { cp, mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Scratch, scratchDatabase } from '../testing/scratch.ts'
import { type Backup, dump } from './dump.ts'
import { listBackups, manifestFileOf, readManifest } from './manifest.ts'
import { verifyFile } from './verify.ts'

let directory: string
let source: Scratch
let made: Backup
let newer: Backup
let backup: Backup
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'manifest ä ')) // A path with a space and a letter beyond ASCII.
  source = await scratchDatabase()
  await source.db.execute(
    'create table public.t (id int primary key); insert into public.t select generate_series(1, 100)',
  )
  made = await dump(source.connection, {
    directory,
    mode: 'rehearsal',
    now: () => new Date('2026-03-08T06:59:59Z'),
  })
  await source.db.execute('delete from public.t where id > 50')
  newer = await dump(source.connection, {
    directory,
    mode: 'rehearsal',
    now: () => new Date('2026-03-09T06:59:59Z'),
  })
})
afterAll(async () => {
  await source.drop()
  await rm(directory, { recursive: true, force: true })
})
beforeEach(async () => {
  const folder = join(directory, 'copy')
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder)
  backup = { ...made, archive: join(folder, made.manifest.file) }
  await cp(made.archive, backup.archive)
  await cp(manifestFileOf(made.archive), manifestFileOf(backup.archive))
})

test.each([
  [
    'the day of the snapshot',
    /"snapshot_at": "2026-03-08/,
    '"snapshot_at": "2027-03-08',
    'its file is not a full_20270308_0659',
  ],
  ['the hash of the content', /("content_sha256": ")./, '$1', 'not a manifest'],
  ['the hash of a table', /("sha256": ")([0-9a-f]{63})[0-9a-f](",\s+"key")/, '$1$2x$3', 'not a manifest'],
  ['the number of rows', /"rows": 100,/, '"rows": 99,', 'contradicts itself'],
  [
    'the name of a column',
    /"column public\.t\.id"/,
    '"column public.t.ie"',
    'schema_sha256 is not that of its objects',
  ],
  ['a further line', /"version": 1,/, '"version": 1, "verified": true,', 'not a manifest'],
] as const)('a manifest in which %s was edited is refused', async (_what, from, to, message) => {
  const file = manifestFileOf(backup.archive)
  const text = await readFile(file, 'utf8')
  await writeFile(file, text.replace(from, to))
  expect(await readFile(file, 'utf8')).not.toBe(text)
  await expect(readManifest(backup.archive)).rejects.toThrow(message)
  expect(await listBackups(join(directory, 'copy')), 'nor is it listed').toEqual([])
})

test('archives that changed their names, or stand beside the manifest of another, are refused', async () => {
  await cp(manifestFileOf(newer.archive), manifestFileOf(backup.archive))
  await expect(readManifest(backup.archive)).rejects.toThrow(/is the manifest of full_20260309_0659\.dump/)
  await cp(manifestFileOf(made.archive), manifestFileOf(backup.archive))
  await cp(newer.archive, backup.archive)
  await expect(verifyFile({ ...backup, manifest: await readManifest(backup.archive) })).rejects.toThrow(
    /is damaged/,
  )
})

test('an archive behind a link is read as the file that it is', async () => {
  await rename(backup.archive, join(directory, 'copy', 'elsewhere'))
  await symlink(join(directory, 'copy', 'elsewhere'), backup.archive)
  expect(await verifyFile(backup)).toMatchObject({ sha256: made.manifest.sha256 })
})
