import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { silentLog } from '../../helpers/log.ts'
import { forgetSecrets, registerSecret } from '../../helpers/redact.ts'
import { openArchive } from '../archive/archive.ts'
import { type ClientOptions, type HttpClient, openClient } from './client.ts'
import { memoryLedger } from './ledger.ts'
import type { HttpProfile } from './profile.ts'
import { json, serve, type TestServer } from './testing/server.ts'

const OFFICIAL = 'https://data.example.com'
const profile: HttpProfile = {
  provider: 'example',
  adapter_version: '1',
  origins: [OFFICIAL],
  limits: [{ requests_max: 1000, window_ms: 1000 }],
  headers: {},
  concurrency_max: 4,
}
let directory: string
let server: TestServer
let ledger: ReturnType<typeof memoryLedger>
const clients: HttpClient[] = []
const never = new AbortController().signal

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'client-'))
  ledger = memoryLedger()
})
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close()
  await server?.close()
  await rm(directory, { recursive: true, force: true })
  forgetSecrets()
})

async function clientOf(
  answer: Parameters<typeof serve>[0],
  options: Partial<ClientOptions> = {},
  own: Partial<HttpProfile> = {},
): Promise<HttpClient> {
  server = await serve(answer)
  const archive = openArchive(directory)
  const client = openClient(
    { ...profile, ...own },
    { ledger, archive, log: silentLog(), mode: 'live', override_origin: server.origin, ...options },
  )
  clients.push(client)
  return client
}
const ask = (client: HttpClient, path = '/a?x=1', signal = never) => client.fetch({ url: `${OFFICIAL}${path}`, expects: 'json' }, signal)
const classes = (): unknown[] => ledger.entries.map(({ settlement }) => settlement?.outcome)

test('an answer is parsed with its numbers as text, archived, and written down', async () => {
  const client = await clientOf((_, response) => json(response, '{"price":1.10}'))
  const answer = await ask(client)
  expect(answer).toMatchObject({ outcome: 'ok', json: { price: '1.10' }, is_archived: false, url: `${OFFICIAL}/a?x=1` })
  expect(server.asked[0]?.headers.host).toBe('data.example.com')
  expect(ledger.entries).toMatchObject([{ attempt: 1, settlement: { outcome: 'ok', http_status: 200, archive_sha256: answer.sha256 } }])
})

test('gzip is unpacked; the hash is that of the body itself', async () => {
  const client = await clientOf((_, response) => {
    const body = gzipSync('{"a":1}')
    response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': String(body.length) }).end(body)
  })
  expect((await ask(client)).body.toString()).toBe('{"a":1}')
})

test('a replay answers with zero requests; a question that was never asked is named', async () => {
  const live = await clientOf((_, response) => json(response, { a: 1 }))
  const first = await ask(live)
  const replay = openClient(profile, { ledger, archive: openArchive(directory), log: silentLog(), mode: 'replay' })
  clients.push(replay)
  expect(await ask(replay)).toMatchObject({ sha256: first.sha256, is_archived: true, json: { a: '1' } })
  await expect(ask(replay, '/other')).rejects.toMatchObject({ error_class: 'internal', message: expect.stringContaining('/other') })
  expect(server.asked).toHaveLength(1)
  expect(ledger.entries).toHaveLength(1)
})

test('a question with a moment in it is found again on another day', async () => {
  const live = await clientOf((_, response) => json(response, { a: 1 }))
  const question = (end: string) => ({ url: `${OFFICIAL}/a?end=${end}`, expects: 'json' as const, volatile_parameters: ['end'] })
  await live.fetch(question('2026-01-01'), never)
  const replay = openClient(profile, { ledger, archive: openArchive(directory), log: silentLog(), mode: 'replay' })
  clients.push(replay)
  expect(await replay.fetch(question('2027-12-31'), never)).toMatchObject({ is_archived: true })
})

test('an answer fetched since the given moment is not fetched again; an older one is', async () => {
  const since = new Date().toISOString()
  const client = await clientOf((_, response) => json(response, { a: 1 }), { reuse_since_at: since })
  await ask(client)
  expect(await ask(client)).toMatchObject({ is_archived: true })
  const later = openClient(profile, {
    ledger,
    archive: openArchive(directory),
    log: silentLog(),
    mode: 'live',
    override_origin: server.origin,
    reuse_since_at: new Date(Date.now() + 1000).toISOString(),
  })
  clients.push(later)
  expect(await ask(later)).toMatchObject({ is_archived: false })
})

