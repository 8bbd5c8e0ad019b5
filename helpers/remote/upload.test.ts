import { randomBytes } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { contentHash } from '../core/dropbox-hash.ts'
import type { FaultAction } from '../simulator/dropbox/faults.ts'
import type { DropboxServer } from '../simulator/dropbox/server.ts'
import { type OwnDropbox, ownDropbox } from '../testing/dropbox-server.ts'

const CHUNK = 64 * 1024
const BYTES = 10 * CHUNK + 17
const APPEND = 'files/upload_session/append_v2'
const FINISH = 'files/upload_session/finish'

let directory: string
let server: DropboxServer
let open: OwnDropbox['open']
let file: string
let bytes: Buffer
beforeEach(async () => {
  ;({ directory, server, open } = await ownDropbox({ chunk_bytes: CHUNK }))
  file = join(directory, 'x.dump')
  bytes = randomBytes(BYTES)
  await writeFile(file, bytes)
})
afterEach(() => server.stop())

const remoteIs = async (expected: Buffer): Promise<void> => {
  expect(Object.values(server.state.files).map(({ path_display }) => path_display)).toEqual([
    '/backups/x.dump',
  ])
  await open().download('x.dump', join(directory, 'back'))
  expect((await readFile(join(directory, 'back'))).equals(expected)).toBe(true)
}
const uploadBytes = (): number =>
  server.requests
    .filter(({ route }) => route === APPEND)
    .reduce((sum, { bytes_received }) => sum + bytes_received, 0)

test('a file arrives whole, in chunks, with its hash, and its session is forgotten', async () => {
  const progress: number[] = []
  const uploaded = await open().upload(file, 'x.dump', {
    onProgress: ({ bytes_done }) => progress.push(bytes_done),
  })
  expect(uploaded).toMatchObject({
    outcome: 'sent',
    bytes: BYTES,
    bytes_sent: BYTES,
    retries: 0,
    content_hash: contentHash(bytes),
  })
  expect(progress).toHaveLength(11)
  expect(progress.at(-1)).toBe(BYTES)
  expect(await readdir(join(directory, 'uploads'))).toEqual([])
  await remoteIs(bytes)
})

test('an empty file arrives too', async () => {
  await writeFile(file, '')
  expect(await open().upload(file, 'x.dump')).toMatchObject({ bytes: 0, outcome: 'sent' })
})

describe('one fault costs at most one chunk, and the file is whole', () => {
  test.each<[string, string, FaultAction, number]>([
    ['the connection is cut before a byte is taken', APPEND, { kind: 'cut-before', after_bytes: 1 }, 1],
    ['the connection is cut within a chunk', APPEND, { kind: 'cut-before', after_bytes: CHUNK / 2 }, 1],
    [
      'a part of a chunk is taken, and the connection cut',
      APPEND,
      { kind: 'cut-partly', commit_bytes: 1000 },
      1,
    ],
    ['the reply to an append is lost', APPEND, { kind: 'cut-after' }, 0],
    ['a bit turns over on its way', APPEND, { kind: 'flip-received' }, 1],
    ['the server answers 500 to an append', APPEND, { kind: 'status', status: 500, body: 'oops' }, 1],
    ['the server answers 503 to the finish', FINISH, { kind: 'status', status: 503, body: 'oops' }, 0],
    ['the token expires on the way', APPEND, { kind: 'expire-token' }, 1],
    ['too many write operations, at the finish', FINISH, { kind: 'too-many-writes' }, 0],
    ['too many write operations, at an append', APPEND, { kind: 'too-many-writes' }, 1],
    ['the reply to the finish is lost', FINISH, { kind: 'cut-after' }, 0],
    ['the connection is cut before the finish', FINISH, { kind: 'cut-before' }, 0],
    ['the reply to the start is lost', 'files/upload_session/start', { kind: 'cut-after' }, 0],
    [
      'the look-up before it fails once',
      'files/get_metadata',
      { kind: 'status', status: 502, body: 'oops' },
      0,
    ],
  ])('%s', async (_what, route, action, chunksAgain) => {
    server.faults.add({ route, ...(route === APPEND ? { skip: 3 } : {}), action })
    expect(await open().upload(file, 'x.dump')).toMatchObject({ outcome: 'sent' })
    expect(server.requests.filter(({ fault }) => fault === action.kind)).toHaveLength(1)
    expect(uploadBytes()).toBeLessThanOrEqual(BYTES + chunksAgain * CHUNK)
    await remoteIs(bytes)
  })
})

describe('429', () => {
  test.each(['json', 'text'] as const)('as %s: no request is repeated before Retry-After', async (as) => {
    server.faults.add(
      { route: APPEND, skip: 2, action: { kind: 'throttle', retry_after_s: 1, as } },
      { route: FINISH, action: { kind: 'throttle', retry_after_s: 1, as } },
    )
    await open().upload(file, 'x.dump')
    expect(server.earlyRetries()).toBe(0)
    await remoteIs(bytes)
  })

  test('without an end it is given up, and the next run goes on', async () => {
    server.faults.add({
      route: APPEND,
      skip: 5,
      times: 100,
      action: { kind: 'throttle', retry_after_s: 0, as: 'json' },
    })
    await expect(open({ attempts_max: 3 }).upload(file, 'x.dump')).rejects.toMatchObject({
      kind: 'throttled',
      transient: true,
    })
    server.faults.clear()
    const before = uploadBytes()
    expect(await open().upload(file, 'x.dump')).toMatchObject({ outcome: 'resumed' })
    expect(uploadBytes() - before).toBe(BYTES - 5 * CHUNK)
    await remoteIs(bytes)
  })
})

