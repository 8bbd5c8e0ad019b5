import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { writeFlatFiles } from './market/flat-files.ts'
import { createWorld } from './market/world.ts'

/** Where the rehearsal's drop lies, written or not. */
export const rehearsalDropOf = (data_directory: string): string => join(data_directory, 'rehearsal', 'flat-files')

/**
 * Folder of the rehearsal's drop of flat files below `data_directory`. It is written anew when `is_fresh`, or when there is none;
 * its bytes are the same each time.
 */
export async function rehearsalDrop(data_directory: string, { is_fresh = false } = {}): Promise<string> {
  const drop = rehearsalDropOf(data_directory)
  const parent = dirname(drop)
  if (!is_fresh && existsSync(join(drop, 'manifest.json'))) return drop
  await mkdir(parent, { recursive: true })
  // Written aside and renamed: a run that was killed half-way leaves no half drop behind.
  const making = await mkdtemp(join(parent, 'making-'))
  await writeFlatFiles(createWorld(), making)
  await rm(drop, { recursive: true, force: true })
  await rename(making, drop)
  return drop
}
