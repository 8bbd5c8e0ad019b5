import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Dropbox, type DropboxResponseError } from 'dropbox'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { contentHash } from '../../dropbox/content-hash.ts'
import { type DropboxServer, type DropboxServerOptions, startDropboxServer } from './server.ts'

let directory: string
let server: DropboxServer
let now: number

const start = async (options: Partial<DropboxServerOptions> = {}): Promise<void> => {
  server = await startDropboxServer({ directory, now: () => now, ...options })
}
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'dropbox-server-'))
  now = Date.parse('2026-01-31T12:00:00Z')
  await start()
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
const raw = (path: string, init: RequestInit = {}, token = server.grant()): Promise<Response> =>
  fetch(`${server.origin}/${path}`, { method: 'POST', ...init, headers: { authorization: `Bearer ${token}`, ...init.headers } })
const failure = async (call: Promise<unknown>): Promise<{ status: number; summary: string; error: Record<string, unknown> }> => {
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

describe('the package as it is', () => {
  test('uploads by session and in one request, reads metadata, lists, downloads and deletes', async () => {
    const dropbox = plain()
    const bytes = Buffer.from('grüße\n'.repeat(1000))
    const session_id = await session(dropbox, bytes.subarray(0, 100))
    await dropbox.filesUploadSessionAppendV2({ cursor: { session_id, offset: 100 }, contents: bytes.subarray(100, 200) })
    const { result } = await dropbox.filesUploadSessionFinish({
      cursor: { session_id, offset: 200 },
      commit: { path: '/a/Übung.txt' },
      contents: bytes.subarray(200),
    })
    expect(result).toMatchObject({ name: 'Übung.txt', size: bytes.length, content_hash: contentHash(bytes), path_lower: '/a/übung.txt' })
    await dropbox.filesUpload({ path: '/a/b/c.bin', contents: Buffer.from('c') })
    expect((await dropbox.filesGetMetadata({ path: '/A/ÜBUNG.TXT' })).result).toMatchObject({ '.tag': 'file', rev: result.rev })
    const listed = await dropbox.filesListFolder({ path: '', recursive: true })
    expect(listed.result.entries.map((entry) => entry.path_display)).toEqual(['/a', '/a/b', '/a/b/c.bin', '/a/Übung.txt'])
    expect(bytes.equals((await dropbox.filesDownload({ path: '/a/Übung.txt' })).result.fileBinary ?? Buffer.alloc(0))).toBe(true)
    await dropbox.filesDeleteV2({ path: '/a' })
    expect(await failure(dropbox.filesGetMetadata({ path: '/a/b/c.bin' }))).toMatchObject({ status: 409, summary: 'path/not_found/..' })
  })

  test('lists in pages', async () => {
    const dropbox = plain()
    for (const name of ['1', '2', '3', '4', '5']) await dropbox.filesUpload({ path: `/${name}`, contents: Buffer.from(name) })
    let { result } = await dropbox.filesListFolder({ path: '', limit: 2 })
    const names = result.entries.map(({ name }) => name)
    while (result.has_more) {
      result = (await dropbox.filesListFolderContinue({ cursor: result.cursor })).result
      names.push(...result.entries.map(({ name }) => name))
    }
    expect(names).toEqual(['1', '2', '3', '4', '5'])
  })

  test('downloads a range, and states the metadata in a header of ASCII', async () => {
    await plain().filesUpload({ path: '/Ä', contents: Buffer.from('0123456789') })
    const response = await raw('content.dropboxapi.com/2/files/download', {
      headers: { 'dropbox-api-arg': '{"path":"/\\u00c4"}', range: 'bytes=3-5' },
    })
    expect([response.status, await response.text(), response.headers.get('content-range')]).toEqual([206, '345', 'bytes 3-5/10'])
    expect(response.headers.get('dropbox-api-result')).toContain('\\u00c4')
  })
})

describe('tokens', () => {
  test('a missing, unknown, expired or revoked bearer is refused by its tag', async () => {
    const token = server.grant()
    expect(await failure(plain('nobody').usersGetCurrentAccount())).toMatchObject({ status: 401, summary: 'invalid_access_token/..' })
    now += 14_400_001
    expect(await failure(plain(token).usersGetCurrentAccount())).toMatchObject({ status: 401, summary: 'expired_access_token/..' })
    const next = server.grant()
    server.faults.add({ action: { kind: 'revoke-grant' } })
    expect(await failure(plain(next).usersGetCurrentAccount())).toMatchObject({ status: 401, summary: 'invalid_access_token/..' })
    expect(() => server.grant()).toThrow()
  })

  test.each([
    ['account_info.read', (dropbox: Dropbox) => dropbox.usersGetSpaceUsage()],
    ['files.metadata.read', (dropbox: Dropbox) => dropbox.filesListFolder({ path: '' })],
    ['files.content.read', (dropbox: Dropbox) => dropbox.filesDownload({ path: '/x' })],
    ['files.content.write', (dropbox: Dropbox) => dropbox.filesUpload({ path: '/x', contents: Buffer.from('x') })],
  ] as const)('a token without %s is told so', async (scope, call) => {
    const others = ['account_info.read', 'files.metadata.read', 'files.content.read', 'files.content.write'].filter(
      (each) => each !== scope,
    )
    expect(await failure(call(plain(server.grant(others))))).toMatchObject({
      status: 401,
      error: { '.tag': 'missing_scope', required_scope: scope },
    })
  })

  test.each([
    ['a wrong grant type', { grant_type: 'password' }, '', 'unsupported_grant_type'],
    ['an unknown app', { client_id: 'x' }, '', 'invalid_client'],
    ['a wrong secret', { client_secret: 'x' }, '', 'invalid_client'],
    ['an unknown refresh token', { refresh_token: 'x' }, '', 'invalid_grant'],
    ['a secret in the URL', {}, '?client_secret=x', 'invalid_request'],
  ])('the token endpoint refuses %s', async (_what, change, query, error) => {
    const { app_key, refresh_token } = server.credentials
    const body = new URLSearchParams({ grant_type: 'refresh_token', client_id: app_key, refresh_token, ...change })
    const response = await fetch(`${server.origin}/api.dropboxapi.com/oauth2/token${query}`, { method: 'POST', body })
    expect([response.status, ((await response.json()) as { error: string }).error]).toEqual([400, error])
  })
})

describe('strictness', () => {
  const upload = 'content.dropboxapi.com/2/files/upload'
  const octets = { 'content-type': 'application/octet-stream' }
  test.each([
    ['an unknown field', upload, { ...octets, 'dropbox-api-arg': '{"path":"/x","colour":1}' }, 400],
    ['a missing argument', upload, octets, 400],
    ['an argument that is not JSON', upload, { ...octets, 'dropbox-api-arg': '{' }, 400],
    ['an argument above ASCII', upload, { ...octets, 'dropbox-api-arg': '{"path":"/\u00e4"}' }, 400],
    ['another content type', upload, { 'content-type': 'text/html', 'dropbox-api-arg': '{"path":"/x"}' }, 400],
    ['a path without a slash', upload, { ...octets, 'dropbox-api-arg': '{"path":"x"}' }, 400],
    ['a content route at the host for calls', 'api.dropboxapi.com/2/files/upload', { ...octets, 'dropbox-api-arg': '{"path":"/x"}' }, 404],
    ['an unknown route', 'api.dropboxapi.com/2/files/burn', {}, 404],
  ])('%s is refused with plain text', async (_what, path, headers, status) => {
    const response = await raw(path, { headers, body: 'x' })
    expect(response.status).toBe(status)
    expect(response.headers.get('content-type')).toMatch(/^text\/plain/)
  })

  test('a request above 150 MiB is refused', async () => {
    const response = await raw(upload, {
      headers: { ...octets, 'dropbox-api-arg': '{"path":"/x"}' },
      body: Buffer.alloc(150 * 1024 * 1024 + 1),
    }).catch(() => undefined)
    expect(response?.status ?? 413).toBe(413)
    expect(Object.keys(server.state.files)).toEqual([])
  })
})

describe('sessions', () => {
  test('a wrong offset is answered with the right one, by append and by finish', async () => {
    const dropbox = plain()
    const session_id = await session(dropbox, Buffer.from('abc'))
    const cursor = { session_id, offset: 1 }
    expect((await failure(dropbox.filesUploadSessionAppendV2({ cursor, contents: Buffer.from('d') }))).error).toEqual({
      '.tag': 'incorrect_offset',
      correct_offset: 3,
    })
    const finish = await failure(dropbox.filesUploadSessionFinish({ cursor, commit: { path: '/x' }, contents: Buffer.alloc(0) }))
    expect(finish).toMatchObject({ summary: 'lookup_failed/incorrect_offset/..', error: { lookup_failed: { correct_offset: 3 } } })
  })

  test('a closed session takes nothing more', async () => {
    const dropbox = plain()
    const session_id = await session(dropbox)
    await dropbox.filesUploadSessionAppendV2({ cursor: { session_id, offset: 0 }, close: true, contents: Buffer.from('x') })
    const late = dropbox.filesUploadSessionAppendV2({ cursor: { session_id, offset: 1 }, contents: Buffer.from('y') })
    expect(await failure(late)).toMatchObject({ summary: 'closed/..' })
  })

  test('after seven days a session is not found', async () => {
    const session_id = await session(plain())
    now += 7 * 86_400_000 + 1
    const late = plain().filesUploadSessionAppendV2({ cursor: { session_id, offset: 0 }, contents: Buffer.from('y') })
    expect(await failure(late)).toMatchObject({ summary: 'not_found/..' })
  })

  test('a concurrent session takes whole blocks, and must be closed before it is finished', async () => {
    const dropbox = plain()
    const type = { session_type: { '.tag': 'concurrent' } } as const
    expect(await failure(dropbox.filesUploadSessionStart({ ...type, contents: Buffer.from('x') }))).toMatchObject({
      summary: 'concurrent_session_data_not_allowed/..',
    })
    const { session_id } = (await dropbox.filesUploadSessionStart({ ...type, contents: Buffer.alloc(0) })).result
    const odd = dropbox.filesUploadSessionAppendV2({ cursor: { session_id, offset: 0 }, contents: Buffer.from('x') })
    expect(await failure(odd)).toMatchObject({ summary: 'concurrent_session_invalid_data_size/..' })
    const early = dropbox.filesUploadSessionFinish({ cursor: { session_id, offset: 0 }, commit: { path: '/x' }, contents: Buffer.alloc(0) })
    expect(await failure(early)).toMatchObject({ summary: 'concurrent_session_not_closed/..' })
  })

  test('a body that does not have the stated content hash is refused', async () => {
    const dropbox = plain()
    const session_id = await session(dropbox)
    server.faults.add({ route: 'files/upload_session/append_v2', action: { kind: 'flip-received' } })
    const contents = Buffer.from('abc')
    const append = () =>
      dropbox.filesUploadSessionAppendV2({ cursor: { session_id, offset: 0 }, content_hash: contentHash(contents), contents })
    expect(await failure(append())).toMatchObject({ summary: 'content_hash_mismatch/..' })
    await append()
  })
})

describe('commits', () => {
  const put = (path: string, text: string, more: object = {}) => plain().filesUpload({ path, contents: Buffer.from(text), ...more })
  test('add conflicts with other content, whatever the case of the path', async () => {
    await put('/a', '1')
    expect(await failure(put('/A', '2'))).toMatchObject({ status: 409, summary: 'path/conflict/file/..' })
    expect(await failure(put('/a/b', '2'))).toMatchObject({ status: 409, summary: 'path/conflict/file_ancestor/..' })
  })
  test('add of the same content is a success, but for strict_conflict', async () => {
    const first = await put('/a', '1')
    expect((await put('/a', '1')).result.rev).toBe(first.result.rev)
    expect(await failure(put('/a', '1', { strict_conflict: true }))).toMatchObject({ summary: 'path/conflict/file/..' })
  })
  test('autorename takes another name, overwrite a new revision, update only of the revision it knows', async () => {
    const first = await put('/a.txt', '1')
    expect((await put('/a.txt', '2', { autorename: true })).result.name).toBe('a (1).txt')
    const second = await put('/a.txt', '3', { mode: { '.tag': 'overwrite' } })
    expect(second.result.rev).not.toBe(first.result.rev)
    expect(second.result.id).toBe(first.result.id)
    expect(await failure(put('/a.txt', '4', { mode: { '.tag': 'update', update: first.result.rev } }))).toMatchObject({
      summary: 'path/conflict/file/..',
    })
    expect((await put('/a.txt', '4', { mode: { '.tag': 'update', update: second.result.rev } })).result.size).toBe(1)
  })
  test('a full account keeps the session', async () => {
    server.state.quota_bytes = 2
    const dropbox = plain()
    const session_id = await session(dropbox, Buffer.from('abc'))
    const finish = () =>
      dropbox.filesUploadSessionFinish({ cursor: { session_id, offset: 3 }, commit: { path: '/x' }, contents: Buffer.alloc(0) })
    expect(await failure(finish())).toMatchObject({ summary: 'path/insufficient_space/..' })
    server.state.quota_bytes = 3
    expect((await finish()).result.size).toBe(3)
  })
})

describe('limits and state', () => {
  test.each(['json', 'text'] as const)('who comes back before Retry-After (%s) waits anew', async (as) => {
    server.faults.add({ action: { kind: 'throttle', retry_after_s: 10, as } })
    const dropbox = plain()
    expect((await failure(dropbox.usersGetSpaceUsage())).status).toBe(429)
    now += 9_000
    expect((await failure(dropbox.usersGetSpaceUsage())).status).toBe(429)
    now += 9_000
    expect((await failure(dropbox.usersGetSpaceUsage())).status).toBe(429)
    expect(server.earlyRetries()).toBe(2)
    now += 10_000
    expect((await dropbox.usersGetSpaceUsage()).status).toBe(200)
  })

  test('files and open sessions outlive the server', async () => {
    const session_id = await session(plain(), Buffer.from('abc'))
    await plain().filesUpload({ path: '/kept', contents: Buffer.from('kept') })
    const { credentials } = server
    await server.stop()
    await start()
    expect(server.credentials).toEqual(credentials)
    expect((await plain().filesDownload({ path: '/kept' })).result.fileBinary?.toString()).toBe('kept')
    await plain().filesUploadSessionFinish({ cursor: { session_id, offset: 3 }, commit: { path: '/late' }, contents: Buffer.from('d') })
    expect((await plain().filesDownload({ path: '/late' })).result.fileBinary?.toString()).toBe('abcd')
  })

  test('the request log holds no token and no secret', async () => {
    const token = server.grant()
    await plain(token).usersGetCurrentAccount()
    const { app_key, app_secret, refresh_token } = server.credentials
    const body = new URLSearchParams({ grant_type: 'refresh_token', client_id: app_key, client_secret: app_secret, refresh_token })
    await fetch(`${server.origin}/api.dropboxapi.com/oauth2/token`, { method: 'POST', body })
    const log = await readFile(join(directory, 'requests.jsonl'), 'utf8')
    expect(log).toContain('oauth2/token')
    for (const secret of [token, app_secret, refresh_token]) expect(log).not.toContain(secret)
  })
})
