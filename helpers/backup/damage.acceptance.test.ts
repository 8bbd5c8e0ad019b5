import { cp, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import type { Connection } from '../config/connection.ts'
import { hashFile } from '../core/file-hash.ts'
import { compareFingerprints } from '../database/compare.ts'
import { fingerprintOf } from '../database/fingerprint.ts'
import { createEmptyDatabase, dropDatabase, scratchName } from '../database/scratch.ts'
import { runClient } from '../postgres/client.ts'
import { type Scratch, scratchDatabase } from '../testing/scratch.ts'
import { type Backup, dump } from './dump.ts'
import { verifyArchive, verifyFile, verifyRestore } from './verify.ts'

const SCHEMA = `
  create table public.symbols (id int primary key, name text not null);
  create table public.bars (
    id int not null references public.symbols, d date not null,
    o numeric(14,4), h numeric(14,4), l numeric(14,4), c numeric(14,4), extra jsonb,
    primary key (id, d));
  create sequence public.numbers;
  insert into public.symbols select i, 'symbol ' || i from generate_series(1, 40) i;
  insert into public.bars
  select s, date '2020-01-01' + n,
         round((100 + n * 0.37 + s)::numeric, 4), round((101 + n * 0.41 + s)::numeric, 4),
         round((99 + n * 0.31 + s)::numeric, 4), round((100 + n * 0.35 + s)::numeric, 4),
         jsonb_build_object('n', n, 'hash', md5(s || '-' || n))
    from generate_series(1, 40) s, generate_series(1, 1000) n;
  select setval('public.numbers', 77);
`

let directory: string
let source: Scratch
let server: Connection
let backup: Backup
let plain: Backup
let bytes: Buffer
let others: Record<'stale' | 'excluded' | 'schema', Buffer>

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'damage-'))
  server = inject('testServer')
  source = await scratchDatabase()
  await source.db.execute(SCHEMA)
  const options = { directory: join(directory, 'other'), mode: 'rehearsal' }
  const stale = await readFile((await dump(source.connection, options)).archive)
  await source.db.execute("update public.bars set c = c + 1 where id = 7 and d = date '2021-01-01'")
  backup = await dump(source.connection, { ...options, directory: join(directory, 'backups') })
  plain = await dump(source.connection, { ...options, extra_arguments: ['--compress=0'] })
  bytes = await readFile(backup.archive)
  const partial = async (argument: string): Promise<Buffer> => {
    const file = join(directory, 'partial.dump')
    await runClient(
      'pg_dump',
      backup.manifest.server_version,
      ['--format=custom', '--compress=9', argument, '-f', file],
      source.connection,
    )
    return readFile(file)
  }
  others = {
    stale,
    excluded: await partial('--exclude-table=public.symbols'),
    schema: await partial('--schema-only'),
  }
})
afterAll(async () => {
  await source.drop()
  await rm(directory, { recursive: true, force: true })
})

/** Bytes in the place of a text of the same length, in the table of contents. */
const swap =
  (from: string, to: string) =>
  (archive: Buffer): Buffer => {
    const at = archive.indexOf(from)
    if (at === -1 || from.length !== to.length)
      throw new Error(`"${from}" is not in the archive, or "${to}" is not as long`)
    const copy = Buffer.from(archive)
    copy.write(to, at)
    return copy
  }
const flip =
  (at: (archive: Buffer) => number) =>
  (archive: Buffer): Buffer => {
    const copy = Buffer.from(archive)
    copy[at(archive)] = (copy[at(archive)] ?? 0) ^ 0x10
    return copy
  }
const cut =
  (at: (archive: Buffer) => number) =>
  (archive: Buffer): Buffer =>
    archive.subarray(0, at(archive))
/** Where the first data block begins: its compressed bytes begin like every zlib stream at level 9. */
const dataStart = (archive: Buffer): number => archive.indexOf(Buffer.from([0x78, 0xda]))
const inData =
  (part: number) =>
  (archive: Buffer): number =>
    dataStart(archive) + Math.floor((archive.length - dataStart(archive)) * part)
