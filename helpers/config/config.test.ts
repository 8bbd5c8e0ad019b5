import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ConfigError } from '../core/errors.ts'
import { forgetSecrets, redact } from '../core/redact.ts'
import { announceServer, ownEnvironment } from './children.ts'
import { readConfig } from './config.ts'

const BOOTSTRAP = {
  universe: 'universe.csv',
  start_date: '2016-04-01',
  end_date: '2021-03-31',
  sample: { securities: 3 },
  thresholds: {
    reject_max_ratio: 0.001,
    failed_max_ratio: 0.01,
    not_found_max_ratio: {},
    session_coverage_min_ratio: 0.85,
  },
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
      PGSSLMODE: 'always',
      BOOTSTRAP_SOURCE: 'flat-files:nowhere',
      BOOTSTRAP_UNIVERSE: 'missing.csv',
      BOOTSTRAP_START: '2021-02-30',
    })
    for (const name of [
      'PGPORT',
      'PGDATABASE',
      'PGSSLMODE',
      'BOOTSTRAP_SOURCE',
      'BOOTSTRAP_UNIVERSE',
      'BOOTSTRAP_START',
    ]) {
      expect(
        faults.filter((fault) => fault.startsWith(name)),
        name,
      ).toHaveLength(1)
    }
    expect(faults.join('\n')).toContain('"2021-02-30"')
  })

  test.for([
    'x"; drop database y',
    '-h evil',
    'a=b',
    'postgres',
    'template1',
    'postgresql://h/d',
    'Stocks',
    ''.padEnd(64, 'x'),
  ])('the database name %j is refused', (name) => {
    expect(faultsOf({ PGDATABASE: name }).filter((fault) => fault.startsWith('PGDATABASE'))).toHaveLength(1)
  })

  test('the window may be moved, but not turned round', () => {
    expect(readConfig({ BOOTSTRAP_START: '1998-01-02', BOOTSTRAP_END: '2010-01-04' }, root).window).toEqual({
      start_date: '1998-01-02',
      end_date: '2010-01-04',
    })
    expect(faultsOf({ BOOTSTRAP_START: '2022-01-03' })).toEqual([
      expect.stringContaining('after BOOTSTRAP_END'),
    ])
  })

  test('a live run without a place for its backups is a fault', () => {
    expect(faultsOf({ BOOTSTRAP_SOURCE: 'live' }).join('\n')).toContain('DROPBOX_REFRESH_TOKEN')
  })

  test('a plan of a live run needs no place for backups', () => {
    const live = { BOOTSTRAP_SOURCE: 'live', BOOTSTRAP_PROVIDERS: 'mine' }
    const provider_sets = { mine: { securities: ['sec-edgar'] } }
    writeFileSync(join(root, 'bootstrap.json'), JSON.stringify({ ...BOOTSTRAP, provider_sets }))
    expect(readConfig(live, root, { needs_backups: false }).source).toEqual({ mode: 'live' })
    expect(faultsOf(live)).toHaveLength(1)
  })

  test('an unknown key or a wrong type in bootstrap.json is named by its path', () => {
    writeFileSync(
      join(root, 'bootstrap.json'),
      JSON.stringify({ ...BOOTSTRAP, sample: { securities: 0 }, sampel: 1 }),
    )
    const faults = faultsOf({})
    expect(faults.some((fault) => fault.includes('sample.securities'))).toBe(true)
    expect(faults.some((fault) => fault.includes('sampel'))).toBe(true)
  })

  test.for([
    [['alpaca + sec-edgar'], 'providers that are used together are a list: ["alpaca","sec-edgar"]'],
    [[['alpaca', 'alpaca']], 'a list of different names'],
    [[[]], 'a list of different names'],
    [[1], 'the name of a provider'],
    [['Alpaca'], 'the name of a provider'],
  ] as const)('the providers %j are refused with the form that is right', ([securities, message]) => {
    const provider_sets = { mine: { securities } }
    writeFileSync(join(root, 'bootstrap.json'), JSON.stringify({ ...BOOTSTRAP, provider_sets }))
    expect(faultsOf({})).toEqual([
      expect.stringMatching(/^bootstrap\.json: provider_sets\.mine\.securities\.0: is .*/),
    ])
    expect(faultsOf({})[0]).toContain(message)
  })

  test('providers that are used together are a list within the list', () => {
    const securities = [['alpaca', 'sec-edgar'], 'nasdaq-directory']
    const sets = { provider_set: 'mine', provider_sets: { mine: { securities } } }
    writeFileSync(join(root, 'bootstrap.json'), JSON.stringify({ ...BOOTSTRAP, ...sets }))
    expect(readConfig({}, root).providers.set).toEqual({ securities })
  })

  test('the environment overrides .env, and an empty variable counts as not set', () => {
    writeFileSync(join(root, '.env'), 'PGHOST=from-file\nPGUSER=file-user\nPGDATABASE=\n')
    const config = readConfig({ PGUSER: 'env-user', PGPASSWORD: '' }, root)
    expect(config.postgres).toMatchObject({
      kind: 'existing',
      connection: { host: 'from-file', user: 'env-user', database: 'stocks_research', password: undefined },
    })
  })

  test.for([
    ['a byte order mark', Buffer.from('\ufeffPGHOST=from-file\r\nPGPORT=5433\r\n')],
    ['the UTF-16 of Windows', Buffer.from('\ufeffPGHOST=from-file\r\nPGPORT=5433\r\n', 'utf16le')],
    ['blanks around', Buffer.from('PGHOST = "from-file "\nPGPORT=5433 \n')],
  ] as const)('.env with %s hides no variable', ([, bytes]) => {
    writeFileSync(join(root, '.env'), bytes)
    expect(readConfig({}, root).postgres).toMatchObject({
      kind: 'existing',
      connection: { host: 'from-file', port: 5433 },
    })
  })

  test('a blank at the end of a value is a slip, but in a password', () => {
    const { postgres } = readConfig(
      { PGHOST: 'db.test ', PGPASSWORD: ' pass word ', BOOTSTRAP_SOURCE: ' ' },
      root,
    )
    expect(postgres).toMatchObject({ connection: { host: 'db.test', password: ' pass word ' } })
  })

  test.for([
    [{ BOOSTRAP_SOURCE: 'live' }, 'did you mean BOOTSTRAP_SOURCE?'],
    [{ bootstrap_source: 'live' }, 'did you mean BOOTSTRAP_SOURCE?'],
    [{ PGPASWORD: 'x' }, 'did you mean PGPASSWORD?'],
    [{ PGDATABSAE: 'x' }, 'did you mean PGDATABASE?'],
    [{ DROPBOX_TOKEN: 'x' }, 'ours are DROPBOX_ACCESS_TOKEN'],
    [{ BOOTSTRAP_ANYTHING: 'x' }, 'ours are BOOTSTRAP_ALIVE_FILE'],
    [{ PGHOST: 'a,b' }, 'one name, one address'],
    [{ PGSERVICE: 'production' }, 'PGSERVICE is set, but it is not read here'],
    [{ PGHOST: 'h', PGSERVICE: 'production' }, 'PGSERVICE is set, but it is not read here'],
    [{ PGHOST: 'h', PGHOSTADDR: '::1' }, 'PGHOSTADDR is set, but it is not read here'],
    [{ DATABASE_URL: 'postgres://me:secret@h/d' }, 'DATABASE_URL is set, but it is not read here'],
    [{ PGHOST: 'localhost:5433' }, 'The port goes into PGPORT'],
    [{ PGHOST: 'h', PGPORT: '0x1538' }, 'PGPORT is "0x1538"'],
    [{ PGHOST: 'h', PGSSLMODE: 'verifyfull' }, 'PGSSLMODE is "verifyfull"; it must be one of disable, allow'],
    [{ PGSSLMODE: 'Verify-Full' }, 'PGSSLMODE is "Verify-Full"; it must be one of disable, allow'],
    [{ PGHOST: 'h', PGSSLROOTCERT: 'nowhere.crt' }, 'PGSSLROOTCERT is "nowhere.crt"; no such file'],
    [{ BOOTSTRAP_SOURCE: 'flat-files:universe.csv' }, 'no such folder'],
    [{ BOOTSTRAP_SOURCE: 'flat-files:C:\\da\new' }, '"flat-files:C:\\da\\new"'],
    [{ BOOTSTRAP_UNIVERSE: 'drop' }, 'no such file'],
    [{ BOOTSTRAP_SOURCE: 'flat-files:drop', BOOTSTRAP_END: '2199-01-04' }, 'is in the future'],
    [{ BOOTSTRAP_END: '2999-01-04' }, 'must be a day, YYYY-MM-DD, from 1800 to 2199'],
    [{ DROPBOX_APP_KEY: 'key' }, 'DROPBOX_REFRESH_TOKEN is not set'],
    [{ DROPBOX_FOLDER: 'universe.csv' }, 'no such folder'],
    [{ DROPBOX_FOLDER: '.', DROPBOX_ACCESS_TOKEN: 'token' }, 'set only one of the two'],
  ] as const)('%j is one fault, and says what to do', ([env, message]) => {
    expect(faultsOf(env)).toEqual([expect.stringContaining(message)])
  })

  test('the URL or service of another program is ignored once a server of ours is named', () => {
    expect(faultsOf({ PGHOST: 'h', DATABASE_URL: 'postgres://me:secret@h/d' })).toEqual([])
    expect(faultsOf({ BOOTSTRAP_POSTGRES: 'embedded', PGSERVICE: 's', DATABASE_URL: 'x' })).toEqual([])
    expect(faultsOf({ DATABASE_URL: 'postgres://me:secret@h/d' }).join('')).not.toContain('secret')
  })

  test('other software’s variables are left alone', () => {
    const others = {
      PGDATA: '/d',
      PGAPPNAME: 'a',
      PGSSLKEY: 'k',
      PGUSER1: 'u',
      SEC: '1',
      ROLE: 'x',
    }
    expect(faultsOf(others)).toEqual([])
  })

  test.for(['db.test', '127.0.0.1', '::1', 'fe80::1%eth0', '/var/run/postgresql', 'C:\\pg'])(
    'PGHOST may be %s',
    (host) => {
      expect(faultsOf({ PGHOST: host })).toEqual([])
    },
  )

  test('a password in PGHOST is not shown', () => {
    expect(faultsOf({ PGHOST: 'postgres://me:s3cret@h/d' }).join()).not.toContain('s3cret')
  })

  test('bootstrap.json may begin with a byte order mark, or be another file by absolute path', () => {
    const other = join(root, 'drop', 'mine.json')
    writeFileSync(other, `\ufeff${JSON.stringify({ ...BOOTSTRAP, start_date: '2015-04-01' })}`)
    expect(readConfig({ BOOTSTRAP_FILE: other }, root).window.start_date).toBe('2015-04-01')
    writeFileSync(
      other,
      JSON.stringify({
        ...BOOTSTRAP,
        thresholds: { ...BOOTSTRAP.thresholds, not_found_max_ratio: { 'price-daily': 1 } },
      }),
    )
    expect(faultsOf({ BOOTSTRAP_FILE: other })).toEqual([expect.stringMatching(/^mine\.json: .*price-daily/)])
  })

  test('a child of a run in a container works on that container, and not on one of its own', () => {
    const before = { ...process.env }
    try {
      const connection = {
        host: '127.0.0.1',
        port: 49_153,
        user: 'postgres',
        password: 'canary-pw',
        database: 'x',
        ssl: 'disable',
      } as const
      Object.assign(process.env, { BOOTSTRAP_POSTGRES: 'container' })
      announceServer(connection)
      const child = readConfig(ownEnvironment({ PGDATABASE: 'scratch' }), root)
      expect(child.postgres).toEqual({ kind: 'existing', connection: { ...connection, database: 'scratch' } })
      announceServer(undefined)
      expect(readConfig(ownEnvironment(), root).postgres.kind).toBe('container')
    } finally {
      for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name]
      Object.assign(process.env, before)
    }
  })

  test('secrets are registered for redaction as they are read', () => {
    readConfig({ PGHOST: 'h', PGPASSWORD: 'canary-pw', DROPBOX_ACCESS_TOKEN: 'canary-token' }, root)
    expect(redact('canary-pw canary-token')).toBe('[redacted PGPASSWORD] [redacted DROPBOX_ACCESS_TOKEN]')
  })
})
