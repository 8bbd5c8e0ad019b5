import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { contentHash } from '../core/dropbox-hash.ts'
import { FolderStore } from './folder-store.ts'

let directory: string
let store: FolderStore
let file: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'folder-store-'))
  await mkdir(join(directory, 'Dropbox'))
  store = new FolderStore(join(directory, 'Dropbox'), '/backups')
  file = join(directory, 'x.dump')
  await writeFile(file, 'content')
})
afterEach(() => rm(directory, { recursive: true, force: true }))

test('a file is copied, listed, downloaded and removed', async () => {
  const uploaded = await store.upload(file, 'runs/x.dump')
  expect(uploaded).toMatchObject({
    name: 'runs/x.dump',
    outcome: 'sent',
    bytes: 7,
    content_hash: contentHash(Buffer.from('content')),
  })
  expect((await store.list()).map(({ name }) => name)).toEqual(['runs/x.dump'])
  await store.download('runs/x.dump', join(directory, 'back'))
  expect(await readFile(join(directory, 'back'), 'utf8')).toBe('content')
  await store.remove('runs/x.dump')
  expect(await store.list()).toEqual([])
  await expect(store.download('runs/x.dump', join(directory, 'again'))).rejects.toMatchObject({
    kind: 'not_found',
  })
})

test('the same content again is a success, other content a conflict that overwrites nothing', async () => {
  await store.upload(file, 'x.dump')
  expect(await store.upload(file, 'x.dump')).toMatchObject({ outcome: 'there', bytes_sent: 0 })
  await writeFile(file, 'other')
  await expect(store.upload(file, 'x.dump')).rejects.toMatchObject({ kind: 'conflict' })
  expect(await readFile(join(directory, 'Dropbox/backups/x.dump'), 'utf8')).toBe('content')
  expect(await readdir(join(directory, 'Dropbox/backups'))).toEqual(['x.dump'])
})

test('the check names a folder that is not there, and room that is missing', async () => {
  await expect(store.check(1)).resolves.toMatchObject({ scopes: ['read', 'write'] })
  await expect(store.check(Number.MAX_SAFE_INTEGER)).rejects.toMatchObject({ kind: 'space' })
  await expect(new FolderStore(join(directory, 'none'), '/backups').check()).rejects.toMatchObject({
    kind: 'refused',
  })
})

test('a folder that has disappeared is not created again: no client would sync it', async () => {
  await store.upload(file, 'x.dump')
  await rename(join(directory, 'Dropbox'), join(directory, 'unmounted'))
  for (const use of [
    () => store.upload(file, 'y.dump'),
    () => store.list(),
    () => store.download('x.dump', join(directory, 'back')),
  ])
    await expect(use()).rejects.toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('mount its drive'),
    })
  expect(await readdir(directory)).toEqual(['unmounted', 'x.dump'])
})

test('a copy in the making has a name that the client does not sync', async () => {
  await writeFile(file, Buffer.alloc(64 * 1024 * 1024))
  const seen = new Set<string>()
  let isDone = false
  const uploading = store.upload(file, 'x.dump').finally(() => {
    isDone = true
  })
  while (!isDone)
    for (const name of await readdir(join(directory, 'Dropbox/backups')).catch(() => [])) seen.add(name)
  await uploading
  expect([...seen].filter((name) => name !== 'x.dump' && !/^~.*\.tmp$/.test(name))).toEqual([])
  expect(seen.size, 'the copy was seen in the making').toBeGreaterThan(1)
})

test('a file that appears under the name during the copy is kept, and the copy is a conflict', async () => {
  await writeFile(file, Buffer.alloc(64 * 1024 * 1024))
  const folder = join(directory, 'Dropbox/backups')
  let isDone = false
  const uploading = store.upload(file, 'x.dump').finally(() => {
    isDone = true
  })
  // Somebody else writes the name while the partial copy is there, and before it is published.
  let hasAppeared = false
  while (!isDone && !hasAppeared) {
    const names = await readdir(folder).catch(() => [])
    if (!names.some((name) => name.startsWith('~'))) continue
    await writeFile(join(folder, 'x.dump'), 'of another', { flag: 'wx' })
    hasAppeared = true
  }
  await expect(uploading).rejects.toMatchObject({ kind: 'conflict' })
  expect(hasAppeared, 'the copy was seen in the making').toBe(true)
  expect(await readFile(join(folder, 'x.dump'), 'utf8')).toBe('of another')
  expect(await readdir(folder), 'no partial copy is left').toEqual(['x.dump'])
})

test('it says that it does not see the synchronisation', () => {
  expect(store.describe()).toContain('not observed')
})
