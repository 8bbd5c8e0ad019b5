import { type Stats, statSync } from 'node:fs'

/** Whether there is such a thing, and it is one of this kind. */
export const isThere = (kind: 'isFile' | 'isDirectory', path: string): boolean => {
  const stats: Stats | undefined = statSync(path, { throwIfNoEntry: false })
  return stats?.[kind]() === true
}
