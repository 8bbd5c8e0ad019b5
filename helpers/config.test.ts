import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readConfig } from './config.ts'
import { ConfigError } from './errors.ts'
import { forgetSecrets, redact } from './redact.ts'

const BOOTSTRAP = {
  universe: 'universe.csv',
  start_date: '2016-04-01',
  end_date: '2021-03-31',
  sample: { securities: 3 },
  thresholds: { reject_max_ratio: 0.001, failed_max_ratio: 0.01, not_found_max_ratio: {}, session_coverage_min_ratio: 0.85 },
  dropbox: { folder: '/stocks-research' },
}

describe('readConfig', () => {
  let root: string
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'config-'))
    writeFileSync(join(root, 'bootstrap.json'), JSON.stringify(BOOTSTRAP))
    writeFileSync(join(root, 'universe.csv'), 'source_id,ticker\n')
    mkdirSync(join(root, 'drop'))
  })
  afterEach(() => {
    rmSync(root, { recursive: true, force: true })
    forgetSecrets()
  })

  const faultsOf = (env: Record<string, string>): readonly string[] => {
    try {
      readConfig(env, root)
    } catch (error) {
      if (error instanceof ConfigError) return error.faults
      throw error
    }
    return []
  }

  test('with nothing set it is a rehearsal on the embedded server', () => {
    const config = readConfig({}, root)
    expect(config.source).toEqual({ mode: 'rehearsal' })
    expect(config.postgres).toEqual({ kind: 'embedded', database: 'stocks_research' })
    expect(config.dropbox).toEqual({ kind: 'local-server' })
    expect(config.window).toEqual({ start_date: '2016-04-01', end_date: '2021-03-31' })
  })

  test('every fault is named at once, with the variable, what it was and what it should be', () => {
    const faults = faultsOf({
      PGHOST: 'db.test',
      PGPORT: 'http',
      PGDATABASE: 'x"; drop database y',
      PGSSLMODE: 'require',
      BOOTSTRAP_SOURCE: 'flat-files:nowhere',
      BOOTSTRAP_UNIVERSE: 'missing.csv',
      BOOTSTRAP_START: '2021-02-30',
    })
    for (const name of ['PGPORT', 'PGDATABASE', 'PGSSLMODE', 'BOOTSTRAP_SOURCE', 'BOOTSTRAP_UNIVERSE', 'BOOTSTRAP_START']) {
      expect(
        faults.filter((fault) => fault.startsWith(name)),
        name,
      ).toHaveLength(1)
    }
    expect(faults.join('\n')).toContain('«2021-02-30»')
  })

  test.for(['x"; drop database y', '-h evil', 'a=b', 'postgres', 'template1', 'postgresql://h/d', 'Stocks', ''.padEnd(64, 'x')])(
    'the database name %j is refused',
    (name) => {
      expect(faultsOf({ PGDATABASE: name }).filter((fault) => fault.startsWith('PGDATABASE'))).toHaveLength(1)
    },
  )

  test('the window may be moved, but not turned round', () => {
    expect(readConfig({ BOOTSTRAP_START: '1998-01-02', BOOTSTRAP_END: '2010-01-04' }, root).window).toEqual({
      start_date: '1998-01-02',
      end_date: '2010-01-04',
    })
    expect(faultsOf({ BOOTSTRAP_START: '2022-01-03' })).toEqual([expect.stringContaining('after BOOTSTRAP_END')])
  })

  test('a live run without a place for its backups is a fault', () => {
    expect(faultsOf({ BOOTSTRAP_SOURCE: 'live' }).join('\n')).toContain('DROPBOX_REFRESH_TOKEN')
  })

  test('an unknown key or a wrong type in bootstrap.json is named by its path', () => {
    writeFileSync(join(root, 'bootstrap.json'), JSON.stringify({ ...BOOTSTRAP, sample: { securities: 0 }, sampel: 1 }))
    const faults = faultsOf({})
    expect(faults.some((fault) => fault.includes('sample.securities'))).toBe(true)
    expect(faults.some((fault) => fault.includes('sampel'))).toBe(true)
  })

  test('.env lies beneath the environment, and an empty variable is one that is not set', () => {
    writeFileSync(join(root, '.env'), 'PGHOST=from-file\nPGUSER=file-user\nPGDATABASE=\n')
    const config = readConfig({ PGUSER: 'env-user', PGPASSWORD: '' }, root)
    expect(config.postgres).toMatchObject({
      kind: 'existing',
      connection: { host: 'from-file', user: 'env-user', database: 'stocks_research', password: undefined },
    })
  })

  test('secrets are registered for redaction as they are read', () => {
    readConfig({ PGHOST: 'h', PGPASSWORD: 'canary-pw', DROPBOX_ACCESS_TOKEN: 'canary-token' }, root)
    expect(redact('canary-pw canary-token')).toBe('[redacted PGPASSWORD] [redacted DROPBOX_ACCESS_TOKEN]')
  })
})
