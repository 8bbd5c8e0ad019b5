/**
 * Files that a person edits or that this product finds again: each is read, or refused with a sentence; one
 * that proves its own content is never read wrongly. Part of `npm run fuzz`.
 */
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { beforeAll, expect, inject, test } from 'vitest'
import { readProof } from '../../helpers/backup/proof.ts'
import { Ledger } from '../../helpers/checklist/ledger.ts'
import { readBootstrap } from '../../helpers/config/bootstrap.ts'
import { ROOT_DIRECTORY } from '../../helpers/config/config.ts'
import { readVariables } from '../../helpers/config/environment.ts'
import { passwordIn } from '../../helpers/config/password-file.ts'
import { StocksError } from '../../helpers/core/errors.ts'
import { SessionFile } from '../../helpers/remote/session-file.ts'
import { mutated } from '../../helpers/testing/mutated.ts'
import { boundPeakMemory } from '../../helpers/testing/peak-memory.ts'
import { fuzzRuns } from '../../helpers/testing/runs.ts'
import { openArchive, readEntry } from '../archive/archive.ts'
import { readOverrides } from '../calendar/load.ts'
import { MANIFEST, readManifest, writeManifest } from '../export/manifest.ts'
import { readAccepted } from '../validation/accepted.ts'
import { filersOfDay } from './sec-edgar/daily-index.ts'

const HOUR = 3_600_000
boundPeakMemory(250)
const WITHOUT_LIMIT = { interruptAfterTimeLimit: HOUR }
const files = { numRuns: fuzzRuns(200), ...WITHOUT_LIMIT }

let root: string
beforeAll(() => {
  root = mkdtempSync(join(inject('testDirectory'), 'fuzz-'))
})

const DAY = '2026-08-24'
const HEADING = `Last Data Received:    Aug 24, 2026\n\nCIK|Company Name|Form Type|Date Filed|File Name\n`
const RULE = `${'-'.repeat(80)}\n`
const INDEX = {
  master: `${HEADING}${RULE}1000184|SAP SE|S-8|20260824|edgar/data/1000184/0001104659-26-100300.txt
1189770|ZANNINO R|4|20260824|edgar/data/1001250/0001189770-26-000008.txt
`,
  form: `${HEADING}${RULE}4    ZANNINO R  1189770  20260824  edgar/data/1001250/0001189770-26-000008.txt
S-8  SAP SE     1000184  20260824  edgar/data/1000184/0001104659-26-100300.txt
`,
}
const FILERS = ['0001000184', '0001001250', '0001189770']

test('a changed index of a day names the filers of the other one, or is refused', { timeout: HOUR }, () => {
  const kinds = ['master', 'form'] as const
  const property = fc.property(mutated(kinds.map((kind) => Buffer.from(INDEX[kind]))), ({ body, seed }) => {
    const texts = { ...INDEX, [kinds[seed] ?? '']: body.toString('utf8') }
    try {
      expect([...filersOfDay(DAY, texts)].toSorted()).toEqual(FILERS)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      expect(error.message.length).toBeGreaterThan(20)
    }
  })
  fc.assert(property, { numRuns: fuzzRuns(2_000), ...WITHOUT_LIMIT })
})

const ENV = 'PGHOST=db.example.com\nPGPASSWORD="a#b c"\nexport PGUSER=me\n# PGPORT=1\nBOOTSTRAP_SOURCE=\n'

test('a changed .env gives names and texts, none of them empty', { timeout: HOUR }, () => {
  const property = fc.property(
    mutated([Buffer.from(ENV), Buffer.from(`\ufeff${ENV}`, 'utf16le')]),
    (given) => {
      writeFileSync(join(root, '.env'), given.body)
      const variables = readVariables({ PGPORT: '5432' }, root)
      expect(variables['PGPORT']).toBe('5432')
      for (const value of Object.values(variables)) expect(value).not.toBe('')
    },
  )
  fc.assert(property, files)
})

test('a changed .pgpass gives the password of the line, or another field text', { timeout: HOUR }, () => {
  const key = { host: 'db.example.com', port: 5432, database: 'stocks', user: 'me' }
  const lines = 'db.example.com:5432:*:me:a\\:b\\\\c\n*:*:*:*:other\n'
  expect(passwordIn(lines, key as never)).toBe('a:b\\c')
  const property = fc.property(mutated([Buffer.from(lines)]), ({ body }) => {
    const password = passwordIn(body.toString('utf8'), key as never)
    expect((password ?? '').length).toBeLessThanOrEqual(body.toString('utf8').length)
  })
  fc.assert(property, { numRuns: fuzzRuns(2_000), ...WITHOUT_LIMIT })
})

test('a changed bootstrap.json is read, or each of its faults is named', { timeout: HOUR }, () => {
  const file = join(root, 'bootstrap.json')
  const bytes = readFileSync(join(ROOT_DIRECTORY, 'bootstrap.json'))
  const property = fc.property(mutated([bytes]), ({ body }) => {
    writeFileSync(file, body)
    const faults: string[] = []
    const read = readBootstrap(file, faults)
    expect(faults.length === 0).toBe(read !== undefined)
    for (const fault of faults) expect(fault).toMatch(/^bootstrap\.json[: ].{5}/)
  })
  fc.assert(property, files)
})

const JUDGED = {
  fingerprint: 'a'.repeat(64),
  check: 'bar-on-session',
  subject: 'x:1',
  reason: 'The exchange was open on that day.',
  accepted_by: 'a person',
  accepted_on: '2020-01-02',
  expires_on: null,
}

