import { createHash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { copyFile, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { PARTIAL_SUFFIX, publishFolder } from '../../helpers/core/atomic-file.ts'
import { VerificationError } from '../../helpers/core/errors.ts'

/** A delivery of files as it was when it was archived. The folder is itself a delivery. */
export interface ArchivedDelivery {
  readonly directory: string
  /**
   * SHA-256 over the list of its files and their hashes. It names the delivery, whatever folder it came from.
   */
  readonly sha256: string
  readonly files_count: number
  /** SHA-256 of each of its files. */
  readonly files_sha256: readonly string[]
  readonly bytes: number
  /** True when the archive held this delivery already; it was read and compared again. */
  readonly was_there: boolean
}

const SUMS = 'SHA256SUMS'

/**
 * Copies a delivery into `<archive>/deliveries/<hash>`, so that a rebuild does not depend on a folder that
 * its vendor or its owner may change. A second call with equal files copies nothing, and reads the copy to
 * its end.
 *
 * @throws VerificationError when a copy does not read back as it was, with both hashes.
 */
export async function archiveDelivery(
  delivery: string,
  archive_directory: string,
): Promise<ArchivedDelivery> {
  const sums = await sumsOf(delivery)
  const text = sums.map(({ sha256, path }) => `${sha256}  ${path}\n`).join('')
  const sha256 = createHash('sha256').update(text).digest('hex')
  const directory = join(archive_directory, 'deliveries', sha256.slice(0, 16))
  const was_there = existsSync(join(directory, SUMS))
  if (!was_there) {
    const partial = `${directory}${PARTIAL_SUFFIX}`
    await rm(partial, { recursive: true, force: true })
    for (const { path } of sums) {
      await mkdir(dirname(join(partial, path)), { recursive: true })
      await copyFile(join(delivery, path), join(partial, path))
    }
    await writeFile(join(partial, SUMS), text)
    await publishFolder(partial, directory)
  }
  await verifyArchivedDelivery(directory, sums)
  return {
    directory,
    sha256,
    files_count: sums.length,
    files_sha256: sums.map((sum) => sum.sha256),
    bytes: sums.reduce((sum, { bytes }) => sum + bytes, 0),
    was_there,
  }
}

/**
 * Returns the archived delivery that contains all of these files, by their hashes; undefined when none does.
 * Deliveries with equal tables can differ in their mapping.json: of several, the last archived one is
 * returned.
 */
export async function findArchivedDelivery(
  archive_directory: string,
  files_sha256: readonly string[],
): Promise<string | undefined> {
  const folder = join(archive_directory, 'deliveries')
  const found: { readonly directory: string; readonly archived_ms: number }[] = []
  for (const name of (await readdir(folder).catch(() => [])).toSorted()) {
    const directory = join(folder, name)
    const sums = join(folder, name, SUMS)
    const text = await readFile(sums, 'utf8').catch(() => '')
    const held = new Set(text.split('\n').map((line) => line.slice(0, 64)))
    if (files_sha256.length > 0 && files_sha256.every((sha256) => held.has(sha256)))
      found.push({ directory, archived_ms: (await stat(sums)).mtimeMs })
  }
  return found.toSorted((a, b) => b.archived_ms - a.archived_ms)[0]?.directory
}

interface Sum {
  readonly path: string
  readonly sha256: string
  readonly bytes: number
}

async function verifyArchivedDelivery(directory: string, expected: readonly Sum[]): Promise<void> {
  const found = new Map((await sumsOf(directory)).map((sum) => [sum.path, sum.sha256]))
  const differing = expected.filter(({ path, sha256 }) => found.get(path) !== sha256)
  if (differing.length === 0 && found.size === expected.length) return
  const [first] = differing
  const what =
    first === undefined
      ? `it holds ${found.size} files, not ${expected.length}`
      : `${first.path} was ${first.sha256}, is ${found.get(first.path) ?? 'missing'}`
  throw new VerificationError(
    `The archived delivery ${directory} is damaged: ${what}. Remove that folder, then run again.`,
  )
}

/**
 * Path, hash and size of every file below a folder, by path; hidden files and the list itself are left out.
 */
async function sumsOf(directory: string): Promise<Sum[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const sums: Sum[] = []
  for (const entry of entries) {
    const file = join(entry.parentPath, entry.name)
    const path = relative(directory, file).split(sep).join('/')
    if (entry.isDirectory() || path === SUMS || path.split('/').some((part) => part.startsWith('.'))) continue
    const status = await stat(file) // Of what a link points to: the archive holds the file itself.
    if (entry.isSymbolicLink() && status.isDirectory())
      throw new VerificationError(
        `${path} is a link to a folder, which the archive cannot store. Put the folder itself there.`,
      )
    if (!status.isFile()) continue
    const hash = createHash('sha256')
    await pipeline(createReadStream(file), hash)
    sums.push({ path, sha256: hash.digest('hex'), bytes: status.size })
  }
  return sums.toSorted((a, b) => (a.path < b.path ? -1 : 1))
}