describe('what is there already', () => {
  test('the same content is a success, and nothing is sent', async () => {
    await open().upload(file, 'x.dump')
    const before = uploadBytes()
    expect(await open().upload(file, 'x.dump')).toMatchObject({ outcome: 'there', bytes_sent: 0 })
    expect(uploadBytes()).toBe(before)
  })

  test('other content is a conflict before a byte is sent, and stays', async () => {
    await open().upload(file, 'x.dump')
    const other = join(directory, 'other')
    await writeFile(other, randomBytes(BYTES))
    const before = uploadBytes()
    await expect(open().upload(other, 'x.dump')).rejects.toMatchObject({ kind: 'conflict', transient: false })
    expect(uploadBytes()).toBe(before)
    await remoteIs(bytes)
  })

  test('other content that arrived meanwhile is a conflict too', async () => {
    const other = join(directory, 'other')
    await writeFile(other, randomBytes(5))
    server.faults.add({ route: FINISH, action: { kind: 'slow', ms: 300 } })
    const slow = open().upload(file, 'x.dump')
    while (!server.requests.some(({ route, bytes_received }) => route === APPEND && bytes_received === 17))
      await new Promise((resolve) => setTimeout(resolve, 2))
    await open().upload(other, 'x.dump')
    const outcomes = await Promise.allSettled([slow])
    // Whoever finishes first has the name; the other one is told.
    if (outcomes[0]?.status === 'fulfilled') throw new Error('both uploads claim the name')
    expect(outcomes[0]?.reason).toMatchObject({ kind: 'conflict' })
    expect(Object.keys(server.state.files)).toEqual(['/backups/x.dump'])
  })
})

test('a full account fails at once and keeps the session; later no byte is sent twice', async () => {
  server.state.quota_bytes = 10
  await expect(open().upload(file, 'x.dump')).rejects.toMatchObject({ kind: 'space', transient: false })
  expect(server.requests.filter(({ route }) => route === FINISH)).toHaveLength(1)
  server.state.quota_bytes = 1e9
  const before = uploadBytes()
  expect(await open().upload(file, 'x.dump')).toMatchObject({ outcome: 'resumed', bytes_sent: 0 })
  expect(uploadBytes()).toBe(before)
  await remoteIs(bytes)
})

test('a session that the server has forgotten is begun anew', async () => {
  server.faults.add({
    route: APPEND,
    skip: 5,
    times: 100,
    action: { kind: 'status', status: 500, body: 'oops' },
  })
  await expect(open().upload(file, 'x.dump')).rejects.toMatchObject({ kind: 'server' })
  server.faults.clear()
  for (const id of Object.keys(server.state.sessions)) delete server.state.sessions[id]
  expect(await open().upload(file, 'x.dump')).toMatchObject({ outcome: 'sent' })
  await remoteIs(bytes)
})

test('a session of other content under the same name is not continued', async () => {
  server.faults.add({
    route: APPEND,
    skip: 5,
    times: 100,
    action: { kind: 'status', status: 500, body: 'oops' },
  })
  await expect(open().upload(file, 'x.dump')).rejects.toMatchObject({ kind: 'server' })
  server.faults.clear()
  const changed = Buffer.from(bytes)
  changed[0] = (changed[0] ?? 0) ^ 1
  await writeFile(file, changed)
  expect(await open().upload(file, 'x.dump')).toMatchObject({ outcome: 'sent', bytes_sent: BYTES })
  await remoteIs(changed)
})

test('a session that is damaged on the server is detected by the hash that the finish reports', async () => {
  server.faults.add({ route: FINISH, action: { kind: 'slow', ms: 500 } })
  const uploading = open()
    .upload(file, 'x.dump')
    .catch((error: unknown) => error)
  while (uploadBytes() < BYTES) await new Promise((resolve) => setTimeout(resolve, 2))
  const [id = ''] = Object.keys(server.state.sessions)
  await writeFile(join(directory, 'server', 'sessions', id), randomBytes(BYTES))
  expect(await uploading).toMatchObject({ kind: 'damaged', message: expect.stringContaining('content hash') })
})

test('a stored bit that flips is detected by the download, which leaves no file', async () => {
  server.faults.add({ route: FINISH, action: { kind: 'flip-stored' } })
  await open().upload(file, 'x.dump')
  await expect(open().download('x.dump', join(directory, 'back'))).rejects.toMatchObject({
    kind: 'damaged',
    message: expect.stringContaining('damaged'),
  })
  expect(await readdir(directory)).not.toContain('back')
})

test('a download that is cut goes on, and its file is whole', async () => {
  await open().upload(file, 'x.dump')
  server.faults.add({ route: 'files/download', action: { kind: 'truncate', bytes: 1000 } })
  await remoteIs(bytes)
})
