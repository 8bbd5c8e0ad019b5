import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Dropbox, type DropboxResponseError } from 'dropbox'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { contentHash } from '../../core/dropbox-hash.ts'
import { type DropboxServer, startDropboxServer } from './server.ts'

let directory: string
let server: DropboxServer
let now: number

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'dropbox-server-'))
  now = Date.parse('2026-01-31T12:00:00Z')
  server = await startDropboxServer({ directory, now: () => now })
})
afterEach(async () => {
  await server.stop()
  await rm(directory, { recursive: true, force: true })
})

/** The package as it is, led to the server. */
const plain = (token = server.grant()): Dropbox =>
  new Dropbox({
    accessToken: token,
    fetch: (input: string, init: RequestInit) => {
      const url = new URL(input)
      return fetch(`${server.origin}/${url.host}${url.pathname}`, init)
    },
  })
const failure = async (
  call: Promise<unknown>,
): Promise<{ status: number; summary: string; error: Record<string, unknown> }> => {
  const thrown = await call.then(
    () => undefined,
    (error: DropboxResponseError<{ error_summary: string; error: Record<string, unknown> }>) => error,
  )
  if (thrown === undefined) throw new Error('the call succeeded')
  const body = thrown.error as unknown
  return typeof body === 'string'
    ? { status: thrown.status, summary: body, error: {} }
    : { status: thrown.status, summary: thrown.error.error_summary, error: thrown.error.error }
}
const session = async (dropbox: Dropbox, contents = Buffer.alloc(0)): Promise<string> =>
  (await dropbox.filesUploadSessionStart({ contents })).result.session_id

describe('sessions', () => {
  test('a wrong offset is answered with the right one, by append and by finish', async () => {
    const dropbox = plain()
    const session_id = await session(dropbox, Buffer.from('abc'))
    const cursor = { session_id, offset: 1 }
    expect(
      (await failure(dropbox.filesUploadSessionAppendV2({ cursor, contents: Buffer.from('d') }))).error,
    ).toEqual({
      '.tag': 'incorrect_offset',
      correct_offset: 3,
    })
    const finish = await failure(
      dropbox.filesUploadSessionFinish({ cursor, commit: { path: '/x' }, contents: Buffer.alloc(0) }),
    )
    expect(finish).toMatchObject({
      summary: 'lookup_failed/incorrect_offset/..',
      error: { lookup_failed: { correct_offset: 3 } },
    })
  })

  test('a closed session takes nothing more', async () => {
    const dropbox = plain()
    const session_id = await session(dropbox)
    await dropbox.filesUploadSessionAppendV2({
      cursor: { session_id, offset: 0 },
      close: true,
      contents: Buffer.from('x'),
    })
    const late = dropbox.filesUploadSessionAppendV2({
      cursor: { session_id, offset: 1 },
      contents: Buffer.from('y'),
    })
    expect(await failure(late)).toMatchObject({ summary: 'closed/..' })
  })

  test('after seven days a session is not found', async () => {
    const session_id = await session(plain())
    now += 7 * 86_400_000 + 1
    const late = plain().filesUploadSessionAppendV2({
      cursor: { session_id, offset: 0 },
      contents: Buffer.from('y'),
    })
    expect(await failure(late)).toMatchObject({ summary: 'not_found/..' })
  })

  test('a concurrent session takes whole blocks, and must be closed before it is finished', async () => {
    const dropbox = plain()
    const type = { session_type: { '.tag': 'concurrent' } } as const
    expect(
      await failure(dropbox.filesUploadSessionStart({ ...type, contents: Buffer.from('x') })),
    ).toMatchObject({
      summary: 'concurrent_session_data_not_allowed/..',
    })
    const { session_id } = (await dropbox.filesUploadSessionStart({ ...type, contents: Buffer.alloc(0) }))
      .result
    const odd = dropbox.filesUploadSessionAppendV2({
      cursor: { session_id, offset: 0 },
      contents: Buffer.from('x'),
    })
    expect(await failure(odd)).toMatchObject({ summary: 'concurrent_session_invalid_data_size/..' })
    const early = dropbox.filesUploadSessionFinish({
      cursor: { session_id, offset: 0 },
      commit: { path: '/x' },
      contents: Buffer.alloc(0),
    })
    expect(await failure(early)).toMatchObject({ summary: 'concurrent_session_not_closed/..' })
  })

  test('a body that does not have the stated content hash is refused', async () => {
    const dropbox = plain()
    const session_id = await session(dropbox)
    server.faults.add({ route: 'files/upload_session/append_v2', action: { kind: 'flip-received' } })
    const contents = Buffer.from('abc')
    const append = () =>
      dropbox.filesUploadSessionAppendV2({
        cursor: { session_id, offset: 0 },
        content_hash: contentHash(contents),
        contents,
      })
    expect(await failure(append())).toMatchObject({ summary: 'content_hash_mismatch/..' })
    await append()
  })
})

describe('commits', () => {
  const put = (path: string, text: string, more: object = {}) =>
    plain().filesUpload({ path, contents: Buffer.from(text), ...more })
  test('add conflicts with other content, whatever the case of the path', async () => {
    await put('/a', '1')
    expect(await failure(put('/A', '2'))).toMatchObject({ status: 409, summary: 'path/conflict/file/..' })
    expect(await failure(put('/a/b', '2'))).toMatchObject({
      status: 409,
      summary: 'path/conflict/file_ancestor/..',
    })
  })
  test('add of the same content is a success, but for strict_conflict', async () => {
    const first = await put('/a', '1')
    expect((await put('/a', '1')).result.rev).toBe(first.result.rev)
    expect(await failure(put('/a', '1', { strict_conflict: true }))).toMatchObject({
      summary: 'path/conflict/file/..',
    })
  })
  test('autorename takes another name, overwrite a new revision, update only a known revision', async () => {
    const first = await put('/a.txt', '1')
    expect((await put('/a.txt', '2', { autorename: true })).result.name).toBe('a (2).txt')
    const second = await put('/a.txt', '3', { mode: { '.tag': 'overwrite' } })
    expect(second.result.rev).not.toBe(first.result.rev)
    expect(second.result.id).toBe(first.result.id)
    expect(
      await failure(put('/a.txt', '4', { mode: { '.tag': 'update', update: first.result.rev } })),
    ).toMatchObject({
      summary: 'path/conflict/file/..',
    })
    expect(
      (await put('/a.txt', '4', { mode: { '.tag': 'update', update: second.result.rev } })).result.size,
    ).toBe(1)
  })
  test('a full account keeps the session', async () => {
    server.state.quota_bytes = 2
    const dropbox = plain()
    const session_id = await session(dropbox, Buffer.from('abc'))
    const finish = () =>
      dropbox.filesUploadSessionFinish({
        cursor: { session_id, offset: 3 },
        commit: { path: '/x' },
        contents: Buffer.alloc(0),
      })
    expect(await failure(finish())).toMatchObject({ summary: 'path/insufficient_space/..' })
    server.state.quota_bytes = 3
    expect((await finish()).result.size).toBe(3)
  })
})