const splice =
  (at: number, remove: number, insert: (archive: Buffer) => Buffer) =>
  (archive: Buffer): Buffer => {
    const from = inData(at)(archive)
    return Buffer.concat([archive.subarray(0, from), insert(archive), archive.subarray(from + remove)])
  }
const nothing = (): Buffer => Buffer.alloc(0)

type Damage = readonly [name: string, make: (archive: Buffer) => Buffer]
const DAMAGES: readonly Damage[] = [
  ['cut to 10 %', cut(({ length }) => Math.floor(length * 0.1))],
  ['cut to 50 %', cut(({ length }) => Math.floor(length * 0.5))],
  ['cut to 90 %', cut(({ length }) => Math.floor(length * 0.9))],
  ['cut to 99 %', cut(({ length }) => Math.floor(length * 0.99))],
  ['64 bytes cut off', cut(({ length }) => length - 64)],
  ['1 byte cut off', cut(({ length }) => length - 1)],
  ['cut inside the table of contents', cut(() => 900)],
  ['empty', nothing],
  ['magic damaged', flip(() => 1)],
  ['format byte damaged', flip(() => 10)],
  ['compression field damaged', flip(() => 12)],
  ['table of contents: another table as the target of COPY', swap('COPY public.bars', 'COPY public.barr')],
  ['table of contents: not null gone', swap('NOT NULL', 'OOT NULL')],
  ['table of contents: another scale', swap('numeric(14,4)', 'numeric(14,5)')],
  ['table of contents: two columns change places', swap('o, h, l, c', 'o, h, c, l')],
  ...[0.1, 0.3, 0.5, 0.7, 0.9].map(
    (part): Damage => [`one bit of the data at ${part * 100} %`, flip(inData(part))],
  ),
  ['header of a block', flip((archive) => dataStart(archive) - 3)],
  ['checksum of a block', flip((archive) => archive.length - 8)],
  ['last byte', flip(({ length }) => length - 1)],
  ['4 KiB zeroed in the middle', splice(0.5, 4096, () => Buffer.alloc(4096))],
  ['8 KiB zeroed at the end', (archive) => Buffer.concat([archive.subarray(0, -8192), Buffer.alloc(8192)])],
  ['512 bytes deleted', splice(0.5, 512, nothing)],
  [
    '4 KiB doubled',
    splice(0.5, 0, (archive) => archive.subarray(inData(0.5)(archive), inData(0.5)(archive) + 4096)),
  ],
  ['1 KiB of garbage appended', (archive) => Buffer.concat([archive, Buffer.alloc(1024, 'garbage')])],
  ['itself appended', (archive) => Buffer.concat([archive, archive])],
  ['an older dump, valid in itself', () => others.stale],
  ['one table left out', () => others.excluded],
  ['schema only', () => others.schema],
]
/** Bytes after the end of an archive change nothing that is restored: only the hash of the file sees them. */
const HARMLESS = ['1 KiB of garbage appended', 'itself appended']
/** An archive that is complete in itself reads well: only the comparison after the restore sees these. */
const SEEN_BY_RESTORE = [
  'an older dump, valid in itself',
  'table of contents: another scale',
  'table of contents: another table as the target of COPY',
  'table of contents: not null gone',
  'table of contents: two columns change places',
]

/**
 * The damaged file under the name of the backup; with `rehashed`, under a manifest of its own hashes, as if
 * damaged before they were taken.
 */
async function damaged(of: Backup, content: Buffer, rehashed: boolean): Promise<Backup> {
  const folder = await mkdtemp(join(directory, 'variant-'))
  const archive = join(folder, of.manifest.file)
  await writeFile(archive, content)
  return { archive, manifest: rehashed ? { ...of.manifest, ...(await hashFile(archive)) } : of.manifest }
}

/** The first level that refuses; null when all pass. */
async function refusedAt(suspect: Backup): Promise<1 | 2 | 3 | null> {
  const levels = [
    () => verifyFile(suspect),
    () => verifyArchive(suspect),
    () => verifyRestore(suspect, server),
  ] as const
  for (const [index, verify] of levels.entries()) {
    try {
      await verify()
    } catch {
      return (index + 1) as 1 | 2 | 3
    }
  }
  return null
}

