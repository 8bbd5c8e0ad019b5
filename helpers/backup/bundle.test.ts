import { mkdir, mkdtemp, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import yauzl from 'yauzl'
import { FolderStore } from '../remote/folder-store.ts'
import { makeBundle, publishBundle } from './bundle.ts'

let directory: string
let run: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bundle-'))
  run = join(directory, 'run')
  await mkdir(join(run, 'evidence'), { recursive: true })
  await writeFile(join(run, 'journal.jsonl'), '{"a":1}\n')
  await writeFile(join(run, 'evidence', 'x.txt'), 'x')
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const read = async (file: string): Promise<Record<string, string>> => {
  const zip = await yauzl.openPromise(file)
  const found: Record<string, string> = {}
  for await (const entry of zip.eachEntry()) {
    const chunks: Buffer[] = []
    for await (const chunk of (await zip.openReadStreamPromise(entry)) as AsyncIterable<Buffer>)
      chunks.push(chunk)
    found[entry.fileName] = Buffer.concat(chunks).toString()
  }
  return found
}

test('a bundle holds every file of the run, and no link out of it', async () => {
  await writeFile(join(directory, 'secret'), 'secret')
  // Windows may not allow it; then there is none.
  await symlink(join(directory, 'secret'), join(run, 'link')).catch(() => {})
  const bundle = await makeBundle(run, join(directory, 'out', 'bundle.zip'))
  expect(bundle.entries).toEqual(['evidence/x.txt', 'journal.jsonl'])
  expect(await read(bundle.file)).toEqual({ 'evidence/x.txt': 'x', 'journal.jsonl': '{"a":1}\n' })
})

test('the same files give the same bytes, whenever they were written', async () => {
  const first = await makeBundle(run, join(directory, 'a.zip'))
  await utimes(join(run, 'journal.jsonl'), 1, 1)
  expect((await makeBundle(run, join(directory, 'b.zip'))).sha256).toBe(first.sha256)
})

test('a published bundle is in the remote store with the same hash, and a later one beside it', async () => {
  await mkdir(join(directory, 'Dropbox'))
  const remote = new FolderStore(join(directory, 'Dropbox'), '/backups')
  const first = await publishBundle(run, remote, { run_id: 'r1', is_final: true })
  expect(first).toMatchObject({ entries_count: 2, remote_content_hash: first.content_hash })
  await writeFile(join(run, 'more.txt'), 'more')
  const second = await publishBundle(run, remote, { run_id: 'r1', is_final: true })
  expect(second.entries_count).toBe(3)
  expect((await remote.list()).map(({ content_hash }) => content_hash).toSorted()).toEqual(
    [first.content_hash, second.content_hash].toSorted(),
  )
})

test('an interim bundle has a name of its own; the final one replaces it, also remotely', async () => {
  await mkdir(join(directory, 'Dropbox'))
  const remote = new FolderStore(join(directory, 'Dropbox'), '/backups')
  const interim = await publishBundle(run, remote, { run_id: 'r1', is_final: false })
  expect([interim.remote_name, basename(interim.file)]).toEqual([
    expect.stringMatching(/^evidence\/r1-interim-[0-9a-f]{12}\.zip$/),
    'bundle-interim.zip',
  ])
  const final = await publishBundle(run, remote, { run_id: 'r1', is_final: true })
  expect(final.remote_name).toMatch(/^evidence\/r1-[0-9a-f]{12}\.zip$/)
  expect((await readdir(run)).toSorted()).toEqual([
    'bundle.zip',
    'bundle.zip.sha256',
    'evidence',
    'journal.jsonl',
  ])
  expect(Object.keys(await read(final.file)), 'nor is it in the final one').toEqual([
    'evidence/x.txt',
    'journal.jsonl',
  ])
})

test('a run without a file is refused', async () => {
  await mkdir(join(directory, 'empty'))
  await expect(makeBundle(join(directory, 'empty'), join(directory, 'e.zip'))).rejects.toThrow(
    /no file to bundle/,
  )
})
