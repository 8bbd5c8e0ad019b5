import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { redact } from '../core/redact.ts'
import type { FaultAction } from '../simulator/dropbox/faults.ts'
import type { DropboxServer } from '../simulator/dropbox/server.ts'
import { type OwnDropbox, ownDropbox } from '../testing/dropbox-server.ts'
import type { RemoteError } from './errors.ts'

let directory: string
let server: DropboxServer
let open: OwnDropbox['open']
beforeEach(async () => {
  ;({ directory, server, open } = await ownDropbox({ attempts_max: 3 }))
})
afterEach(() => server.stop())

const refreshes = (): number => server.requests.filter(({ route }) => route === 'oauth2/token').length
const errorOf = (call: Promise<unknown>): Promise<RemoteError> =>
  call.then(
    () => expect.fail('the call succeeded'),
    (error: RemoteError) => error,
  )

describe('tokens', () => {
  test('five calls at once refresh once', async () => {
    const store = open()
    await Promise.all([store.list(), store.list(), store.list(), store.list(), store.list()])
    expect(refreshes()).toBe(1)
  })

  test('five calls whose token has expired refresh once more', async () => {
    const store = open()
    await store.list()
    for (const token of Object.values(server.state.access_tokens)) token.expires_at_ms = 0
    await Promise.all([store.list(), store.list(), store.list(), store.list(), store.list()])
    expect(refreshes()).toBe(2)
  })

  test('a grant by PKCE needs no secret', async () => {
    const { app_key, refresh_token } = server.credentials
    const error = await errorOf(open({ credentials: { app_key, refresh_token } }).list())
    expect(error.message, 'one that was made with the secret does').toContain(
      'and DROPBOX_APP_SECRET where the grant was made with it',
    )
    const grant = server.state.refresh_tokens[refresh_token]
    if (grant !== undefined) grant.is_pkce = true
    expect(await open({ credentials: { app_key, refresh_token } }).list()).toEqual([])
  })

  test('a failing token endpoint is tried again', async () => {
    server.faults.add({
      route: 'oauth2/token',
      times: 2,
      action: { kind: 'status', status: 503, body: 'oops' },
    })
    expect(await open().list()).toEqual([])
    expect(refreshes()).toBe(3)
  })

  test.each(['json', 'text'] as const)(
    'a throttled token endpoint (%s) is not asked again before Retry-After',
    async (as) => {
      server.faults.add({ route: 'oauth2/token', action: { kind: 'throttle', retry_after_s: 1, as } })
      expect(await open().list()).toEqual([])
      expect([server.earlyRetries(), refreshes()]).toEqual([0, 2])
    },
  )

  test('a token endpoint that stays broken is given up and reported', async () => {
    server.faults.add({
      route: 'oauth2/token',
      times: 9,
      action: { kind: 'status', status: 503, body: 'oops' },
    })
    expect(await errorOf(open().list())).toMatchObject({
      kind: 'server',
      transient: true,
      message: expect.stringContaining('HTTP 503'),
    })
  })

  test('a revoked grant stops at once, and says what to do', async () => {
    const store = open()
    await store.list()
    server.faults.add({ action: { kind: 'revoke-grant' } })
    const error = await errorOf(store.list())
    expect(error).toMatchObject({ kind: 'auth', transient: false })
    expect(error.message).toMatch(/invalid_grant.*Link the app again/)
  })

  test('an access token alone that has expired says that such tokens are short-lived', async () => {
    const access_token = server.grant()
    for (const token of Object.values(server.state.access_tokens)) token.expires_at_ms = 0
    const error = await errorOf(open({ credentials: { access_token } }).list())
    expect(error).toMatchObject({ kind: 'auth' })
    expect(error.message).toContain('DROPBOX_REFRESH_TOKEN')
  })
})

