import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, open, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { hashFile } from '../core/file-hash.ts'
import type { FaultAction } from '../simulator/dropbox/faults.ts'
import { type DropboxServer, startDropboxServer } from '../simulator/dropbox/server.ts'
import type { UploadedFile } from './store.ts'
import { CHUNK_BYTES } from './upload.ts'

const BYTES = 300_000_000
const CUTS = 20
const APPEND = 'files/upload_session/append_v2'

let directory: string
let server: DropboxServer
let file: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'upload-large-'))
  server = await startDropboxServer({ directory: join(directory, 'server') })
  file = join(directory, 'large.dump')
  const handle = await open(file, 'w')
  for (let left = BYTES; left > 0; left -= 10_000_000) await handle.write(randomBytes(10_000_000))
  await handle.close()
})
afterAll(async () => {
  await server.stop()
  await rm(directory, { recursive: true, force: true })
})

const received = (): number =>
  server.requests
    .filter(({ route }) => route === APPEND)
    .reduce((sum, { bytes_received }) => sum + bytes_received, 0)
const start = () =>
  execa(process.execPath, [join(import.meta.dirname, 'upload-process.ts'), file, 'large.dump'], {
    reject: false,
    input: JSON.stringify({
      credentials: server.credentials,
      origin: server.origin,
      folder: '/backups',
      state_directory: join(directory, 'uploads'),
      delay_ms: 5,
    }),
  })

/** The same random points every time: a test that fails must fail again. */
function* points(seed: string): Generator<number> {
  for (let count = 0; ; count += 1)
    yield createHash('sha256').update(`${seed} ${count}`).digest().readUInt32BE() / 2 ** 32
}
const random = points('cuts')
const next = (below: number): number => Math.floor((random.next().value as number) * below)

test('300 MB, 20 cuts, 2 kills: one remote file, equal hash, at most one chunk resent a fault', async () => {
  const appends = new Set<number>()
  while (appends.size < CUTS) appends.add(next(34))
  for (const skip of appends) {
    const bytes = 1 + next(CHUNK_BYTES - 1)
    const kinds: FaultAction[] = [
      { kind: 'cut-before', after_bytes: bytes },
      { kind: 'cut-partly', commit_bytes: bytes },
      { kind: 'cut-after' },
    ]
    server.faults.add({ route: APPEND, skip, action: kinds[next(kinds.length)] ?? { kind: 'cut-after' } })
  }

  for (const bytes of [0.3 * BYTES, 0.7 * BYTES]) {
    const child = start()
    let hasEnded = false
    void child.finally(() => {
      hasEnded = true
    })
    while (server.bytesReceived() < bytes && !hasEnded) await sleep(1)
    expect(child.kill('SIGKILL'), 'the process still ran').toBe(true)
    await child
  }
  const last = await start()
  expect(last.stderr).toBe('')
  const uploaded = JSON.parse(last.stdout) as UploadedFile

  const { content_hash, bytes } = await hashFile(file)
  expect(uploaded).toMatchObject({ outcome: 'resumed', content_hash, bytes })
  expect(Object.keys(server.state.files)).toEqual(['/backups/large.dump'])
  expect(await readdir(join(directory, 'server', 'blobs'))).toHaveLength(1)
  const blob = Object.values(server.state.files)[0]?.blob ?? ''
  expect((await hashFile(join(directory, 'server', 'blobs', blob))).content_hash).toBe(content_hash)

  const cuts = server.requests.filter(({ fault }) => fault !== null)
  expect(cuts).toHaveLength(CUTS)
  expect(received() - BYTES).toBeLessThanOrEqual((CUTS + 2) * CHUNK_BYTES)
  // And tighter: nothing was sent again but what a broken request had not brought in.
  const lost = server.requests.filter(
    ({ route, status, fault }) => route === APPEND && status === 'cut' && fault !== 'cut-after',
  )
  expect(received() - BYTES).toBeLessThanOrEqual(
    lost.reduce((sum, { bytes_received }) => sum + bytes_received, 0),
  )
  expect(received()).toBeGreaterThanOrEqual(BYTES)
})
