import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { ContentHasher } from './dropbox-hash.ts'

export interface FileHashes {
  readonly bytes: number
  readonly sha256: string
  /** Dropbox's own hash of the file. */
  readonly content_hash: string
}

/** Both hashes of a file in one reading. */
export async function hashFile(file: string): Promise<FileHashes> {
  const sha256 = createHash('sha256')
  const content = new ContentHasher()
  let bytes = 0
  for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 }) as AsyncIterable<Buffer>) {
    sha256.update(chunk)
    content.update(chunk)
    bytes += chunk.length
  }
  return { bytes, sha256: sha256.digest('hex'), content_hash: content.digest() }
}
