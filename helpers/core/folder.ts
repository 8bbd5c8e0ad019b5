import { stat } from 'node:fs/promises'

/** Why `path` is no folder that can be read, as the rest of a sentence; undefined when it is one. */
export async function folderFault(path: string): Promise<string | undefined> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => error)
  if (!(found instanceof Error)) return found.isDirectory() ? undefined : 'is a file, not a folder'
  return found.code === 'ENOENT' ? 'does not exist' : `cannot be read: ${found.message}`
}
