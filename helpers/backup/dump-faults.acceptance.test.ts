import { mkdir, readdir, stat, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest'
import type { Connection } from '../config/connection.ts'
import { fingerprintOf } from '../database/fingerprint.ts'
import { openDatabase, withDatabase } from '../postgres/database.ts'
import { type DumpSource, dumpSource } from '../testing/backup/dump-source.ts'
import type { Scratch } from '../testing/scratch.ts'
import { dump } from './dump.ts'
import { listBackups, manifestFileOf } from './manifest.ts'
import { sweepPartials } from './partial.ts'
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

const partialBytes = async (): Promise<number> => {
  const name = (await readdir(directory)).find((each) => each.endsWith('.partial'))
  return name === undefined ? 0 : (await stat(join(directory, name)).catch(() => ({ size: 0 }))).size
}
/** Nothing in the folder that could be taken for a backup, nor anything else. */
const expectNothing = async (): Promise<void> => {
  expect(await listBackups(directory)).toEqual([])
  expect(await readdir(directory)).toEqual([])
}

describe('a dump that fails leaves no file', () => {
  test('when pg_dump is killed half-way', async () => {
    await fill(300_000)
    const dumping = take({
      onStart: (pid) => {
        void (async () => {
          while ((await partialBytes()) < 1_000_000) await sleep(2)
          process.kill(pid, 'SIGKILL')
        })()
      },
    })
    await expect(dumping).rejects.toThrow(/pg_dump/)
    await expectNothing()
  })

  test('when its manifest cannot be written, and no archive without one either', async () => {
    await fill(100)
    await mkdir(join(directory, 'full_20260308_0659.dump.partial.json', 'in-the-way'), { recursive: true })
    await expect(take({ now: () => new Date('2026-03-08T06:59:59Z') })).rejects.toThrow()
    expect((await readdir(directory)).filter((name) => name.endsWith('.dump'))).toEqual([])
  })

  test('when the folder for backups is none, and it says what to do', async () => {
    await writeFile(join(directory, 'a file'), '')
    const taken = dump(source.connection, { directory: join(directory, 'a file'), mode: 'rehearsal' })
    await expect(taken).rejects.toThrow(
      /No backup can be written to .*a file: .*set BOOTSTRAP_STATE to another folder/,
    )
  })

  test('when it is aborted', async () => {
    await fill(300_000)
    const stop = new AbortController()
    const dumping = take({ signal: stop.signal, onStart: () => void setTimeout(() => stop.abort(), 100) })
    await expect(dumping).rejects.toThrow()
    await expectNothing()
  })

  test('when its server connection is ended', async () => {
    await fill(300_000)
    const dumping = take({
      onStart: () => {
        void (async () => {
          while ((await partialBytes()) < 1_000_000) await sleep(2)
          await withDatabase(server, (db) =>
            db.rows(
              `select pg_terminate_backend(pid) from pg_stat_activity
                where datname = $1 and application_name like '%dump%'
                   or datname = $1 and query like 'COPY public.noise%'`,
              [source.connection.database],
            ),
          )
        })()
      },
    })
    await expect(dumping).rejects.toThrow()
    await expectNothing()
  })

  test('when a table is left out', async () => {
    await fill(10)
    await expect(take({ extra_arguments: ['--exclude-table-data=public.noise'] })).rejects.toThrow(
      /contains no data of public\.noise/,
    )
    await expectNothing()
  })

  test('when the database does not exist', async () => {
    await expect(
      dump({ ...server, database: 'no_such_database' }, { directory, mode: 'rehearsal' }),
    ).rejects.toThrow(/does not exist/)
    await expectNothing()
  })

  test('and earlier backups stay', async () => {
    const earlier = await take()
    await fill(10)
    await expect(take({ extra_arguments: ['--no-such-option'] })).rejects.toThrow(/no-such-option/)
    expect(await listBackups(directory)).toEqual([earlier])
    await verifyFile(earlier)
  })
})

describe('a killed process', () => {
  test.each([1, 1_000_000, 5_000_000])(
    'leaves at most a partial file, after %i bytes, which the next dump sweeps',
    async (bytes) => {
      await fill(200_000)
      const child = execa(
        process.execPath,
        [join(import.meta.dirname, '../testing/backup/dump-process.ts'), directory],
        {
          reject: false,
          input: JSON.stringify(source.connection),
        },
      )
      while ((await partialBytes()) < bytes) await sleep(2)
      child.kill('SIGKILL')
      await child
      expect(await listBackups(directory)).toEqual([])
      const left = await readdir(directory)
      expect(left.length).toBeGreaterThan(0)
      expect(left.filter((name) => !/\.partial(\.owner)?$/.test(name))).toEqual([])
      await source.db.execute('truncate public.noise')
      const backup = await take()
      expect((await readdir(directory)).toSorted()).toEqual([
        backup.manifest.file,
        manifestFileOf(backup.manifest.file),
      ])
    },
  )

  test('of another host keeps its partial file for hours, a living one always', async () => {
    const mine = join(directory, 'full_20260101_0000.dump.partial')
    await writeFile(mine, 'x')
    await writeFile(`${mine}.owner`, JSON.stringify({ host: hostname(), pid: process.ppid }))
    const foreign = join(directory, 'full_20260101_0001.dump.partial')
    await writeFile(foreign, 'x')
    await writeFile(`${foreign}.owner`, JSON.stringify({ host: 'elsewhere', pid: 1 }))
    expect(await sweepPartials(directory)).toEqual([])
    expect(await readdir(directory)).toHaveLength(4)
  })
})

test('what a killed process left beside the backups is removed once it is old', async () => {
  for (const [kind, age_ms] of [
    ['old', 7 * 3_600_000],
    ['new', 0],
  ] as const) {
    const at = new Date(Date.now() - age_ms)
    const copy = join(directory, `remote-copy-${kind}`)
    await mkdir(copy)
    await writeFile(join(copy, 'full_20260101_0000.dump'), 'half')
    const proof = join(directory, `full_20260101_0000.dump.proof.json.1.${kind}.partial`)
    await writeFile(proof, '{')
    for (const path of [copy, proof]) await utimes(path, at, at)
  }
  const names = (kind: string): string[] => [
    `full_20260101_0000.dump.proof.json.1.${kind}.partial`,
    `remote-copy-${kind}`,
  ]
  expect((await sweepPartials(directory)).toSorted()).toEqual(names('old'))
  expect((await readdir(directory)).toSorted()).toEqual(names('new'))
})

describe('row security', () => {
  test('never makes a dump of fewer rows that passes', async () => {
    const role = `reader_${source.connection.database.slice(8)}`
    await fill(100)
    await source.db.execute(
      `create role ${role} login password 'row security';
       grant usage on schema public to ${role};
       grant select on public.noise to ${role};
       alter table public.noise enable row level security;
       create policy nothing on public.noise for select using (false)`,
    )
    const reader = { ...source.connection, user: role, password: 'row security' }
    try {
      await expect(take({ dump_as: reader }), 'pg_dump itself refuses').rejects.toThrow(
        /row-level security|row security/,
      )
      await expect(fingerprintOf(reader, { scope: 'full' }), 'the hashing refuses too').rejects.toThrow(
        /row-level security|row security/,
      )
      const short = await take({ dump_as: reader, extra_arguments: ['--enable-row-security'] })
      await verifyArchive(short)
      await expect(
        verifyRestore(short, server),
        'and where nobody refuses, the comparison does',
      ).rejects.toMatchObject({
        differences: [{ name: 'public.noise' }],
      })
    } finally {
      await source.db.execute(`drop owned by ${role}; drop role ${role}`)
    }
  })
})

// A small file system can only be mounted by root; a limit on the size of files does the same to pg_dump.
// Both are Linux.
if (process.platform === 'linux') {
  test('a full disk fails the dump, leaves no file, and keeps the earlier backup', async () => {
    const small = join(directory, 'small')
    await mkdir(small)
    const mounted =
      (await execa('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', small], { reject: false })).exitCode ===
      0
    try {
      const earlier = await take({ directory: small })
      await fill(200_000)
      const limit = (pid: number): void => {
        if (!mounted) void execa('prlimit', ['--pid', String(pid), '--fsize=4000000'])
      }
      await expect(take({ directory: small, onStart: limit })).rejects.toThrow(
        /No space left|File too large|signal|SIGXFSZ/,
      )
      expect(await listBackups(small)).toEqual([earlier])
      expect(await readdir(small)).toHaveLength(2)
      await verifyFile(earlier)
    } finally {
      if (mounted) await execa('umount', [small])
    }
  })
}

test('a table that somebody holds fails the dump after a while, and does not hang it', async () => {
  await fill(10)
  const holder = openDatabase(source.connection)
  await holder.transaction(async (tx) => {
    await tx.execute('lock table public.noise in access exclusive mode')
    await expect(take({ extra_arguments: ['--lock-wait-timeout=200'] })).rejects.toThrow(/lock/)
  })
  await holder.close()
  await expectNothing()
})
