/**
 * The server, tested with another client than ours: it sends chunks again from the offset of the server, as
 * rclone does.
 */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { contentHash } from '../../core/dropbox-hash.ts'
import type { FaultAction } from './faults.ts'
import { type DropboxServer, startDropboxServer } from './server.ts'

const CHUNK = 10_000
const APPEND = 'upload_session/append_v2'

let directory: string
let server: DropboxServer
let token: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'other-client-'))
  server = await startDropboxServer({ directory })
  token = server.grant()
})
afterEach(async () => {
  await server.stop()
  await rm(directory, { recursive: true, force: true })
})

const post = (route: string, argument: object, body: Uint8Array<ArrayBuffer>): Promise<Response> =>
  fetch(`${server.origin}/content.dropboxapi.com/2/files/${route}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/octet-stream',
      'dropbox-api-arg': JSON.stringify(argument),
    },
    body,
  })

/**
 * One chunk, sent until it is there: after each failure the whole of it again, and past the part that the
 * server names as received.
 */
async function sendChunk(session_id: string, offset: number, chunk: Uint8Array<ArrayBuffer>): Promise<void> {
  for (let skip = 0, attempt = 1; attempt <= 5; attempt += 1) {
    const response = await post(
      APPEND,
      { cursor: { session_id, offset: offset + skip } },
      chunk.subarray(skip),
    ).catch(() => undefined)
    if (response?.status === 200) return
    if (response?.status !== 409) continue
    const { error } = (await response.json()) as { error: { correct_offset: number } }
    skip = error.correct_offset - offset
    if (skip === chunk.length) return
  }
  throw new Error('the chunk did not arrive')
}

test.each<[string, FaultAction]>([
  ['nothing befalls it', { kind: 'slow', ms: 1 }],
  ['a chunk is taken in part and the connection cut', { kind: 'cut-partly', commit_bytes: 1234 }],
  ['a chunk is taken whole and the reply lost', { kind: 'cut-after' }],
  ['the connection is cut before a chunk is taken', { kind: 'cut-before', after_bytes: 100 }],
])('a client that skips forward within a chunk arrives when %s', async (_what, action) => {
  const bytes = randomBytes(5 * CHUNK + 7)
  server.faults.add({ route: `files/${APPEND}`, skip: 2, action })
  const started = (await (await post('upload_session/start', {}, Buffer.alloc(0))).json()) as {
    session_id: string
  }
  for (let offset = 0; offset < bytes.length; offset += CHUNK)
    await sendChunk(started.session_id, offset, bytes.subarray(offset, offset + CHUNK))
  const finished = await post(
    'upload_session/finish',
    {
      cursor: { session_id: started.session_id, offset: bytes.length },
      commit: { path: '/x', mode: 'overwrite' },
    },
    Buffer.alloc(0),
  )
  expect(await finished.json()).toMatchObject({
    name: 'x',
    size: bytes.length,
    content_hash: contentHash(bytes),
  })
  const back = await post('download', { path: '/x' }, Buffer.alloc(0))
  expect(Buffer.from(await back.arrayBuffer()).equals(bytes)).toBe(true)
})
