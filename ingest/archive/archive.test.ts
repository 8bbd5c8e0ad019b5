import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Archive, type Asked, fingerprintOf, openArchive } from './archive.ts'
import { pruneArchive, verifyArchive } from './inspect.ts'
import { objectPath } from './objects.ts'

const CLI = join(import.meta.dirname, '../commands/archive.ts')
let directory: string
let archive: Archive
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'archive-'))
  archive = openArchive(directory)
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const asked = (url = 'https://data.example.com/a'): Asked => ({
  ...fingerprintOf({ method: 'GET', url }),
  provider: 'example',
  adapter_version: '1',
  method: 'GET',
  http_status: 200,
  headers: { 'content-type': 'application/json', 'set-cookie': 'session=secret' },
  outcome: 'ok',
})

test('a response comes back as it was, found by its question', async () => {
  const entry = await archive.store(asked(), Buffer.from('{"a":1}'))
  expect(await archive.find(asked().fingerprint)).toEqual(entry)
  expect((await archive.body(entry)).toString()).toBe('{"a":1}')
  expect(entry.headers).toEqual({ 'content-type': 'application/json' })
  expect(await archive.find(asked('https://data.example.com/b').fingerprint)).toBeUndefined()
})

test('equal bodies are stored once, whatever the requests, and with several writers at once', async () => {
  const questions = Array.from({ length: 40 }, (_, i) => asked(`https://data.example.com/${i}`))
  await Promise.all(questions.map((question) => openArchive(directory).store(question, Buffer.from('same'))))
  expect(await verifyArchive(directory)).toMatchObject({
    entries: 40,
    objects: 1,
    parts: 0,
    unreferenced: 0,
    faults: [],
  })
})

test('a question is the same in another order of its parameters, with another key and on another day', () => {
  const of = (url: string) =>
    fingerprintOf({ method: 'GET', url, secret_parameters: ['key'], volatile_parameters: ['end'] })
  const one = of('https://x.example.com/a?b=1&key=K1&end=2026-01-01')
  const two = of('https://x.example.com/a?end=2027-01-01&b=1&key=K2')
  expect(one.fingerprint).toBe(two.fingerprint)
  expect(one.url).toBe('https://x.example.com/a?b=1&key=redacted&end=2026-01-01')
  expect(of('https://x.example.com/a?b=2&key=K1&end=2026-01-01').fingerprint).not.toBe(one.fingerprint)
})

test('a changed byte is noticed by who reads it, and named by verify', async () => {
  const entry = await archive.store(
    asked(),
    Buffer.from('a body that is long enough to be packed, long enough to be packed'),
  )
  const path = objectPath(directory, entry.sha256, entry.storage)
  const bytes = await readFile(path)
  bytes[bytes.length - 3] = (bytes[bytes.length - 3] ?? 0) ^ 1
  await writeFile(path, bytes)
  await expect(archive.body(entry)).rejects.toMatchObject({ name: 'VerificationError' })
  const cli = await execa(process.execPath, [CLI, '--directory', directory, 'verify'], { reject: false })
  expect(cli.exitCode).toBe(1)
  expect(cli.stdout).toContain(entry.sha256)
})

test('a missing body, a foreign file and an entry in the wrong place are faults', async () => {
  const one = await archive.store(asked(), Buffer.from('one'))
  const two = await archive.store(asked('https://x.example.com/2'), Buffer.from('two'))
  await rm(objectPath(directory, one.sha256, one.storage))
  const folder = join(directory, 'responses', two.fingerprint.slice(0, 2), two.fingerprint)
  await writeFile(join(folder, '2026-01-01.json'), '{"half":')
  await writeFile(join(folder, '2026-01-02.json'), JSON.stringify(one))
  const { faults } = await verifyArchive(directory)
  expect(faults.map(({ fault }) => fault).toSorted()).toEqual([
    expect.stringContaining('is not an entry'),
    expect.stringContaining('another fingerprint'),
    expect.stringContaining('is missing'),
    expect.stringContaining('is missing'),
  ])
})

test('a download that was broken off never counts, and prune sweeps it once it is old', async () => {
  const incoming = await archive.incoming()
  await incoming.write(Buffer.from('half of it'))
  expect(await verifyArchive(directory)).toMatchObject({ entries: 0, objects: 0, parts: 1, faults: [] })
  const long_ago = new Date(Date.now() - 7_200_000)
  expect(await pruneArchive(directory, { superseded_before_at: long_ago.toISOString() })).toMatchObject({
    parts: 0,
  })
  await utimes(incoming.part, long_ago, long_ago)
  expect(await pruneArchive(directory, { superseded_before_at: long_ago.toISOString() })).toMatchObject({
    parts: 1,
  })
  await incoming.discard()
  expect((await readdir(join(directory, 'incoming'))).length).toBe(0)
})

test('prune takes what was superseded, and never the last answer to a question', async () => {
  const old = await archive.store(asked(), Buffer.from('old'))
  await new Promise((resolve) => setTimeout(resolve, 5))
  const current = await archive.store(asked(), Buffer.from('current'))
  const later = new Date(Date.now() + 1000).toISOString()
  expect(
    await pruneArchive(directory, { superseded_before_at: later, spare_ms: -1000, dry_run: true }),
  ).toMatchObject({
    entries: 1,
    objects: 1,
  })
  expect(await verifyArchive(directory)).toMatchObject({ entries: 2 })
  await pruneArchive(directory, { superseded_before_at: later, spare_ms: -1000 })
  expect(await archive.find(asked().fingerprint)).toEqual(current)
  await expect(archive.body(old)).rejects.toThrow()
  expect(await verifyArchive(directory)).toMatchObject({ entries: 1, objects: 1, faults: [] })
})

test('the command line lists what is there and says when it is whole', async () => {
  const entry = await archive.store(asked(), Buffer.from('{}'))
  const list = await execa(process.execPath, [CLI, '-d', directory, 'list'])
  expect(list.stdout).toContain(entry.url)
  expect(list.stdout).toContain('1 responses')
  const verify = await execa(process.execPath, [CLI, '-d', directory, 'verify'])
  expect(verify.stdout).toContain('The archive is intact.')
  const prune = await execa(process.execPath, [CLI, '-d', directory, 'prune', '--superseded-days', 'x'], {
    reject: false,
  })
  expect(prune.exitCode).not.toBe(0)
})
