import { createHash } from 'node:crypto'
import { createReadStream, readFileSync, statSync } from 'node:fs'
import { readdir, rm, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { setImmediate as otherWork } from 'node:timers/promises'
import { zstdDecompressSync } from 'node:zlib'
import { PARTIAL_SUFFIX } from '../../helpers/core/atomic-file.ts'
import { messageOf } from '../../helpers/core/errors.ts'
import { type ArchiveEntry, readEntry } from './archive.ts'
import { objectPath, sha256 } from './objects.ts'

/**
 * An archive has thousands of small files. Reading one at a time, without a promise for each step of it,
 * takes a tenth of the time; other work of the process gets a turn after so many files.
 */
const FILES_A_TURN = 50

/**
 * Every entry of the archive in `root`, oldest first within a fingerprint. @throws FormatError at one that is
 * none.
 */
export async function* entriesOf(root: string): AsyncGenerator<{ file: string; entry: ArchiveEntry }> {
  for await (const file of inTurns(await filesUnder(join(root, 'responses'), '.json')))
    yield { file, entry: readEntry(file) }
}

async function* inTurns(files: readonly string[]): AsyncGenerator<string> {
  for (const [index, file] of files.entries()) {
    if (index % FILES_A_TURN === 0) await otherWork()
    yield file
  }
}

export interface ArchiveFault {
  readonly file: string
  readonly fault: string
}
export interface Verification {
  readonly entries: number
  readonly objects: number
  readonly bytes: number
  /** Parts of interrupted downloads: no fault, they never count. */
  readonly parts: number
  /** Bodies that no entry names. No fault: a process was killed between a body and its entry. */
  readonly unreferenced: number
  /** SHA-256 of every body that an entry names, in order. */
  readonly bodies_sha256: readonly string[]
  readonly faults: readonly ArchiveFault[]
}

/**
 * Reads every byte: each entry parses, is stored in the folder of its fingerprint and has its body; each body
 * has its hash.
 */
export async function verifyArchive(root: string): Promise<Verification> {
  const faults: ArchiveFault[] = []
  const named = new Set<string>()
  const bodies = new Set<string>()
  const entries = await filesUnder(join(root, 'responses'), '.json')
  const objects = await objectFiles(root)
  const present = new Set(objects)
  for await (const file of inTurns(entries)) {
    try {
      const entry = readEntry(file)
      const object = objectPath(root, entry.sha256, entry.storage)
      named.add(object)
      bodies.add(entry.sha256)
      if (!present.has(object)) faults.push({ file, fault: `its body ${object} is missing` })
      if (basename(join(file, '..')) !== entry.fingerprint)
        faults.push({ file, fault: 'it is stored in the folder of another fingerprint' })
    } catch (error) {
      faults.push({ file, fault: messageOf(error) })
    }
  }
  let bytes = 0
  for await (const file of inTurns(objects)) {
    bytes += statSync(file).size
    const fault = await objectFault(file)
    if (fault !== undefined) faults.push({ file, fault })
  }
  const parts = (await filesUnder(root, PARTIAL_SUFFIX)).length
  const unreferenced = objects.filter((file) => !named.has(file)).length
  return {
    entries: entries.length,
    objects: objects.length,
    bytes,
    parts,
    unreferenced,
    bodies_sha256: [...bodies].toSorted(),
    faults,
  }
}

async function objectFault(file: string): Promise<string | undefined> {
  const [digest, storage] = basename(file).split('.')
  try {
    // A packed body came in memory, and fits there again. What is kept as it came may have gigabytes.
    const found = storage === 'zst' ? sha256(zstdDecompressSync(readFileSync(file))) : await hashOf(file)
    return found === digest ? undefined : `its content has SHA-256 ${found}`
  } catch (error) {
    return `cannot be read: ${messageOf(error)}`
  }
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return hash.digest('hex')
}

export interface PruneOptions {
  /** Entries fetched before this instant (ISO 8601) go, if a newer one answers the same question. */
  readonly superseded_before_at: string
  /** Entries fetched before this instant go, also the only ones; left out: the last answer always stays. */
  readonly fetched_before_at?: string
  /** Bodies and parts younger than this stay: a process may be about to name them. */
  readonly spare_ms?: number
  readonly dry_run?: boolean
}
export interface Pruned {
  readonly entries: number
  readonly objects: number
  readonly parts: number
  readonly bytes: number
}

/**
 * Removes old entries, then the bodies that none names any more, then the parts of downloads that never
 * ended.
 */
export async function pruneArchive(root: string, options: PruneOptions): Promise<Pruned> {
  const { superseded_before_at, fetched_before_at, spare_ms = 3_600_000, dry_run = false } = options
  const newest = new Map<string, string>()
  const all: { file: string; entry: ArchiveEntry }[] = []
  for await (const each of entriesOf(root)) {
    all.push(each)
    if ((newest.get(each.entry.fingerprint) ?? '') < each.entry.fetched_at)
      newest.set(each.entry.fingerprint, each.entry.fetched_at)
  }
  const isOld = ({ fetched_at, fingerprint }: ArchiveEntry): boolean =>
    (fetched_at < superseded_before_at && fetched_at !== newest.get(fingerprint)) ||
    (fetched_before_at !== undefined && fetched_at < fetched_before_at)
  const old = all.filter(({ entry }) => isOld(entry))
  const kept = new Set(
    all
      .filter(({ entry }) => !isOld(entry))
      .map(({ entry }) => objectPath(root, entry.sha256, entry.storage)),
  )
  const objects = await settled(
    (await objectFiles(root)).filter((file) => !kept.has(file)),
    spare_ms,
  )
  const parts = await settled(await filesUnder(root, PARTIAL_SUFFIX), spare_ms)
  if (!dry_run) {
    for (const { file } of old) await rm(file, { force: true })
    for (const { file } of [...objects, ...parts]) await rm(file, { force: true })
  }
  const bytes = [...objects, ...parts].reduce((sum, { size }) => sum + size, 0)
  return { entries: old.length, objects: objects.length, parts: parts.length, bytes }
}

async function settled(
  files: readonly string[],
  spare_ms: number,
): Promise<{ file: string; size: number }[]> {
  const before = Date.now() - spare_ms
  const found = await Promise.all(
    files.map(async (file) => ({
      file,
      ...(await stat(file).then((s) => ({ size: s.size, mtimeMs: s.mtimeMs }))),
    })),
  )
  return found.filter(({ mtimeMs }) => mtimeMs <= before)
}

async function objectFiles(root: string): Promise<string[]> {
  const files = await filesUnder(join(root, 'objects'), '')
  return files.filter((file) => /^[0-9a-f]{64}\.(zst|raw)$/.test(basename(file)))
}

async function filesUnder(directory: string, suffix: string): Promise<string[]> {
  const found = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => [])
  return found
    .filter((each) => each.isFile() && each.name.endsWith(suffix))
    .map((each) => join(each.parentPath, each.name))
    .toSorted()
}
