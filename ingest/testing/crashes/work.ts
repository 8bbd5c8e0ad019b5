import { createHash } from 'node:crypto'

/** Work on files, by a process that may be killed at any operation of it. */
export interface Work {
  readonly name: string
  /** What is there before. */
  readonly prepare?: (root: string) => Promise<void>
  /** What the process does that is killed. */
  readonly work: (root: string) => Promise<void>
  /** What a reader may find then, wherever the kill came. */
  readonly read: (root: string) => Promise<void>
  /** What the next process does; the same work when not given. */
  readonly again?: (root: string) => Promise<void>
  /** What is there then. */
  readonly complete: (root: string) => Promise<void>
}

export const sha256 = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex')

export const BODY = Buffer.from('{"bars": [1, 2, 3]}'.repeat(50))
