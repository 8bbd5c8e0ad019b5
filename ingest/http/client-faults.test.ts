import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { forgetSecrets, registerSecret } from '../../helpers/core/redact.ts'
import { never, OFFICIAL, openFixture } from '../testing/http/fixture.ts'
import { json, serve } from '../testing/http/server.ts'

let fixture: Awaited<ReturnType<typeof openFixture>>
beforeEach(async () => {
  fixture = await openFixture()
})
afterEach(async () => {
  await fixture.close()
  forgetSecrets()
})

test('a body cut by the server is truncated, tried again, and never archived', async () => {
  const client = await fixture.clientOf(
    (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
      response.write('{"a":')
      setTimeout(() => response.destroy(), 20)
    },
    { attempts_max: 2 },
  )
  await expect(fixture.ask(client)).rejects.toMatchObject({ error_class: 'truncated' })
  expect(fixture.classes()).toEqual(['truncated', 'truncated'])
  expect(await readdir(fixture.directory)).toEqual([])
})

test('a chunked body cut by the server is truncated too', async () => {
  const client = await fixture.clientOf(
    (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.write('{"a":1}')
      setTimeout(() => response.destroy(), 20)
    },
    { attempts_max: 1 },
  )
  await expect(fixture.ask(client)).rejects.toMatchObject({ error_class: 'truncated' })
})

test('a gzip body that ends early is truncated', async () => {
  const client = await fixture.clientOf(
    (_, response) => {
      const body = gzipSync('{"a":1,"b":"some more text"}').subarray(0, 20)
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': String(body.length) }).end(body)
    },
    { attempts_max: 1 },
  )
  await expect(fixture.ask(client)).rejects.toMatchObject({ error_class: 'truncated' })
})

test('a server that drips bytes for ever is given up at the deadline', async () => {
  const timers: NodeJS.Timeout[] = []
  const client = await fixture.clientOf(
    (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      timers.push(setInterval(() => response.write(' '), 20))
    },
    { attempts_max: 1 },
    { timeouts: { total_ms: 300 } },
  )
  await expect(fixture.ask(client)).rejects.toMatchObject({
    error_class: 'transient',
    message: expect.stringContaining('300 ms'),
  })
  for (const timer of timers) clearInterval(timer)
})

