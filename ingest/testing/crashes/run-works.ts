import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import yauzl from 'yauzl'
import { extractBundle, makeBundle, sumFileOf } from '../../../helpers/backup/bundle.ts'
import { backupName, findBackups, type Manifest } from '../../../helpers/backup/manifest.ts'
import { claimPartial, publish } from '../../../helpers/backup/partial.ts'
import { provenLevels, recordProof } from '../../../helpers/backup/proof.ts'
import { Journal, verifyJournal } from '../../../helpers/checklist/journal.ts'
import { Ledger } from '../../../helpers/checklist/ledger.ts'
import { pointTo, resolvePointer } from '../../../helpers/core/pointer.ts'
import { contentHashOf, schemaHashOf } from '../../../helpers/database/fingerprint.ts'
import { FolderStore } from '../../../helpers/remote/folder-store.ts'
import { SessionFile } from '../../../helpers/remote/session-file.ts'
import { BODY, sha256, type Work } from './work.ts'

const NOW = new Date('2026-03-08T06:59:59Z')
function manifestOf(bytes: Buffer, file: string): Manifest {
  const hash = sha256(bytes)
  return {
    format: 'stocks-research-backup',
    version: 1,
    file,
    bytes: bytes.length,
    sha256: hash,
    content_hash: hash,
    database: 'stocks',
    mode: 'rehearsal',
    run_id: null,
    migration_head: null,
    encoding: 'UTF8',
    collate: 'C',
    ctype: 'C',
    locale_provider: 'c',
    icu_locale: null,
    server_version: '16.1',
    system_identifier: null,
    database_oid: '1',
    tool_version: '1',
    command: 'pg_dump',
    snapshot_at: NOW.toISOString(),
    ended_at: NOW.toISOString(),
    dump_duration_ms: 1,
    fingerprint: {
      scope: 'full',
      tables: {},
      views: {},
      sequences: {},
      objects: {},
      schema_sha256: schemaHashOf({}),
      content_sha256: contentHashOf({}),
      unvalidated_constraints: [],
    },
  }
}
async function backUp(directory: string, bytes: Buffer): Promise<void> {
  await mkdir(directory, { recursive: true })
  const { file, release } = await claimPartial(directory, backupName(NOW))
  await writeFile(file, bytes)
  await publish(file, directory, backupName(NOW), (name) => manifestOf(bytes, name))
  await release()
}

const START = { event: 'box-started', phase: '00-a' } as const
const CLAIMS = ['one', 'two', 'three', 'four']
const claimsOf = (file: string): string[] =>
  verifyJournal(file).entries.map((entry) => ('claim' in entry ? entry.claim : ''))
function appendRest(file: string): void {
  const reading = existsSync(file) ? verifyJournal(file) : undefined
  const journal = reading === undefined ? Journal.create(file) : Journal.recover(file, reading)
  for (const claim of CLAIMS.slice(reading?.entries.length ?? 0)) journal.append({ ...START, claim }, NOW)
  journal.close()
}

const tick = (phase: string) => ({
  phase,
  scope: 's',
  run_id: 'r',
  ticked_at: NOW.toISOString(),
  boxes_count: 1,
})
const SESSION = { path: '/a.dump', bytes: 10, sha256: sha256('a') }