for (const [name, header, least_ms] of [
  ['seconds', () => '1', 1000],
  ['an HTTP date', () => new Date(Date.now() + 2000).toUTCString(), 900],
] as const) {
  test(`told 429 with Retry-After in ${name}, every request of the account waits as told`, async () => {
    const client = await clientOf((_, response, count) =>
      count === 1 ? json(response, {}, 429, { 'retry-after': header() }) : json(response, {}),
    )
    await ask(client)
    await ask(client, '/b')
    const [first, second] = server.asked
    expect((second?.at_ms ?? 0) - (first?.at_ms ?? 0)).toBeGreaterThanOrEqual(least_ms - 5)
    expect(classes()).toEqual(['throttled', 'ok', 'ok'])
  })
}

test('told 429 without Retry-After, it backs off and tries again', async () => {
  const client = await clientOf((_, response, count) => (count <= 2 ? json(response, {}, 429) : json(response, {})))
  expect(await ask(client)).toMatchObject({ outcome: 'ok' })
  expect(classes()).toEqual(['throttled', 'throttled', 'ok'])
})

test('a wait that is too long to wait becomes an error that names the time', async () => {
  const client = await clientOf((_, response) => json(response, {}, 429, { 'retry-after': '3600' }), { wait_max_ms: 1000 })
  await expect(ask(client)).rejects.toMatchObject({ error_class: 'throttled', next_try_at: expect.stringMatching(/^\d{4}-/) })
  await expect(ask(client)).rejects.toMatchObject({ error_class: 'throttled' })
  expect(server.asked).toHaveLength(1)
})

test('retries are bounded', async () => {
  const client = await clientOf((_, response) => json(response, {}, 503), { attempts_max: 2 })
  await expect(ask(client)).rejects.toMatchObject({ error_class: 'transient', http_status: 503 })
  expect(server.asked).toHaveLength(2)
})

test('a refusal of the question itself is not repeated', async () => {
  const client = await clientOf((_, response) => json(response, { message: 'limit is too large' }, 400))
  await expect(ask(client)).rejects.toMatchObject({ error_class: 'malformed' })
  expect(server.asked).toHaveLength(1)
})

test('a body cut by the server is truncated, tried again, and never archived', async () => {
  const client = await clientOf(
    (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
      response.write('{"a":')
      setTimeout(() => response.destroy(), 20)
    },
    { attempts_max: 2 },
  )
  await expect(ask(client)).rejects.toMatchObject({ error_class: 'truncated' })
  expect(classes()).toEqual(['truncated', 'truncated'])
  expect(await readdir(directory)).toEqual([])
})

test('a chunked body cut by the server is truncated too', async () => {
  const client = await clientOf(
    (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.write('{"a":1}')
      setTimeout(() => response.destroy(), 20)
    },
    { attempts_max: 1 },
  )
  await expect(ask(client)).rejects.toMatchObject({ error_class: 'truncated' })
})

test('a gzip body that ends early is truncated', async () => {
  const client = await clientOf(
    (_, response) => {
      const body = gzipSync('{"a":1,"b":"some more text"}').subarray(0, 20)
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': String(body.length) }).end(body)
    },
    { attempts_max: 1 },
  )
  await expect(ask(client)).rejects.toMatchObject({ error_class: 'truncated' })
})

test('a server that drips bytes for ever is given up at the deadline', async () => {
  const timers: NodeJS.Timeout[] = []
  const client = await clientOf(
    (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      timers.push(setInterval(() => response.write(' '), 20))
    },
    { attempts_max: 1 },
    { timeouts: { total_ms: 300 } },
  )
  await expect(ask(client)).rejects.toMatchObject({ error_class: 'transient', message: expect.stringContaining('300 ms') })
  for (const timer of timers) clearInterval(timer)
})

test('a body over the limit is refused, packed or not', async () => {
  const client = await clientOf(
    (request, response) => {
      const body = request.url === '/zip' ? gzipSync(Buffer.alloc(10_000, ' ')) : Buffer.alloc(10_000, ' ')
      response.writeHead(200, request.url === '/zip' ? { 'content-encoding': 'gzip' } : {}).end(body)
    },
    { attempts_max: 1 },
  )
  for (const path of ['/zip', '/plain']) {
    const request = { url: `${OFFICIAL}${path}`, expects: 'json' as const, body_bytes_max: 1000 }
    await expect(client.fetch(request, never)).rejects.toMatchObject({
      error_class: 'malformed',
      message: expect.stringContaining('1000 bytes'),
    })
  }
})

