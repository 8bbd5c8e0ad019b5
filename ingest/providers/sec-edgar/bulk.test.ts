import { createWriteStream } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { ZipArchive } from 'archiver'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { silentLog } from '../../../helpers/core/log.ts'
import { openArchive } from '../../archive/archive.ts'
import type { Ask, SubjectEnd } from '../../contract/provider.ts'
import { openClient } from '../../http/client.ts'
import { memoryLedger } from '../../http/ledger.ts'
import type { HttpProfile } from '../../http/profile.ts'
import { serve, type TestServer } from '../../testing/http/server.ts'
import { secEdgar } from './provider.ts'

let directory: string
let server: TestServer
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bulk-'))
})
afterEach(async () => {
  await server.close()
  await rm(directory, { recursive: true, force: true })
})

const facts = (cik: number | string, value: string): string =>
  `{"cik":${JSON.stringify(cik)},"entityName":"X","facts":{"us-gaap":{"Assets":{"label":null,` +
  `"description":null,"units":{"USD":[{"end":"2020-12-31","val":${value},"accn":"a-1","fy":2020,` +
  '"fp":"FY","form":"10-K","filed":"2021-02-01"}]}}}}}'

test('above the threshold facts come from the bulk file; broken entries fail by name', async () => {
  const file = join(directory, 'made.zip')
  const zip = new ZipArchive()
  zip.append(facts(1, '12345678901234567890.10'), { name: 'CIK0000000001.json' })
  zip.append(facts('0000000002', '1e3'), { name: 'CIK0000000002.json' })
  zip.append('{"cik":3,"facts":', { name: 'CIK0000000003.json' })
  zip.append(facts(4, '4'), { name: 'CIK0000000004.json' })
  zip.append(facts(999, '6'), { name: 'CIK0000000006.json' })
  zip.append('{}', { name: 'CIK0000000007.json' })
  zip.append('{"cik":8,"facts":{}}', { name: 'CIK0000000008.json' })
  zip.append('{"facts":{}}', { name: 'CIK0000000009.json' })
  zip.append('[]', { name: 'CIK0000000010.json' })
  const written = pipeline(zip, createWriteStream(file))
  await zip.finalize()
  await written
  const bytes = await readFile(file)
  server = await serve((_, response) =>
    response.writeHead(200, { 'content-length': String(bytes.length) }).end(bytes),
  )
  const client = (profile: HttpProfile) =>
    openClient(profile, {
      ledger: memoryLedger(),
      archive: openArchive(join(directory, 'archive')),
      log: silentLog(),
      mode: 'live',
      stand_ins: { 'https://www.sec.gov': server.origin },
    })
  const provider = secEdgar(
    { client, today: '2026-11-23', now: () => new Date(), onNotice: () => {}, onUnknownField: () => {} },
    { user_agent: 'Jane jane@example.com', bulk_filers_min: 3 },
  )
  const subjects = [1, 2, 3, 5, 6, 7, 8, 9, 10]
    .map((number) => String(number).padStart(10, '0'))
    .map((cik) => ({
      item: cik,
      source_id: undefined,
      cik,
      ticker: undefined,
      tickers: [],
    }))
  const ask: Ask = {
    dataset: 'fundamentals',
    subjects,
    window: { start_date: '2020-01-02', end_date: '2025-01-03' },
    first_session_date: '1990-01-02',
  }
  const batches = await provider.batches(ask)
  expect(batches.map(({ estimate }) => estimate.requests)).toEqual([1])

  const values: unknown[] = []
  const ends: SubjectEnd[] = []
  for (const batch of batches) {
    for await (const each of provider.read(ask, batch, new AbortController().signal)) {
      if ('status' in each) ends.push(each)
      else values.push(...each.records.map(({ record }) => [record['cik'], record['value']]))
    }
  }
  expect(values).toEqual([
    ['0000000001', '12345678901234567890.10'],
    ['0000000002', '1e3'],
  ])
  expect(ends.map(({ item, status }) => [item, status])).toEqual([
    ['0000000003', 'failed'],
    ['0000000006', 'failed'],
    ['0000000007', 'failed'],
    ['0000000008', 'empty'],
    ['0000000009', 'failed'],
    ['0000000010', 'failed'],
    ['0000000005', 'not_found'],
  ])
  expect(server.asked).toHaveLength(1)
  expect(server.asked[0]?.headers['user-agent']).toBe('Jane jane@example.com')
})
