/**
 * Which test proves that the product withstands which fault. When a test of this list is renamed or moved,
 * its entry here changes with it; a fault without a test is not proven any more.
 */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT_DIRECTORY } from '../config/config.ts'

type Proof = readonly [file: string, title: string]

/** By the number of the fault: what happens, and the tests that make it happen. */
const FAULTS: Readonly<Record<number, readonly [what: string, ...proofs: readonly Proof[]]>> = {
  1: [
    'the connection leads to a protected server',
    [
      'helpers/database/live-servers.test.ts',
      '%s refuses a live run on a server that is not on the list, before any write',
    ],
    ['helpers/database/target.test.ts', 'a mark made on another server does not count'],
  ],
  2: [
    'the target is a populated database that the product did not make',
    [
      'helpers/database/target.test.ts',
      'a populated foreign database is refused and unchanged; the message names the choices',
    ],
    [
      'helpers/database/target-database.test.ts',
      'a backup that changed, is gone, or is of another database is no proof',
    ],
  ],
  3: [
    'the target is sealed',
    [
      'helpers/database/target-database.test.ts',
      'a sealed database is refused with the statement that unseals it',
    ],
  ],
  4: [
    'the name of the target is an option, a DSN or a piece of SQL',
    ['helpers/config/config.test.ts', 'the database name %j is refused'],
    ['helpers/database/target-database.test.ts', '"%s" is not a name for a target'],
  ],
  5: [
    'two runs at once',
    [
      'helpers/database/lock.test.ts',
      'a second run is refused at once and names the holder: run, host, process, since when',
    ],
    [
      'ingest/pipeline/cannot-go-on.test.ts',
      'is refused while another run ingests into the database, and names it',
    ],
  ],
  6: [
    'the lock is lost',
    [
      'helpers/checklist/lost-lock.acceptance.test.ts',
      'in the middle of a box: the box is stopped, none follows, and the verdict is FAILED',
    ],
    [
      'helpers/checklist/lost-lock.acceptance.test.ts',
      'the checklist itself stops: it makes no database once the lock is gone',
    ],
    [
      'ingest/pipeline/cannot-go-on.test.ts',
      'stops before it writes more when the session that holds its lock is gone',
    ],
  ],
  7: [
    'the ingestion is killed',
    [
      'ingest/pipeline/kill.test.ts',
      'a run that is killed at any moment and resumed has the content of a clean run',
    ],
  ],
  8: [
    'the dump is killed',
    [
      'helpers/backup/dump-faults.acceptance.test.ts',
      'leaves at most a partial file, after %i bytes, which the next dump sweeps',
    ],
    ['helpers/backup/dump-faults.acceptance.test.ts', 'when pg_dump is killed half-way'],
  ],
  9: [
    'the upload is killed',
    [
      'helpers/remote/upload-large.acceptance.test.ts',
      '300 MB, 20 cuts, 2 kills: one remote file, equal hash, at most one chunk resent a fault',
    ],
  ],
  10: [
    'the disk is full during a dump',
    [
      'helpers/backup/dump-faults.acceptance.test.ts',
      'a full disk fails the dump, leaves no file, and keeps the earlier backup',
    ],
  ],
  11: [
    'the disk of the server is full',
    [
      'ingest/pipeline/server-faults.test.ts',
      'a full server disk fails the run, leaves no partial security, and is recovered later',
    ],
  ],
  12: [
    'the server crashes during a COPY',
    [
      'ingest/pipeline/server-faults.test.ts',
      'a server crash during a COPY fails the run; the next run has the content of a clean one',
    ],
  ],
  13: [
    'the server restarts during a dump',
    [
      'helpers/backup/dump-server.acceptance.test.ts',
      'a server that is restarted in the middle of a dump fails it, and nothing is published',
    ],
  ],
  14: [
    'the connections of the server are exhausted',
    [
      'helpers/postgres/database.test.ts',
      'when all connections of the server are in use, it waits and works once one is free',
    ],
    [
      'helpers/postgres/database.test.ts',
      'when none becomes free, it gives up, and says by its SQLSTATE that they are exhausted',
    ],
  ],
  15: [
    'the network is cut within a chunk',
    ['helpers/remote/upload.test.ts', 'the connection is cut within a chunk'],
  ],
  16: ['the reply to an append is lost', ['helpers/remote/upload.test.ts', 'the reply to an append is lost']],
  17: [
    'the reply to the finish is lost',
    ['helpers/remote/upload.test.ts', 'the reply to the finish is lost'],
  ],
  18: [
    'the token expires during an upload',
    ['helpers/remote/upload.test.ts', 'the token expires on the way'],
  ],
  19: [
    'the grant is revoked, or lacks a scope',
    ['helpers/remote/dropbox-store.test.ts', 'a revoked grant stops at once, and says what to do'],
    ['helpers/remote/dropbox-store.test.ts', 'a missing %s is named'],
  ],
  20: [
    '429, as JSON and as text',
    ['helpers/remote/upload.test.ts', 'as %s: no request is repeated before Retry-After'],
  ],
  21: [
    'the account is full',
    [
      'helpers/remote/upload.test.ts',
      'a full account fails at once and keeps the session; later no byte is sent twice',
    ],
  ],
  22: [
    'the remote name holds other content',
    ['helpers/remote/upload.test.ts', 'other content is a conflict before a byte is sent, and stays'],
    ['helpers/remote/upload.test.ts', 'other content that arrived meanwhile is a conflict too'],
  ],
  23: [
    'the remote bytes are damaged',
    [
      'helpers/backup/remote.test.ts',
      'a bit that turns over in the remote store is seen, though its metadata says nothing',
    ],
    [
      'helpers/backup/remote.test.ts',
      'a copy whose manifest is missing, damaged, or another one than here does not pass',
    ],
  ],
  24: [
    'the dump is damaged',
    ['helpers/backup/damage.acceptance.test.ts', 'the matrix has 32 variants, each of them another file'],
    [
      'helpers/backup/damage.acceptance.test.ts',
      'every damage after the hash was taken is refused before anything is restored',
    ],
  ],
  25: [
    'the dump holds less than the database',
    ['helpers/backup/dump-faults.acceptance.test.ts', 'when a table is left out'],
    ['helpers/backup/dump-faults.acceptance.test.ts', 'never makes a dump of fewer rows that passes'],
  ],
  26: [
    'a migration is edited, removed or reordered',
    [
      'helpers/database/migrate.test.ts',
      'an edited migration is refused with both hashes, and nothing pending is applied',
    ],
    ['helpers/database/migrate.test.ts', 'a removed migration is refused, also when it was the last one'],
    [
      'helpers/database/migrate.test.ts',
      'a migration inserted before an applied one is refused, and so are two that were swapped',
    ],
  ],
  27: [
    'an index is left INVALID',
    [
      'helpers/database/migrate.test.ts',
      'an INVALID index left by create index concurrently is named, and again at the next try',
    ],
  ],
  28: [
    'a row is edited by hand',
    [
      'helpers/database/content-hashes.test.ts',
      'an edit that bypassed the triggers is named with its table and its key range',
    ],
    [
      'helpers/database/content-hashes.test.ts',
      'an edit by hand is distinguished from a run that was killed before its end',
    ],
    [
      'ingest/pipeline/unseen-edit.acceptance.test.ts',
      'a run that changes a table first records an edit that bypassed its triggers',
    ],
  ],
  29: [
    'the clock is wrong, or an hour comes twice',
    [
      'helpers/postgres/clock.test.ts',
      'a clock that is wrong is beyond the bound in either direction, and a right one within it',
    ],
    [
      'helpers/postgres/clock.test.ts',
      'an hour that the time zone repeats gives two backup names, in UTC and in order',
    ],
  ],
  30: [
    'a provider fails for some symbols',
    [
      'ingest/pipeline/outage.acceptance.test.ts',
      'that fails for a third of the symbols fails the run, names each, and is retried for them',
    ],
  ],
  31: [
    'a provider answers 200 with wrong data',
    ['ingest/pipeline/outage.acceptance.test.ts', 'that answers 200 with %s puts no such row in'],
  ],
  32: [
    'pg_dump is older than the server',
    [
      'helpers/postgres/tools.test.ts',
      'tools older than the server are refused, with versions, places and the install command',
    ],
    [
      'helpers/backup/pg-restore.acceptance.test.ts',
      'a client newer than the server restores equal rows, despite a setting it does not know',
    ],
  ],
  38: [
    'a restore into another locale, without the roles',
    [
      'helpers/backup/restore-locale.test.ts',
      'a restore under another encoding and without the roles has equal encoding and rows',
    ],
    [
      'helpers/backup/restore-locale.test.ts',
      'a locale that the server does not have is named, with what to do',
    ],
    [
      'helpers/backup/dump-server.acceptance.test.ts',
      'a backup of another server, with roles that are not here, restores equal',
    ],
  ],
}

