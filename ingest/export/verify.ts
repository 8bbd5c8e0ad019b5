import { readdir, realpath } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { hashFile } from '../../helpers/core/file-hash.ts'
import { openDuck } from './duckdb.ts'
import { MANIFEST, type Manifest, type ManifestTable, type Part, readManifest } from './manifest.ts'

export interface Verification {
  readonly manifest: Manifest
  /** Each in a sentence that names the file. Empty: the export is what was written. */
  readonly faults: readonly string[]
}

/**
 * Compares an export with its manifest: the bytes of each file, missing and additional files, and what DuckDB
 * reads from it. Needs no database.
 */
export async function verifyExport(target: string): Promise<Verification> {
  // One version throughout, whatever replaces it meanwhile.
  const folder = await realpath(target).catch(() => resolve(target))
  const manifest = await readManifest(folder)
  const faults: string[] = []
  const expected = new Set<string>([MANIFEST])
  const duck = await openDuck(join(folder, 'spill'))
  try {
    for (const table of manifest.tables) {
      for (const part of table.files) {
        expected.add(part.path)
        const fault = (await bytesFault(folder, part)) ?? (await contentFault(folder, part, table, duck))
        if (fault !== undefined) faults.push(`${part.path}: ${fault}`)
      }
    }
  } finally {
    duck.close()
  }
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
      .slice(folder.length + 1)
      .replaceAll('\\', '/')
    if (!entry.isDirectory() && !expected.has(path)) faults.push(`${path}: the manifest does not list it`)
  }
  return { manifest, faults }
}

async function bytesFault(folder: string, { path, bytes, sha256 }: Part): Promise<string | undefined> {
  try {
    const found = await hashFile(join(folder, path))
    if (found.bytes !== bytes) return `${found.bytes} bytes, expected ${bytes}`
    return found.sha256 === sha256 ? undefined : `SHA-256 ${found.sha256}, expected ${sha256}`
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'is missing'
    throw error
  }
}

async function contentFault(
  folder: string,
  part: Part,
  { columns }: ManifestTable,
  duck: Awaited<ReturnType<typeof openDuck>>,
): Promise<string | undefined> {
  const decimals = columns.map((column) => ({
    ...column,
    text: '',
    ...(column.type.startsWith('DECIMAL') ? { places: 0 } : {}),
  }))
  const found = await duck.sums(join(folder, part.path), decimals)
  const expected: Record<string, string | null> = { ...part.sums, rows: String(part.rows) }
  const differing = Object.keys(expected).find((name) => found[name] !== expected[name])
  if (differing === undefined) return undefined
  return `DuckDB reads ${differing} ${found[differing]}, expected ${expected[differing]}`
}
