import { readdir } from 'node:fs/promises'
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest'
import type { Connection } from '../config/connection.ts'
import { type DumpSource, dumpSource } from '../testing/backup/dump-source.ts'
import { type Scratch, scratchDatabase } from '../testing/scratch.ts'
import { dump } from './dump.ts'
import { listBackups } from './manifest.ts'
import { verifyArchive, verifyFile, verifyRestore } from './verify.ts'

let directory: string
let source: Scratch
let server: Connection
let fill: DumpSource['fill']
let take: DumpSource['take']
beforeEach(async () => {
  server = inject('testServer')
  ;({ directory, source, fill, take } = await dumpSource())
})
afterEach(() => source.drop())

describe('a dump', () => {
  test('has its name in UTC, its manifest beside it, and passes the levels', async () => {
    await fill(1000)
    const progress: number[] = []
    const backup = await take({
      now: () => new Date('2026-03-08T06:59:59Z'),
      run_id: 'r-1',
      onProgress: ({ rows }) => progress.push(rows),
    })
    expect(await readdir(directory)).toEqual(['full_20260308_0659.dump', 'full_20260308_0659.dump.json'])
    expect(await listBackups(directory)).toEqual([backup])
    const { manifest } = backup
    expect(manifest).toMatchObject({
      database: source.connection.database,
      mode: 'rehearsal',
      run_id: 'r-1',
      encoding: 'UTF8',
      migration_head: null,
    })
    expect(manifest.command).toMatch(
      new RegExp(
        '^pg_dump --format=custom --compress=9 --no-owner --no-privileges --snapshot=\\S+ ' +
          '--lock-wait-timeout=60000 -f \\S+\\.dump\\.partial scratch_[0-9a-f]+$',
      ),
    )
    expect(manifest.system_identifier).toMatch(/^\d+$/)
    expect(manifest.fingerprint.tables['public.noise']).toMatchObject({ rows: 1000, key: ['id'] })
    await verifyFile(backup)
    await verifyArchive(backup)
    expect(await verifyRestore(backup, server)).toMatchObject({
      tables: 1,
      rows: 1000,
      content_sha256: manifest.fingerprint.content_sha256,
    })
  })

  test('never overwrites: the second one of a minute has another name', async () => {
    const now = () => new Date('2026-03-08T06:59:59Z')
    const files = [await take({ now }), await take({ now }), await take({ now })].map(
      ({ manifest }) => manifest.file,
    )
    expect(files).toEqual([
      'full_20260308_0659.dump',
      'full_20260308_0659_2.dump',
      'full_20260308_0659_3.dump',
    ])
    const both = await Promise.all([take({ now }), take({ now })])
    expect(new Set(both.map(({ manifest }) => manifest.file)).size).toBe(2)
    for (const backup of both) await verifyFile(backup)
  })

  test('holds the very rows that were hashed, while a writer goes on', async () => {
    await fill(50_000)
    await source.db.execute(
      `create sequence public.numbers;
       create table public.log (id bigint generated always as identity primary key, t text)`,
    )
    let writing = true
    const writer = (async () => {
      for (let count = 0; writing; count += 1) {
        await source.db.execute(
          `insert into public.log (t) values ('${count}');
           update public.noise set a = 'x${count}' where id = ${1 + (count % 50_000)};
           select nextval('public.numbers')`,
        )
      }
    })()
    const backup = await take()
    writing = false
    await writer
    expect(await verifyRestore(backup, server)).toMatchObject({ tables: 2 })
  })

  test('of a migrated database names its last migration', async () => {
    const migrated = await scratchDatabase({ migrated: true })
    const backup = await dump(migrated.connection, { directory, mode: 'rehearsal' })
    expect(backup.manifest.migration_head).toMatch(/^\d{3}-.*\.sql$/)
    await verifyRestore(backup, server)
    await migrated.drop()
  })
})