test('a body over the limit is refused, packed or not', async () => {
  const client = await fixture.clientOf(
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
  const client = await fixture.clientOf(
    (request, response) => {
      const to = request.url === '/away' ? `${other.origin}/steal` : '/home'
      if (request.url === '/home') json(response, { home: true })
      else response.writeHead(302, { location: to }).end()
    },
    { attempts_max: 1 },
    { headers: { 'x-key': 'a-secret-key' } },
  )
  await expect(fixture.ask(client, '/away')).rejects.toMatchObject({
    error_class: 'malformed',
    message: expect.stringContaining('another origin'),
  })
  expect(other.asked).toHaveLength(0)
  expect(await fixture.ask(client, '/near')).toMatchObject({ json: { home: true } })
  await other.close()
})

test('a redirect to a listed store is followed, and the keys stay behind', async () => {
  const store = await serve((_, response) => json(response, { bulk: true }))
  const official_store = 'https://store.example.net'
  const client = await fixture.clientOf(
    (_, response) => response.writeHead(302, { location: `${official_store}/file?signature=1` }).end(),
    {},
    { headers: { 'x-key': 'a-secret-key' }, redirect_origins: [official_store] },
  )
  const own = fixture.open(
    { stand_ins: { [OFFICIAL]: fixture.origin(), [official_store]: store.origin } },
    { headers: { 'x-key': 'a-secret-key' }, redirect_origins: [official_store] },
  )
  expect(await fixture.ask(own)).toMatchObject({ json: { bulk: true } })
  expect(fixture.asked()[0]?.headers['x-key']).toBe('a-secret-key')
  expect(store.asked.map(({ url, headers }) => [url, headers.host, headers['x-key']])).toEqual([
    ['/file?signature=1', 'store.example.net', undefined],
  ])
  await client.close()
  await store.close()
})

test('no host outside the allow-list is asked, and only loopback may replace one', async () => {
  const client = await fixture.clientOf((_, response) => json(response, {}))
  await expect(client.fetch({ url: 'https://evil.example.com/', expects: 'json' }, never)).rejects.toThrow(
    'allow-list',
  )
  const faked = fixture.open({ stand_ins: { [OFFICIAL]: 'http://10.0.0.1:80' } })
  await expect(fixture.ask(faked)).rejects.toThrow('loopback')
  expect(fixture.asked()).toHaveLength(0)
})

test('a quota reported as HTTP 200 opens the breaker: no further request, nothing archived', async () => {
  const client = await fixture.clientOf(
    (_, response) => json(response, { 'Error Message': 'Limit Reach . Please upgrade your plan' }),
    {},
    { provider: 'fmp' },
  )
  await expect(fixture.ask(client)).rejects.toMatchObject({ error_class: 'quota', http_status: 200 })
  for (const path of ['/b', '/c'])
    await expect(fixture.ask(client, path)).rejects.toMatchObject({ error_class: 'quota' })
  expect(fixture.asked()).toHaveLength(1)
  expect(await readdir(fixture.directory)).toEqual([])
})

test('a page in place of JSON is tried again and the good answer is taken', async () => {
  const client = await fixture.clientOf((_, response, count) =>
    count === 1
      ? response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Down for maintenance</html>')
      : json(response, { a: 1 }),
  )
  expect(await fixture.ask(client)).toMatchObject({ outcome: 'ok' })
  expect(fixture.classes()).toEqual(['malformed', 'ok'])
})

test('no archive, ledger or error contains a key that was sent in a header or the address', async () => {
  const canary = 'canary-key+1/2=='
  registerSecret('EXAMPLE_KEY', canary)
  const echo = (request: { url?: string | undefined }) => `no such thing: ${request.url} ${canary}`
  const client = await fixture.clientOf(
    (request, response) =>
      request.url?.startsWith('/ok')
        ? json(response, { a: 1, echo: canary }, 200, { etag: canary })
        : json(response, { message: echo(request) }, 400),
    { attempts_max: 1 },
    { headers: { 'x-key': canary }, secret_parameters: ['api_key'], account_key: canary },
  )
  const query = `api_key=${encodeURIComponent(canary)}`
  const answer = await fixture.ask(client, `/ok?${query}`)
  expect(answer.json).toEqual({ a: '1', echo: '[redacted key]' })
  const error = await fixture.ask(client, `/bad?${query}`).catch((thrown: Error) => thrown)
  expect(fixture.asked()[0]?.headers['x-key']).toBe(canary)
  const files = (await readdir(fixture.directory, { recursive: true, withFileTypes: true })).filter(
    (each) => each.isFile() && each.name.endsWith('.json'),
  )
  const entries = await Promise.all(files.map((each) => readFile(join(each.parentPath, each.name), 'utf8')))
  expect(entries).toHaveLength(1)
  const replayed = await fixture.ask(
    fixture.open({ mode: 'replay' }, { secret_parameters: ['api_key'], account_key: canary }),
    `/ok?${query}`,
  )
  expect(replayed.json).toEqual(answer.json)
  const written = [
    replayed.body.toString(),
    JSON.stringify(fixture.ledger.entries),
    String(error),
    ...entries,
  ].join('\n')
  for (const form of [canary, encodeURIComponent(canary), 'canary-key']) expect(written).not.toContain(form)
})

test('a secret of another kind that looks like a number changes no price', async () => {
  registerSecret('PGPASSWORD', '1234')
  const client = await fixture.clientOf(
    (_, response) => json(response, '{"price":121.1234}'),
    {},
    { account_key: 'a-key-of-the-provider' },
  )
  expect((await fixture.ask(client)).json).toEqual({ price: '121.1234' })
})