const NUMBERS = [...Array.from({ length: 32 }, (_, at) => at + 1), 38]

test('every fault that the product answers for has its proof', () => {
  expect(Object.keys(FAULTS).map(Number)).toEqual(NUMBERS)
})

/**
 * Why a test cannot be found, in a sentence that says what to change; undefined when it is there. A title is
 * looked for in single quotes, so that one in a comment does not count.
 */
function missing([file, title]: Proof): string | undefined {
  const path = join(ROOT_DIRECTORY, file)
  const here = `helpers/backup/faults.test.ts names the test '${title}' in ${file}`
  if (existsSync(path) && readFileSync(path, 'utf8').includes(`'${title}'`)) return undefined
  const elsewhere = testFiles().filter((each) =>
    readFileSync(join(ROOT_DIRECTORY, each), 'utf8').includes(`'${title}'`),
  )
  if (elsewhere.length > 0)
    return `${here}. It is now in ${elsewhere.join(', ')}: change the path in the list.`
  if (!existsSync(path)) return `${here}. That file does not exist: give the list the new path and title.`
  const nearest = nearestTitle(title, readFileSync(path, 'utf8'))
  return `${here}. The nearest title there is '${nearest}': if the test was renamed, change the list.`
}

const testFiles = (): string[] =>
  globSync('{phases,ingest,helpers,reports}/**/*.test.ts', { cwd: ROOT_DIRECTORY })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path !== 'helpers/backup/faults.test.ts')