test('a redirect to another origin is not followed; one within it is', async () => {
  const other = await serve((_, response) => json(response, { stolen: true }))
  const client = await clientOf(
    (request, response) => {
      const to = request.url === '/away' ? `${other.origin}/steal` : '/home'
      if (request.url === '/home') json(response, { home: true })
      else response.writeHead(302, { location: to }).end()
    },
    { attempts_max: 1 },
    { headers: { 'x-key': 'a-secret-key' } },
  )
  await expect(ask(client, '/away')).rejects.toMatchObject({ error_class: 'malformed', message: expect.stringContaining('another origin') })
  expect(other.asked).toHaveLength(0)
  expect(await ask(client, '/near')).toMatchObject({ json: { home: true } })
  await other.close()
})

test('nobody outside the allow-list is asked, and only loopback may stand in', async () => {
  const client = await clientOf((_, response) => json(response, {}))
  await expect(client.fetch({ url: 'https://evil.example.com/', expects: 'json' }, never)).rejects.toThrow('allow-list')
  const faked = openClient(profile, {
    ledger,
    archive: openArchive(directory),
    log: silentLog(),
    mode: 'live',
    override_origin: 'http://10.0.0.1:80',
  })
  clients.push(faked)
  await expect(ask(faked)).rejects.toThrow('loopback')
  expect(server.asked).toHaveLength(0)
})

test('a quota told as HTTP 200 opens the breaker: the rest is not asked, and nothing is archived', async () => {
  const client = await clientOf(
    (_, response) => json(response, { 'Error Message': 'Limit Reach . Please upgrade your plan' }),
    {},
    { provider: 'fmp' },
  )
  await expect(ask(client)).rejects.toMatchObject({ error_class: 'quota', http_status: 200 })
  for (const path of ['/b', '/c']) await expect(ask(client, path)).rejects.toMatchObject({ error_class: 'quota' })
  expect(server.asked).toHaveLength(1)
  expect(await readdir(directory)).toEqual([])
})

test('a page in place of JSON is tried again and the good answer is taken', async () => {
  const client = await clientOf((_, response, count) =>
    count === 1
      ? response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Down for maintenance</html>')
      : json(response, { a: 1 }),
  )
  expect(await ask(client)).toMatchObject({ outcome: 'ok' })
  expect(classes()).toEqual(['malformed', 'ok'])
})

test('not_found is a result: it comes back, and is archived for the replay', async () => {
  const client = await clientOf((_, response) => json(response, {}, 404))
  expect(await ask(client)).toMatchObject({ outcome: 'not_found', http_status: 404 })
  const replay = openClient(profile, { ledger, archive: openArchive(directory), log: silentLog(), mode: 'replay' })
  clients.push(replay)
  expect(await ask(replay)).toMatchObject({ outcome: 'not_found', is_archived: true })
})

test('cancelling ends a request, a wait and a queue at once', async () => {
  const stop = new AbortController()
  const client = await clientOf(() => {}, {}, { concurrency_max: 1 })
  const [asking, queued] = [ask(client, '/a', stop.signal), ask(client, '/b', stop.signal)]
  await expect.poll(() => server.asked.length).toBe(1)
  stop.abort(new Error('the run was stopped'))
  await expect(asking).rejects.toThrow('the run was stopped')
  await expect(queued).rejects.toThrow('the run was stopped')
  expect(classes()).toEqual(['cancelled'])
})

test('keys stand in no archive, ledger or error, whether they travel in a header or in the address', async () => {
  const canary = 'canary-key+1/2=='
  registerSecret('EXAMPLE_KEY', canary)
  const echo = (request: { url?: string | undefined }) => `no such thing: ${request.url} ${canary}`
  const client = await clientOf(
    (request, response) =>
      request.url?.startsWith('/ok') ? json(response, { a: 1 }, 200, { etag: canary }) : json(response, { message: echo(request) }, 400),
    { attempts_max: 1 },
    { headers: { 'x-key': canary }, secret_parameters: ['api_key'], account_key: canary },
  )
  const query = `api_key=${encodeURIComponent(canary)}`
  await ask(client, `/ok?${query}`)
  const error = await ask(client, `/bad?${query}`).catch((thrown: Error) => thrown)
  expect(server.asked[0]?.headers['x-key']).toBe(canary)
  const files = (await readdir(directory, { recursive: true, withFileTypes: true })).filter(
    (each) => each.isFile() && each.name.endsWith('.json'),
  )
  const entries = await Promise.all(files.map((each) => readFile(join(each.parentPath, each.name), 'utf8')))
  expect(entries).toHaveLength(1)
  const written = [JSON.stringify(ledger.entries), String(error), ...entries].join('\n')
  for (const form of [canary, encodeURIComponent(canary), 'canary-key']) expect(written).not.toContain(form)
})
