import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Dropbox, type DropboxResponseError } from 'dropbox'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { contentHash } from '../../core/dropbox-hash.ts'
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
  fetch(`${server.origin}/${path}`, {
    method: 'POST',
    ...init,
    headers: { authorization: `Bearer ${token}`, ...init.headers },
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

describe('the package as it is', () => {
  test('uploads by session and in one request, reads metadata, lists, downloads and deletes', async () => {
    const dropbox = plain()
    const bytes = Buffer.from('grüße\n'.repeat(1000))
    const session_id = await session(dropbox, bytes.subarray(0, 100))
    await dropbox.filesUploadSessionAppendV2({
      cursor: { session_id, offset: 100 },
      contents: bytes.subarray(100, 200),
    })
    const { result } = await dropbox.filesUploadSessionFinish({
      cursor: { session_id, offset: 200 },
      commit: { path: '/a/Übung.txt' },
      contents: bytes.subarray(200),
    })
    expect(result).toMatchObject({
      name: 'Übung.txt',
      size: bytes.length,
      content_hash: contentHash(bytes),
      path_lower: '/a/übung.txt',
    })
    await dropbox.filesUpload({ path: '/a/b/c.bin', contents: Buffer.from('c') })
    expect((await dropbox.filesGetMetadata({ path: '/A/ÜBUNG.TXT' })).result).toMatchObject({
      '.tag': 'file',
      rev: result.rev,
    })
    const listed = await dropbox.filesListFolder({ path: '', recursive: true })
    expect(listed.result.entries.map((entry) => entry.path_display)).toEqual([
      '/a',
      '/a/b',
      '/a/b/c.bin',
      '/a/Übung.txt',
    ])
    expect(
      bytes.equals(
        (await dropbox.filesDownload({ path: '/a/Übung.txt' })).result.fileBinary ?? Buffer.alloc(0),
      ),
    ).toBe(true)
    await dropbox.filesDeleteV2({ path: '/a' })
    expect(await failure(dropbox.filesGetMetadata({ path: '/a/b/c.bin' }))).toMatchObject({
      status: 409,
      summary: 'path/not_found/..',
    })
  })

  test('lists in pages', async () => {
    const dropbox = plain()
    for (const name of ['1', '2', '3', '4', '5'])
      await dropbox.filesUpload({ path: `/${name}`, contents: Buffer.from(name) })
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
    expect([response.status, await response.text(), response.headers.get('content-range')]).toEqual([
      206,
      '345',
      'bytes 3-5/10',
    ])
    expect(response.headers.get('dropbox-api-result')).toContain('\\u00c4')
  })
})

describe('tokens', () => {
  test('a missing, unknown, expired or revoked bearer is refused by its tag', async () => {
    const token = server.grant()
    expect(await failure(plain('nobody').usersGetCurrentAccount())).toMatchObject({
      status: 401,
      summary: 'invalid_access_token/..',
    })
    now += 14_400_001
    expect(await failure(plain(token).usersGetCurrentAccount())).toMatchObject({
      status: 401,
      summary: 'expired_access_token/..',
    })
    const next = server.grant()
    server.faults.add({ action: { kind: 'revoke-grant' } })
    expect(await failure(plain(next).usersGetCurrentAccount())).toMatchObject({
      status: 401,
      summary: 'invalid_access_token/..',
    })
    expect(() => server.grant()).toThrow()
  })

  test.each([
    ['account_info.read', (dropbox: Dropbox) => dropbox.usersGetSpaceUsage()],
    ['files.metadata.read', (dropbox: Dropbox) => dropbox.filesListFolder({ path: '' })],
    ['files.content.read', (dropbox: Dropbox) => dropbox.filesDownload({ path: '/x' })],
    [
      'files.content.write',
      (dropbox: Dropbox) => dropbox.filesUpload({ path: '/x', contents: Buffer.from('x') }),
    ],
  ] as const)('a token without %s is told so', async (scope, call) => {
    const others = [
      'account_info.read',
      'files.metadata.read',
      'files.content.read',
      'files.content.write',
    ].filter((each) => each !== scope)
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
    const body = new URLSearchParams({
      grant_type: 'refresh_token',
      client_id: app_key,
      refresh_token,
      ...change,
    })
    const response = await fetch(`${server.origin}/api.dropboxapi.com/oauth2/token${query}`, {
      method: 'POST',
      body,
    })
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
    [
      'another content type',
      upload,
      { 'content-type': 'text/html', 'dropbox-api-arg': '{"path":"/x"}' },
      400,
    ],
    ['a path without a slash', upload, { ...octets, 'dropbox-api-arg': '{"path":"x"}' }, 400],
    [
      'a content route at the host for calls',
      'api.dropboxapi.com/2/files/upload',
      { ...octets, 'dropbox-api-arg': '{"path":"/x"}' },
      404,
    ],
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

describe('limits and state', () => {
  test.each(['json', 'text'] as const)(
    'a request that is repeated before Retry-After (%s) must wait again',
    async (as) => {
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
    },
  )

  test('files and open sessions outlive the server', async () => {
    const session_id = await session(plain(), Buffer.from('abc'))
    await plain().filesUpload({ path: '/kept', contents: Buffer.from('kept') })
    const { credentials } = server
    await server.stop()
    await start()
    expect(server.credentials).toEqual(credentials)
    expect((await plain().filesDownload({ path: '/kept' })).result.fileBinary?.toString()).toBe('kept')
    await plain().filesUploadSessionFinish({
      cursor: { session_id, offset: 3 },
      commit: { path: '/late' },
      contents: Buffer.from('d'),
    })
    expect((await plain().filesDownload({ path: '/late' })).result.fileBinary?.toString()).toBe('abcd')
  })

  test('the request log holds no token and no secret', async () => {
    const token = server.grant()
    await plain(token).usersGetCurrentAccount()
    const { app_key, app_secret, refresh_token } = server.credentials
    const body = new URLSearchParams({
      grant_type: 'refresh_token',
      client_id: app_key,
      client_secret: app_secret,
      refresh_token,
    })
    await fetch(`${server.origin}/api.dropboxapi.com/oauth2/token`, { method: 'POST', body })
    const log = await readFile(join(directory, 'requests.jsonl'), 'utf8')
    expect(log).toContain('oauth2/token')
    for (const secret of [token, app_secret, refresh_token]) expect(log).not.toContain(secret)
  })
})
