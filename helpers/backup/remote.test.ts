import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { DropboxStore } from '../remote/dropbox-store.ts'
import { type DropboxServer, startDropboxServer } from '../simulator/dropbox/server.ts'
import { type Scratch, scratchDatabase } from '../testing/scratch.ts'
import { type Backup, dump } from './dump.ts'
import { readManifest } from './manifest.ts'
import { uploadBackup } from './upload.ts'
import { verifyRemote } from './verify.ts'

let directory: string
let server: DropboxServer
let source: Scratch
let backup: Backup
let remote: DropboxStore
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'remote-'))
  server = await startDropboxServer({ directory: join(directory, 'server') })
  source = await scratchDatabase()
  await source.db.execute(
    'create table public.t (id int primary key); insert into public.t select generate_series(1, 1000)',
  )
  backup = await dump(source.connection, { directory: join(directory, 'backups'), mode: 'rehearsal' })
  remote = new DropboxStore({
    credentials: server.credentials,
    origin: server.origin,
    folder: '/backups',
    state_directory: join(directory, 'uploads'),
    delay_ms: 5,
  })
})
afterEach(async () => {
  await source.drop()
  await server.stop()
  await rm(directory, { recursive: true, force: true })
})

test('a backup is uploaded with its manifest, and its copy is downloaded and equal', async () => {
  expect(await uploadBackup(backup, remote)).toMatchObject({
    name: backup.manifest.file,
    content_hash: backup.manifest.content_hash,
  })
  const { sha256, content_hash } = backup.manifest
  expect(await verifyRemote(backup, remote)).toMatchObject({ level: 4, sha256, content_hash })
  const fetched = join(directory, backup.manifest.file)
  await remote.download(`${backup.manifest.file}.json`, `${fetched}.json`)
  expect(await readManifest(fetched)).toEqual(backup.manifest)
})

test('a bit that turns over in the remote store is seen, though its metadata says nothing', async () => {
  server.faults.add({ route: 'files/upload_session/finish', action: { kind: 'flip-stored' } })
  await uploadBackup(backup, remote)
  await expect(verifyRemote(backup, remote)).rejects.toThrow(/damaged/)
})

test('another file under the name is seen', async () => {
  const other = join(directory, 'other')
  await writeFile(other, (await readFile(backup.archive)).subarray(1))
  await remote.upload(other, backup.manifest.file)
  await expect(verifyRemote(backup, remote)).rejects.toThrow(/damaged: SHA-256/)
  await expect(uploadBackup(backup, remote)).rejects.toMatchObject({ kind: 'conflict' })
})

test('a copy whose manifest is missing, damaged, or another one than here does not pass', async () => {
  const manifest = `${backup.archive}.json`
  await remote.upload(backup.archive, backup.manifest.file)
  await expect(verifyRemote(backup, remote)).rejects.toMatchObject({ kind: 'not_found' })

  const text = await readFile(manifest, 'utf8')
  const other = join(directory, 'other.json')
  await writeFile(other, text.replace('"rows": 1000', '"rows": 999'))
  await remote.upload(other, `${backup.manifest.file}.json`)
  await expect(verifyRemote(backup, remote)).rejects.toThrow(/remote manifest .* is not the one beside/)

  await remote.remove(`${backup.manifest.file}.json`)
  server.faults.add({ route: 'files/upload_session/finish', action: { kind: 'flip-stored' } })
  await remote.upload(manifest, `${backup.manifest.file}.json`)
  await expect(verifyRemote(backup, remote)).rejects.toThrow(/damaged/)
})

test('a copy that somebody replaced between upload and verification is seen', async () => {
  await uploadBackup(backup, remote)
  await remote.remove(backup.manifest.file)
  const other = join(directory, 'other')
  await writeFile(other, (await readFile(backup.archive)).fill(0, 100, 101))
  await remote.upload(other, backup.manifest.file)
  await expect(verifyRemote(backup, remote)).rejects.toThrow(/is damaged: SHA-256 is/)
})