test('the matrix has 32 variants, each of them another file', () => {
  expect(DAMAGES).toHaveLength(32)
  for (const [name, make] of DAMAGES) expect(make(bytes).equals(bytes), name).toBe(false)
})

test('the backup itself passes all levels', async () => {
  expect(await refusedAt(backup)).toBe(null)
})

describe('every damage after the hash was taken is refused before anything is restored', () => {
  test.each(DAMAGES)('%s', async (_name, make) => {
    expect(await refusedAt(await damaged(backup, make(bytes), false))).toBe(1)
  })
})

describe('every damage before the hash was taken is refused by reading or by restoring', () => {
  test.each(DAMAGES.filter(([name]) => !HARMLESS.includes(name)))('%s', async (name, make) => {
    const level = SEEN_BY_RESTORE.includes(name) ? 3 : 2
    expect(await refusedAt(await damaged(backup, make(bytes), true))).toBe(level)
  })
  test.each(DAMAGES.filter(([name]) => HARMLESS.includes(name)))(
    '%s: what is restored is equal',
    async (_name, make) => {
      expect(await refusedAt(await damaged(backup, make(bytes), true))).toBe(null)
    },
  )
})

test('what only a comparison of rows sees is named by its table', async () => {
  const stale = await damaged(backup, others.stale, true)
  await verifyArchive(stale)
  await expect(verifyRestore(stale, server)).rejects.toMatchObject({
    differences: [{ kind: 'table', name: 'public.bars' }],
  })
  const scale = await damaged(backup, swap('numeric(14,4)', 'numeric(14,5)')(bytes), true)
  await expect(verifyRestore(scale, server)).rejects.toThrow(/another definition/)
})

describe('without compression there is no checksum, and the comparison still sees', () => {
  test.each([0.1, 0.25, 0.4, 0.6, 0.9])('one digit at %f of the data', async (part) => {
    const archive = await readFile(plain.archive)
    const start = archive.indexOf('1\t2020-01-02\t')
    let at = start + Math.floor((archive.length - start) * part * 0.9)
    while (!/[1-8]/.test(String.fromCharCode(archive[at] ?? 0)) || archive[at - 1] !== 0x2e) at += 1
    const copy = Buffer.from(archive)
    copy[at] = (copy[at] ?? 0) ^ 1
    expect(await refusedAt(await damaged(plain, copy, false))).toBe(1)
    expect(await refusedAt(await damaged(plain, copy, true))).toBe(3)
  })
})

describe('a directory archive without its data restores with exit code 0, and the comparison fails:', () => {
  test.each<[string, (file: string) => Promise<void>]>([
    ['a data file cut to nothing', (file) => truncate(file)],
    ['a data file replaced by an empty one', (file) => writeFile(file, gzipSync(''))],
  ])('%s', async (_name, spoil) => {
    const whole = join(directory, `folder-${_name.length}`)
    const { server_version } = backup.manifest
    await runClient('pg_dump', server_version, ['--format=directory', '-f', whole], source.connection)
    const spoiled = `${whole}-spoiled`
    await cp(whole, spoiled, { recursive: true })
    const data = (await readdir(spoiled)).filter((name) => name.endsWith('.dat.gz'))
    const sizes = await Promise.all(
      data.map(async (name) => ({ name, size: (await readFile(join(spoiled, name))).length })),
    )
    const largest = sizes.toSorted((a, b) => b.size - a.size)[0]?.name ?? ''
    await spoil(join(spoiled, largest))

    const database = scratchName()
    await createEmptyDatabase(server, database, backup.manifest)
    try {
      const target = { ...server, database }
      const restored = await runClient(
        'pg_restore',
        server_version,
        ['--exit-on-error', '--single-transaction', `--dbname=${database}`, spoiled],
        target,
      )
      expect(restored.exit_code).toBe(0)
      const differences = compareFingerprints(
        backup.manifest.fingerprint,
        await fingerprintOf(target, { scope: 'full' }),
      )
      expect(differences.map(({ name }) => name)).toEqual(['public.bars'])
    } finally {
      await dropDatabase(server, database)
    }
  })
})
