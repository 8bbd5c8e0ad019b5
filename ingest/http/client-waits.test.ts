import { readdir } from 'node:fs/promises'
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { DAY_MS } from '../../helpers/core/days.ts'
import type { SourceError } from '../contract/provider.ts'
import { openFixture } from '../testing/http/fixture.ts'
import { json } from '../testing/http/server.ts'

const failureOf = (asking: Promise<unknown>): Promise<SourceError> =>
  asking.then(
    () => expect.fail('it was answered'),
    (error: SourceError) => error,
  )

let fixture: Awaited<ReturnType<typeof openFixture>>
beforeEach(async () => {
  fixture = await openFixture()
})
afterEach(() => fixture.close())

describe('a provider that asks for an absurd wait', () => {
  test.each(['9'.repeat(30), '99999999999', 'Fri, 31 Dec 9999 23:59:59 GMT'])(
    '"%s" gets an error that names a time within a month',
    async (wait) => {
      const client = await fixture.clientOf((_, response) => json(response, {}, 429, { 'retry-after': wait }))
      const error = await failureOf(fixture.ask(client))
      expect(error.error_class).toBe('throttled')
      expect(Date.parse(error.next_try_at ?? '') - Date.now()).toBeLessThanOrEqual(31 * DAY_MS)
      expect(fixture.asked()).toHaveLength(1)
    },
  )

  test('of none at all is given time all the same', async () => {
    const client = await fixture.clientOf((_, response, count) =>
      json(response, {}, count === 1 ? 429 : 200, { 'retry-after': '0' }),
    )
    await fixture.ask(client)
    const [first, second] = fixture.asked()
    expect((second?.at_ms ?? 0) - (first?.at_ms ?? 0)).toBeGreaterThanOrEqual(200)
  })

  test('until a date is understood by its own clock, whatever ours says', async () => {
    const client = await fixture.clientOf((_, response, count) =>
      count > 1
        ? json(response, {})
        : json(response, {}, 429, {
            date: 'Thu, 01 Jan 2032 00:00:00 GMT',
            'retry-after': 'Thu, 01 Jan 2032 00:00:01 GMT',
          }),
    )
    expect(await fixture.ask(client)).toMatchObject({ outcome: 'ok' })
    const [first, second] = fixture.asked()
    expect((second?.at_ms ?? 0) - (first?.at_ms ?? 0)).toBeGreaterThanOrEqual(995)
  })
})

test('a throttle longer than a run waits is about the account: the rest is deferred', async () => {
  const client = await fixture.clientOf((_, response) => json(response, {}, 429, { 'retry-after': '3600' }))
  for (const path of ['/a', '/b', '/c']) {
    const error = await failureOf(fixture.ask(client, path))
    expect([
      error.error_class,
      error.is_about_account,
      Date.parse(error.next_try_at ?? '') - Date.now() > 3_500_000,
    ]).toEqual(['throttled', true, true])
  }
  expect(fixture.asked()).toHaveLength(1)
  // Nor does another process ask, which is told by the ledger.
  const other = await failureOf(fixture.ask(fixture.open()))
  expect([other.error_class, other.is_about_account]).toEqual(['throttled', true])
  expect(fixture.asked()).toHaveLength(1)
})

test('a daily quota defers the rest until a time, and other processes do not wait a day for it', async () => {
  const pauses: number[] = []
  const client = await fixture.clientOf((_, response) =>
    json(response, { detail: 'Daily request limit exceeded' }, 429),
  )
  const ledger = {
    ...fixture.ledger,
    pause: async (_p: string, _a: string, { until_ms }: { until_ms: number }) => void pauses.push(until_ms),
  }
  const own = fixture.open({ ledger })
  const error = await failureOf(fixture.ask(own))
  expect(error.error_class).toBe('quota')
  expect(Date.parse(error.next_try_at ?? '') - Date.now()).toBeGreaterThan(86_000_000)
  expect(pauses.map((until_ms) => until_ms - Date.now() <= 3_600_000)).toEqual([true])
  await expect(fixture.ask(own, '/b')).rejects.toMatchObject({ error_class: 'quota' })
  expect(fixture.asked()).toHaveLength(1)
  await client.close()
})

const PACKERS = {
  gzip: gzipSync,
  'x-gzip': gzipSync,
  deflate: deflateSync,
  br: brotliCompressSync,
  zstd: zstdCompressSync,
}
describe.each(Object.entries(PACKERS))('a body packed as %s', (encoding, pack) => {
  const packed = pack(Buffer.from(JSON.stringify({ a: Array.from({ length: 200 }, (_, i) => i * 7919) })))
  const answering = (body: Buffer, length: number | undefined) =>
    fixture.clientOf(
      (_, response) => {
        const told = length === undefined ? {} : { 'content-length': String(length) }
        response.writeHead(200, { 'content-encoding': encoding, ...told })
        if (length === undefined || length === body.length) response.end(body)
        else {
          response.write(body)
          setTimeout(() => response.destroy(), 20)
        }
      },
      { attempts_max: 1 },
    )

  test('is unpacked', async () => {
    const answer = await fixture.ask(await answering(packed, packed.length))
    expect((answer.json as { a: string[] }).a).toHaveLength(200)
  })
  test.each([
    ['with its length told', packed.length],
    ['with no length told', undefined],
    ['with the length of what is left', packed.length - 40],
  ])('and cut, %s, is truncated and never archived', async (_name, length) => {
    const client = await answering(packed.subarray(0, packed.length - 40), length)
    await expect(fixture.ask(client)).rejects.toMatchObject({ error_class: 'truncated' })
    expect(await readdir(fixture.directory)).toEqual([])
  })
})

test('an unknown Content-Encoding is refused', async () => {
  const client = await fixture.clientOf(
    (_, response) => response.writeHead(200, { 'content-encoding': 'pack200' }).end('{"a":1}'),
    {
      attempts_max: 1,
    },
  )
  await expect(fixture.ask(client)).rejects.toMatchObject({
    error_class: 'malformed',
    message: expect.stringContaining('pack200'),
  })
})

test('a plain body without Content-Length that was cut is recognised by its form', async () => {
  const client = await fixture.clientOf(
    (_, response) => response.writeHead(200, { connection: 'close' }).end('{"a":[1,2'),
    {
      attempts_max: 1,
    },
  )
  await expect(fixture.ask(client)).rejects.toMatchObject({ error_class: 'truncated' })
})

test.each([
  [204, 'empty'],
  [404, 'not_found'],
])('%i is a result', async (status, outcome) => {
  const client = await fixture.clientOf((_, response) => response.writeHead(status).end())
  expect(await fixture.ask(client)).toMatchObject({ outcome })
})

test.each([[304], [301], [399]])(
  '%i without a question that could have led to it is refused, once',
  async (status) => {
    const client = await fixture.clientOf((_, response) => response.writeHead(status).end())
    await expect(fixture.ask(client)).rejects.toMatchObject({ error_class: 'malformed' })
    expect(fixture.asked()).toHaveLength(1)
  },
)

test('JSON behind a byte order mark is read', async () => {
  const client = await fixture.clientOf((_, response) => json(response, '\uFEFF{"a":1}'))
  expect(await fixture.ask(client)).toMatchObject({ json: { a: '1' } })
})