/** Of the texts in single quotes the one that has the most words of `title`. */
function nearestTitle(title: string, source: string): string {
  const words = new Set(title.split(' '))
  const shared = (text: string): number => text.split(' ').filter((word) => words.has(word)).length
  const titles = [...source.matchAll(/'([^'\n]{8,})'/g)].map(([, text = '']) => text)
  return titles.toSorted((a, b) => shared(b) - shared(a))[0] ?? 'none'
}

test.each(NUMBERS.map((number) => [number, FAULTS[number]?.[0] ?? 'unknown'] as const))(
  'fault %i: %s',
  (number) => {
    const [, ...proofs] = FAULTS[number] ?? []
    expect(proofs.length).toBeGreaterThan(0)
    expect(proofs.flatMap((proof) => missing(proof) ?? [])).toEqual([])
  },
)

test('a test that does not exist is no proof', () => {
  const [file, title] = FAULTS[5]?.[1] ?? ['', '']
  expect(missing([file, title])).toBeUndefined()
  expect(missing([file, 'a third run is welcome'])).toMatch(/nearest title there is '.+': if the test was/)
  expect(missing(['helpers/config/config.test.ts', title])).toContain(`It is now in ${file}: change the path`)
  expect(missing(['helpers/none.test.ts', 'a third run is welcome'])).toContain('does not exist')
})
