import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { never, OFFICIAL, openFixture } from '../testing/http/fixture.ts'
import { json } from '../testing/http/server.ts'

let fixture: Awaited<ReturnType<typeof openFixture>>
beforeEach(async () => {
  fixture = await openFixture()
})
afterEach(async () => {
  await fixture.close()
})

test('an answer is parsed with its numbers as text, archived, and written down', async () => {
  const client = await fixture.clientOf((_, response) => json(response, '{"price":1.10}'))
  const answer = await fixture.ask(client)
  expect(answer).toMatchObject({
    outcome: 'ok',
    json: { price: '1.10' },
    is_archived: false,
    url: `${OFFICIAL}/a?x=1`,
  })
  expect(fixture.asked()[0]?.headers.host).toBe('data.example.com')
  expect(fixture.ledger.entries).toMatchObject([
    { attempt: 1, settlement: { outcome: 'ok', http_status: 200, archive_sha256: answer.sha256 } },
  ])
})

test('gzip is unpacked; the hash is that of the body itself', async () => {
  const client = await fixture.clientOf((_, response) => {
    const body = gzipSync('{"a":1}')
    response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': String(body.length) }).end(body)
  })
  expect((await fixture.ask(client)).body.toString()).toBe('{"a":1}')
})

test('a replay answers with zero requests; a question that was never asked is named', async () => {
  const live = await fixture.clientOf((_, response) => json(response, { a: 1 }))
  const first = await fixture.ask(live)
  const replay = fixture.open({ mode: 'replay' })
  expect(await fixture.ask(replay)).toMatchObject({
    sha256: first.sha256,
    is_archived: true,
    json: { a: '1' },
  })
  await expect(fixture.ask(replay, '/other')).rejects.toMatchObject({
    error_class: 'internal',
    message: expect.stringContaining('/other'),
  })
  expect(fixture.asked()).toHaveLength(1)
  expect(fixture.ledger.entries).toHaveLength(1)
})

test('a question with a moment in it is found again on another day', async () => {
  const live = await fixture.clientOf((_, response) => json(response, { a: 1 }))
  const question = (end: string) => ({
    url: `${OFFICIAL}/a?end=${end}`,
    expects: 'json' as const,
    volatile_parameters: ['end'],
  })
  await live.fetch(question('2026-01-01'), never)
  const replay = fixture.open({ mode: 'replay' })
  expect(await replay.fetch(question('2027-12-31'), never)).toMatchObject({ is_archived: true })
})

test('an answer fetched since the given moment is not fetched again; an older one is', async () => {
  const since = new Date().toISOString()
  const client = await fixture.clientOf((_, response) => json(response, { a: 1 }), { reuse_since_at: since })
  await fixture.ask(client)
  expect(await fixture.ask(client)).toMatchObject({ is_archived: true })
  const later = fixture.open({ reuse_since_at: new Date(Date.now() + 1000).toISOString() })
  expect(await fixture.ask(later)).toMatchObject({ is_archived: false })
})

for (const [name, header, least_ms] of [
  ['seconds', () => '1', 1000],
  ['an HTTP date', () => new Date(Date.now() + 2000).toUTCString(), 900],
] as const) {
  test(`after 429 with Retry-After in ${name}, every request of the account waits that long`, async () => {
    const client = await fixture.clientOf((_, response, count) =>
      count === 1 ? json(response, {}, 429, { 'retry-after': header() }) : json(response, {}),
    )
    await fixture.ask(client)
    await fixture.ask(client, '/b')
    const [first, second] = fixture.asked()
    expect((second?.at_ms ?? 0) - (first?.at_ms ?? 0)).toBeGreaterThanOrEqual(least_ms - 5)
    expect(fixture.classes()).toEqual(['throttled', 'ok', 'ok'])
  })
}

test('after 429 without Retry-After, it backs off and tries again', async () => {
  const client = await fixture.clientOf((_, response, count) =>
    count <= 2 ? json(response, {}, 429) : json(response, {}),
  )
  expect(await fixture.ask(client)).toMatchObject({ outcome: 'ok' })
  expect(fixture.classes()).toEqual(['throttled', 'throttled', 'ok'])
})

test('a wait that is too long to wait becomes an error that names the time', async () => {
  const client = await fixture.clientOf((_, response) => json(response, {}, 429, { 'retry-after': '3600' }), {
    wait_max_ms: 1000,
  })
  await expect(fixture.ask(client)).rejects.toMatchObject({
    error_class: 'throttled',
    next_try_at: expect.stringMatching(/^\d{4}-/),
  })
  await expect(fixture.ask(client)).rejects.toMatchObject({ error_class: 'throttled' })
  expect(fixture.asked()).toHaveLength(1)
})

test('retries are bounded', async () => {
  const client = await fixture.clientOf((_, response) => json(response, {}, 503), { attempts_max: 2 })
  await expect(fixture.ask(client)).rejects.toMatchObject({ error_class: 'transient', http_status: 503 })
  expect(fixture.asked()).toHaveLength(2)
})

test('a refusal of the question itself is not repeated', async () => {
  const client = await fixture.clientOf((_, response) =>
    json(response, { message: 'limit is too large' }, 400),
  )
  await expect(fixture.ask(client)).rejects.toMatchObject({ error_class: 'malformed' })
  expect(fixture.asked()).toHaveLength(1)
})

test('not_found is a result: it comes back, and is archived for the replay', async () => {
  const client = await fixture.clientOf((_, response) => json(response, {}, 404))
  expect(await fixture.ask(client)).toMatchObject({ outcome: 'not_found', http_status: 404 })
  const replay = fixture.open({ mode: 'replay' })
  expect(await fixture.ask(replay)).toMatchObject({ outcome: 'not_found', is_archived: true })
})

test('cancelling ends a request, a wait and a queue at once', async () => {
  const stop = new AbortController()
  const client = await fixture.clientOf(() => {}, {}, { concurrency_max: 1 })
  const asking = fixture.ask(client, '/a', stop.signal)
  const queued = fixture.ask(client, '/b', stop.signal)
  await expect.poll(() => fixture.asked().length).toBe(1)
  stop.abort(new Error('the run was stopped'))
  await expect(asking).rejects.toThrow('the run was stopped')
  await expect(queued).rejects.toThrow('the run was stopped')
  expect(fixture.classes()).toEqual(['cancelled'])
})
