import { copyFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fillAtomically } from '../../helpers/core/atomic-file.ts'
import { readUniverse, type Universe } from './read.ts'

/** Where the archive keeps a universe, by the SHA-256 of its file. */
const keptFile = (archive: string, sha256: string): string => join(archive, 'universes', `${sha256}.csv`)

const isThere = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  )

/** Copies the file of a universe into the archive, so that a rebuild has it after the file has changed. */
export async function keepUniverse(
  archive: string,
  { file, sha256 }: Pick<Universe, 'file' | 'sha256'>,
): Promise<void> {
  const kept = keptFile(archive, sha256)
  if (!(await isThere(kept))) await fillAtomically(kept, (partial) => copyFile(file, partial))
}

/** The universe with this hash: the file where it was, or its copy in the archive; undefined without either. */
export async function findUniverse(
  archive: string,
  file: string,
  sha256: string,
): Promise<Universe | undefined> {
  for (const place of [file, keptFile(archive, sha256)]) {
    if (!(await isThere(place))) continue
    const universe = await readUniverse(place)
    if (universe.sha256 === sha256) return universe
  }
  return undefined
}
