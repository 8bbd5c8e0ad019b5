import { open } from 'node:fs/promises'
import yauzl from 'yauzl'
import { messageOf } from '../../helpers/core/errors.ts'
import type { Verdict } from './outcome.ts'

/**
 * Why the file is not a whole zip; undefined when its central directory can be read. It is looked at before
 * it counts.
 */
export async function zipFault(path: string): Promise<Verdict | undefined> {
  const first = (await firstBytes(path, 200)).toString('latin1')
  if (!first.startsWith('PK'))
    return { outcome: 'malformed', reason: `no zip: "${first.replace(/\s+/g, ' ').slice(0, 120)}"` }
  try {
    const zip = await yauzl.openPromise(path, { lazyEntries: true })
    zip.close()
    return undefined
  } catch (error) {
    return { outcome: 'truncated', reason: `the zip has no central directory: ${messageOf(error)}` }
  }
}

/** The first bytes of a file, `count` at most. */
export async function firstBytes(path: string, count: number): Promise<Buffer> {
  const file = await open(path, 'r')
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(count), 0, count, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}
