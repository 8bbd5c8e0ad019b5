import { createHash, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { type FileHandle, mkdir, open, readFile, rm, utimes } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { zstdCompress, zstdDecompress } from 'node:zlib'
import { PARTIAL_SUFFIX, publishFile, writeAtomically } from '../../helpers/core/atomic-file.ts'
import { messageOf, VerificationError } from '../../helpers/core/errors.ts'

const compress = promisify(zstdCompress)
const decompress = promisify(zstdDecompress)

export const sha256 = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex')

/**
 * How a body stands on disk: packed, or as it came (zips are packed already, and are read at random places).
 */
export type Storage = 'zst' | 'raw'

export const objectPath = (root: string, digest: string, storage: Storage): string =>
  join(root, 'objects', digest.slice(0, 2), `${digest}.${storage}`)

/** Writes `bytes` as `path`, complete or not at all. */
export async function writeWhole(path: string, bytes: Buffer | string): Promise<void> {
  await writeAtomically(path, bytes).catch(keepExisting(path))
}

/** Gives a finished partial file its name. A name that is taken has the same content, and stays. */
async function publish(partial: string, path: string): Promise<void> {
  await publishFile(partial, path).catch(keepExisting(path))
  await rm(partial, { force: true })
}

/** Windows refuses to replace a file while another process reads it. */
const keepExisting =
  (path: string) =>
  (error: unknown): void => {
    if (!existsSync(path)) throw error
  }

/** Stores a body under its SHA-256; a second call with the same body writes nothing. */
export async function storeObject(root: string, body: Buffer): Promise<{ sha256: string; storage: Storage }> {
  const digest = sha256(body)
  const path = objectPath(root, digest, 'zst')
  // A prune spares what was touched lately: the entry that names this body is written only after this.
  if (existsSync(path)) await utimes(path, new Date(), new Date())
  else await writeWhole(path, await compress(body))
  return { sha256: digest, storage: 'zst' }
}

/**
 * Reads a body and proves it.
 *
 * @throws VerificationError when the bytes on disk are not the ones that were stored.
 */
export async function readObject(root: string, digest: string, storage: Storage): Promise<Buffer> {
  const path = objectPath(root, digest, storage)
  let body: Buffer
  try {
    const bytes = await readFile(path)
    body = storage === 'zst' ? await decompress(bytes) : bytes
  } catch (error) {
    throw new VerificationError(
      `Archived body ${path} cannot be read: ${messageOf(error)}. ` +
        'Run "node ingest/commands/archive.ts verify".',
      {
        cause: error,
      },
    )
  }
  if (sha256(body) !== digest) {
    throw new VerificationError(
      `The archived body ${path} has SHA-256 ${sha256(body)}: it was changed. ` +
        'Fetch it again, or restore the archive.',
    )
  }
  return body
}

/**
 * A body that is too large for memory. It is written in chunks to a partial file and hashed on the way; only
 * `commit` keeps it.
 */
export interface Incoming {
  write(chunk: Buffer): Promise<void>
  /** Syncs and publishes. Gives the hash, the size and the path. */
  commit(): Promise<{ sha256: string; storage: Storage; bytes: number; path: string }>
  /** Throws the part away. After a commit it does nothing. */
  discard(): Promise<void>
  /** Path of the part, for a look into it before it counts. */
  readonly part: string
}

export async function openIncoming(root: string): Promise<Incoming> {
  const part = join(root, 'incoming', `${process.pid}.${randomUUID()}${PARTIAL_SUFFIX}`)
  await mkdir(dirname(part), { recursive: true })
  const file: FileHandle = await open(part, 'wx')
  const hash = createHash('sha256')
  let bytes = 0
  let is_closed = false
  const close = async (): Promise<void> => {
    if (is_closed) return
    is_closed = true
    await file.close()
  }
  return {
    part,
    async write(chunk) {
      hash.update(chunk)
      bytes += chunk.length
      for (let at = 0; at < chunk.length; ) at += (await file.write(chunk, at)).bytesWritten
    },
    async commit() {
      await close()
      const digest = hash.digest('hex')
      const path = objectPath(root, digest, 'raw')
      await mkdir(dirname(path), { recursive: true })
      await publish(part, path)
      return { sha256: digest, storage: 'raw', bytes, path }
    },
    async discard() {
      await close()
      await rm(part, { force: true })
    },
  }
}