/** What the checklist and the backups write. */
export const RUN_WORKS: readonly Work[] = [
  {
    name: 'the run journal',
    async work(root) {
      appendRest(join(root, 'journal.jsonl'))
    },
    async read(root) {
      const file = join(root, 'journal.jsonl')
      if (!existsSync(file)) return
      const { fault, is_torn } = verifyJournal(file)
      expect(fault === undefined || is_torn).toBe(true)
      expect(claimsOf(file)).toEqual(CLAIMS.slice(0, claimsOf(file).length))
    },
    async complete(root) {
      expect(verifyJournal(join(root, 'journal.jsonl')).fault).toBeUndefined()
      expect(claimsOf(join(root, 'journal.jsonl'))).toEqual(CLAIMS)
    },
  },
  {
    name: 'the recovery of a torn run journal',
    async prepare(root) {
      const file = join(root, 'journal.jsonl')
      const journal = Journal.create(file)
      journal.append({ ...START, claim: 'one' }, NOW)
      journal.close()
      writeFileSync(file, '{"seq": 2, "at"', { flag: 'a' })
    },
    async work(root) {
      appendRest(join(root, 'journal.jsonl'))
    },
    async read(root) {
      const { fault, is_torn } = verifyJournal(join(root, 'journal.jsonl'))
      expect(fault === undefined || is_torn).toBe(true)
      expect(claimsOf(join(root, 'journal.jsonl'))[0]).toBe('one')
    },
    async complete(root) {
      expect(verifyJournal(join(root, 'journal.jsonl')).fault).toBeUndefined()
      expect(claimsOf(join(root, 'journal.jsonl'))).toEqual(CLAIMS)
    },
  },
  {
    name: 'the phase ledger',
    async prepare(root) {
      for (const phase of ['01', '02', '03']) new Ledger(root).tick(tick(phase))
    },
    async work(root) {
      const ledger = new Ledger(root)
      ledger.untickFrom('02')
      ledger.tick(tick('02'))
    },
    async read(root) {
      const ledger = new Ledger(root)
      expect(ledger.read('01', 's')).toEqual(tick('01'))
      for (const phase of ['02', '03'])
        expect([undefined, tick(phase)]).toContainEqual(ledger.read(phase, 's'))
    },
    async complete(root) {
      const ledger = new Ledger(root)
      expect(['01', '02', '03'].map((phase) => ledger.read(phase, 's')?.phase)).toEqual([
        '01',
        '02',
        undefined,
      ])
    },
  },
  {
    name: 'the pointer to the latest run',
    async prepare(root) {
      for (const name of ['old', 'new']) mkdirSync(join(root, 'runs', name), { recursive: true })
      pointTo(join(root, 'latest'), join(root, 'runs', 'old'))
    },
    async work(root) {
      pointTo(join(root, 'latest'), join(root, 'runs', 'new'))
    },
    async read(root) {
      expect(existsSync(resolvePointer(join(root, 'latest')))).toBe(true)
    },
    async complete(root) {
      writeFileSync(join(root, 'runs', 'new', 'file'), '')
      expect(existsSync(join(resolvePointer(join(root, 'latest')), 'file'))).toBe(true)
    },
  },
  {
    name: 'a backup and its manifest, beside an older one',
    prepare: (root) => backUp(join(root, 'backups'), BODY),
    work: (root) => backUp(join(root, 'backups'), BODY.subarray(1)),
    async read(root) {
      const { good } = await findBackups(join(root, 'backups'))
      for (const { archive, manifest } of good) expect(sha256(readFileSync(archive))).toBe(manifest.sha256)
      expect(good[0]?.manifest.sha256).toBe(sha256(BODY))
    },
    async complete(root) {
      const { good } = await findBackups(join(root, 'backups'))
      expect(good.at(-1)?.manifest.sha256).toBe(sha256(BODY.subarray(1)))
    },
  },
  {
    name: 'the proof of a backup',
    async prepare(root) {
      const backup = { archive: join(root, 'a.dump'), manifest: manifestOf(BODY, 'a.dump') }
      await recordProof(backup as never, [{ level: 1 } as never], NOW)
    },
    async work(root) {
      const backup = { archive: join(root, 'a.dump'), manifest: manifestOf(BODY, 'a.dump') }
      await recordProof(backup as never, [{ level: 2 } as never], NOW)
    },
    async read(root) {
      const backup = { archive: join(root, 'a.dump'), manifest: manifestOf(BODY, 'a.dump') }
      expect([[1], [1, 2]]).toContainEqual(await provenLevels(backup as never))
    },
    async complete(root) {
      const backup = { archive: join(root, 'a.dump'), manifest: manifestOf(BODY, 'a.dump') }
      expect(await provenLevels(backup as never)).toEqual([1, 2])
    },
  },
  {
    name: 'the bundle of a run',
    async prepare(root) {
      await mkdir(join(root, 'run'))
      await writeFile(join(root, 'run', 'report.html'), BODY)
    },
    async work(root) {
      const { file } = await makeBundle(join(root, 'run'), join(root, 'run', 'bundle.zip'))
      await writeFile(sumFileOf(file), sha256(await readFile(file)))
    },
    async read(root) {
      const file = join(root, 'run', 'bundle.zip')
      if (!existsSync(file)) return
      const zip = await yauzl.openPromise(file)
      expect(zip.entryCount).toBe(1)
      zip.close()
    },
    async complete(root) {
      await extractBundle(join(root, 'run', 'bundle.zip'), join(root, 'extracted'))
      expect(await readFile(join(root, 'extracted', 'report.html'))).toEqual(BODY)
    },
  },
  {
    name: 'an upload to a synced folder',
    async prepare(root) {
      await mkdir(join(root, 'synced'))
      await writeFile(join(root, 'a.dump'), BODY)
    },
    async work(root) {
      await new FolderStore(join(root, 'synced'), '/backups').upload(join(root, 'a.dump'), 'a.dump')
    },
    async read(root) {
      const file = join(root, 'synced', 'backups', 'a.dump')
      if (existsSync(file)) expect(readFileSync(file)).toEqual(BODY)
    },
    async complete(root) {
      expect(readFileSync(join(root, 'synced', 'backups', 'a.dump'))).toEqual(BODY)
    },
  },
  {
    name: 'the checkpoint of an upload',
    async prepare(root) {
      await new SessionFile(root, SESSION).begin('first')
    },
    async work(root) {
      const file = new SessionFile(root, SESSION)
      const session = await file.read()
      if (session !== undefined) await file.write({ ...session, offset: 5 })
    },
    async read(root) {
      expect([0, 5]).toContain((await new SessionFile(root, SESSION).read())?.offset)
    },
    async complete(root) {
      expect((await new SessionFile(root, SESSION).read())?.offset).toBe(5)
    },
  },
]