describe('the check before a run', () => {
  test('names the account, the scopes and the free space, and changes nothing', async () => {
    expect(await open().check(1000)).toEqual({
      account: 'REHEARSAL <rehearsal@localhost>',
      scopes: ['account_info.read', 'files.metadata.read', 'files.content.read', 'files.content.write'],
      bytes_used: 0,
      bytes_allocated: 2 ** 41,
    })
    expect(server.state.files).toEqual({})
  })

  test.each(['account_info.read', 'files.metadata.read', 'files.content.read', 'files.content.write'])(
    'a missing %s is named',
    async (missing) => {
      const scopes = [
        'account_info.read',
        'files.metadata.read',
        'files.content.read',
        'files.content.write',
      ].filter((scope) => scope !== missing)
      const error = await errorOf(open({ credentials: { access_token: server.grant(scopes) } }).check())
      expect(error).toMatchObject({ kind: 'scope', transient: false })
      expect(error.message).toContain(missing)
    },
  )

  test('too little free space is named in bytes', async () => {
    server.state.quota_bytes = 99
    const error = await errorOf(open().check(100))
    expect(error).toMatchObject({ kind: 'space' })
    expect(error.message).toContain('99 bytes left; 100 are needed')
  })
})

test('files are listed across pages, downloaded, removed, and removed again', async () => {
  const file = join(directory, 'f')
  for (const name of ['b/2', 'a/1', '3']) {
    await writeFile(file, name)
    await open().upload(file, name)
  }
  expect((await open().list()).map(({ name }) => name)).toEqual(['3', 'a/1', 'b/2'])
  expect((await open().list('a')).map(({ name }) => name)).toEqual(['a/1'])
  expect(await open().list('nowhere')).toEqual([])
  await open().download('a/1', join(directory, 'g'))
  expect(await readFile(join(directory, 'g'), 'utf8')).toBe('a/1')
  await open().remove('a/1')
  await open().remove('a/1')
  expect(await errorOf(open().download('a/1', join(directory, 'h')))).toMatchObject({ kind: 'not_found' })
})

test.each(['../x', 'a/../../x', '.hidden', 'a//b', '', 'CON.', 'a\\b', 'ä'])(
  '"%s" is not a name for a remote file',
  async (name) => {
    await expect(open().remove(name)).rejects.toThrow(TypeError)
    expect(server.requests).toEqual([])
  },
)

test('no other host than loopback takes the place of Dropbox', () => {
  for (const origin of ['http://example.com', 'http://127.0.0.1.example.com', 'http://169.254.169.254'])
    expect(() => open({ origin })).toThrow(/loopback/)
})

describe('no secret leaves', () => {
  const faults: [string, FaultAction][] = [
    ['a server error', { kind: 'status', status: 500, body: 'oops' }],
    ['a cut connection', { kind: 'cut-before' }],
    ['a revoked grant', { kind: 'revoke-grant' }],
    ['an answer that repeats the token', { kind: 'status', status: 400, body: 'TOKEN is no good token' }],
  ]
  test.each(faults)(
    'in the error of %s, in the request log, or in the store when it is printed',
    async (_what, action) => {
      const access_token = server.grant()
      const store = open({ credentials: { ...server.credentials, access_token } })
      server.faults.add({
        times: 50,
        action: JSON.parse(JSON.stringify(action).replace('TOKEN', access_token)) as FaultAction,
      })
      const error = await errorOf(store.list())
      const log = await readFile(join(directory, 'server', 'requests.jsonl'), 'utf8')
      const outputs = [
        error.message,
        inspect(error, { depth: 10 }),
        JSON.stringify(error),
        inspect(store, { depth: 10 }),
        JSON.stringify(store),
        log,
      ].map(redact)
      const { app_secret, refresh_token } = server.credentials
      const raw = [error.message, inspect(error, { depth: 10 }), log].join('\n')
      for (const secret of [access_token, app_secret, refresh_token]) {
        expect(raw).not.toContain(secret)
        for (const output of outputs) expect(output).not.toContain(secret)
      }
    },
  )
})