test.each([
  ['calendar overrides', readOverrides, { closures: [{ date: '2019-01-02', reason: 'storm' }] }],
  ['accepted findings', readAccepted, { accepted: [JUDGED] }],
] as const)('changed %s are read, or refused with a sentence', { timeout: HOUR }, (_name, read, seed) => {
  const file = join(root, 'edited.json')
  writeFileSync(file, JSON.stringify(seed))
  expect(() => read(file)).not.toThrow()
  const property = fc.property(mutated([Buffer.from(JSON.stringify(seed))]), ({ body }) => {
    writeFileSync(file, body)
    try {
      read(file)
    } catch (error) {
      if (!(error instanceof StocksError)) throw error
      expect(error.message).toContain(file)
    }
  })
  fc.assert(property, files)
})

const HASH = 'a'.repeat(64)

test('a changed checkpoint of an upload is that of the file and path, or none', {
  timeout: HOUR,
}, async () => {
  const folder = join(root, 'sessions')
  const key = { path: '/backups/a.dump', bytes: 1_000, sha256: HASH }
  await new SessionFile(folder, key).begin('session')
  const { readdirSync } = await import('node:fs')
  const file = join(folder, readdirSync(folder)[0] ?? '')
  const bytes = readFileSync(file)
  const property = fc.asyncProperty(mutated([bytes]), async ({ body }) => {
    writeFileSync(file, body)
    const session = await new SessionFile(folder, key).read()
    if (session === undefined) return
    expect(session).toMatchObject(key)
    expect(session.offset).toBeGreaterThanOrEqual(0)
    expect(session.offset).toBeLessThanOrEqual(key.bytes)
  })
  await fc.assert(property, files)
})

test('a changed tick of a phase is that phase in that scope, or none', { timeout: HOUR }, () => {
  const ledger = new Ledger(join(root, 'ledger'))
  mkdirSync(join(root, 'ledger'), { recursive: true })
  ledger.tick({ phase: '01', scope: 's', run_id: 'r', ticked_at: '2026-01-02T03:04:05Z', boxes_count: 3 })
  const bytes = readFileSync(join(root, 'ledger', '01.json'))
  const property = fc.property(mutated([bytes]), ({ body }) => {
    writeFileSync(join(root, 'ledger', '01.json'), body)
    const tick = ledger.read('01', 's')
    if (tick !== undefined) expect(tick).toMatchObject({ phase: '01', scope: 's' })
    expect(tick?.boxes_count ?? 1).toBeGreaterThanOrEqual(1)
  })
  fc.assert(property, files)
})

test('a changed proof of a backup proves those bytes with known levels, or nothing', {
  timeout: HOUR,
}, async () => {
  const archive = join(root, 'a.dump')
  const proof = {
    format: 'stocks-research-proof',
    sha256: HASH,
    levels: [1, 2],
    proven_at: `${DAY}T00:00:00Z`,
  }
  const property = fc.asyncProperty(mutated([Buffer.from(JSON.stringify(proof))]), async ({ body }) => {
    writeFileSync(`${archive}.proof.json`, body)
    const read = await readProof({ archive, manifest: { sha256: HASH } })
    if (read === undefined) return
    expect(read.sha256).toBe(HASH)
    for (const level of read.levels) expect([1, 2, 3, 4]).toContain(level)
  })
  await fc.assert(property, files)
})

test('a changed entry of the archive is an entry, or is refused by name', { timeout: HOUR }, async () => {
  const archive = openArchive(join(root, 'archive'))
  const entry = await archive.store(
    {
      fingerprint: HASH,
      provider: 'example',
      adapter_version: '1',
      method: 'GET',
      url: 'https://data.example.com/a',
      http_status: 200,
      headers: {},
      outcome: 'ok',
    },
    Buffer.from('{}'),
  )
  const file = join(root, 'entry.json')
  const property = fc.property(mutated([Buffer.from(JSON.stringify(entry))]), ({ body }) => {
    writeFileSync(file, body)
    try {
      const read = readEntry(file)
      expect([read.fingerprint.length, read.sha256.length]).toEqual([64, 64])
    } catch (error) {
      if (!(error instanceof StocksError)) throw error
      expect(error.message).toContain(file)
    }
  })
  fc.assert(property, files)
})

test('a changed manifest of an export is equal to what was written, or is refused', {
  timeout: HOUR,
}, async () => {
  const folder = join(root, 'export')
  mkdirSync(folder)
  const written = await writeManifest(folder, {
    format: 'stocks-research-export',
    version: 1,
    mode: 'rehearsal',
    database: 'stocks',
    as_of_date: DAY,
    snapshot_at: `${DAY}T00:00:00Z`,
    run: null,
    backup: { file: 'full_20260824_0000.dump', sha256: HASH },
    migration: '035-x.sql',
    database_content_sha256: HASH,
    product_version: '1',
    duckdb_version: '1',
    tables: [],
  })
  const bytes = readFileSync(join(folder, MANIFEST))
  const property = fc.asyncProperty(mutated([bytes]), async ({ body }) => {
    writeFileSync(join(folder, MANIFEST), body)
    const read = await readManifest(folder).catch((error: unknown) => {
      if (!(error instanceof StocksError)) throw error
      expect(error.message).toContain(folder)
    })
    if (read !== undefined) expect(read).toEqual(written)
  })
  await fc.assert(property, files)
})
