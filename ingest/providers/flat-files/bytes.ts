import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { type Duplex, pipeline, type Readable, Transform } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { messageOf } from '../../../helpers/core/errors.ts'
import { SourceError } from '../../contract/provider.ts'
import { changed, malformed, truncated } from './faults.ts'
import { LIMITS } from './limits.ts'
import type { Codec, DeliveryFile, Part } from './parts.ts'
import { memberStream } from './zip.ts'
import { ZstdFrames } from './zstd-frames.ts'

// Small: the lines of a chunk are all in memory, and what outlives a collection of garbage is copied by it.
const CHUNK_BYTES = 64 * 1024

/**
 * The hash of a file before it is read, so that a file which changes while it is read is an error.
 *
 * @throws SourceError when the manifest lists another hash.
 */
export async function hashFile(file: DeliveryFile): Promise<string> {
  const sha256 = await hashNow(file)
  if (file.listed?.sha256 !== undefined && file.listed.sha256 !== sha256) {
    throw malformed(
      `${file.name} has SHA-256 ${sha256}; manifest.json lists ${file.listed.sha256}. ` +
        'The file is damaged, or not complete yet: copy it again.',
    )
  }
  return sha256
}

/** @throws SourceError when a file is no longer the one that was hashed. */
export async function verifyUnchanged(file: DeliveryFile, sha256: string): Promise<void> {
  if ((await hashNow(file)) !== sha256) throw changed(file.name)
}

const hashNow = (file: DeliveryFile): Promise<string> =>
  hashOf(file.path).catch((error: unknown) => {
    throw malformed(`${file.name} cannot be read: ${messageOf(error)}`, error)
  })

// Nothing of a file that is only hashed stays in memory: few reads are quicker than many.
const HASHED_BYTES = 1024 * 1024

/** SHA-256 of the bytes of a file. @throws the error of the file system. */
export async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  const bytes = Buffer.allocUnsafeSlow(HASHED_BYTES)
  const file = await open(path)
  try {
    for (;;) {
      const { bytesRead } = await file.read(bytes, 0, bytes.length)
      if (bytesRead === 0) return hash.digest('hex')
      hash.update(bytes.subarray(0, bytesRead))
    }
  } finally {
    await file.close()
  }
}

/**
 * The text of a file or of a member of a zip, piece by piece, with the bytes of the delivery that were read
 * for it so far.
 *
 * @throws SourceError when it ends too early, is not of the kind that its name states, expands beyond LIMITS,
 *   or is not the file that was hashed.
 */
export async function* textOf(
  part: Part,
  sha256: string,
): AsyncGenerator<{ text: string; read_bytes: number }> {
  const { name, file, entry, codec } = part
  const hash = createHash('sha256')
  let raw_bytes = 0
  let bytes = 0
  const tap = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk)
      raw_bytes += chunk.length
      done(null, chunk)
    },
  })
  // For a member of a zip: its share of the compressed bytes.
  const delivery_bytes = (): number =>
    entry === undefined
      ? raw_bytes
      : Math.round((raw_bytes / Math.max(1, entry.uncompressedSize)) * entry.compressedSize)

  const raw =
    entry === undefined
      ? createReadStream(file.path, { highWaterMark: CHUNK_BYTES })
      : await memberStream(part, entry)
  const { out, unread } = decoded(raw, tap, codec)
  const decoder = new TextDecoder('utf-8', { fatal: true }) // Drops a byte order mark.
  try {
    for await (const chunk of out) {
      if (bytes === 0) refuseOtherKind(part, chunk as Buffer)
      bytes += (chunk as Buffer).length
      refuseBomb(name, bytes, entry === undefined ? raw_bytes : delivery_bytes())
      yield { text: decoder.decode(chunk as Buffer, { stream: true }), read_bytes: delivery_bytes() }
    }
    yield { text: decoder.decode(), read_bytes: delivery_bytes() }
    if (unread() > 0)
      throw malformed(
        `${name} has ${unread()} bytes after the end of its ${codec} data. It is damaged: copy it again.`,
      )
  } catch (error) {
    throw error instanceof SourceError ? error : faultOf(part, error, raw_bytes)
  }
  const expected = entry === undefined ? sha256 : part.listed?.sha256
  if (expected === undefined || hash.digest('hex') === expected) return
  throw entry === undefined
    ? changed(name)
    : malformed(`${name} does not have the SHA-256 ${expected} that manifest.json lists.`)
}

/** The decoded stream of `raw`, and how many of its bytes the decoder left unread at the end. */
function decoded(raw: Readable, tap: Transform, codec: Codec): { out: Readable; unread: () => number } {
  const ignore = (): void => {} // The stream that is iterated throws the same error.
  if (codec === 'none') return { out: pipeline([raw, tap], ignore) as Duplex, unread: () => 0 }
  let fed_bytes = 0
  const frames = codec === 'zstd' ? new ZstdFrames() : undefined
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      fed_bytes += chunk.length
      done(null, chunk)
    },
  })
  const decoder =
    codec === 'zstd'
      ? createZstdDecompress({ chunkSize: CHUNK_BYTES })
      : createGunzip({ chunkSize: CHUNK_BYTES })
  const steps = [raw, tap, ...(frames === undefined ? [] : [frames]), count, decoder]
  return { out: pipeline(steps, ignore) as Duplex, unread: () => fed_bytes - decoder.bytesWritten }
}

function refuseBomb(name: string, bytes: number, read_bytes: number): void {
  if (bytes <= LIMITS.expanded_bytes_free || bytes <= read_bytes * LIMITS.expanded_ratio_max) return
  throw malformed(
    `${name} expands to more than ${LIMITS.expanded_ratio_max} times its size ` +
      `(${bytes} bytes of ${read_bytes} so far), as no table does. ` +
      'If this is intended, put it into the delivery uncompressed.',
  )
}

const KINDS: readonly (readonly [string, readonly number[]])[] = [
  ['a gzip file', [0x1f, 0x8b]],
  ['a zstd file', [0x28, 0xb5, 0x2f, 0xfd]],
  ['a zip', [0x50, 0x4b, 0x03, 0x04]],
  ['a Parquet file', [0x50, 0x41, 0x52, 0x31]],
  ['text in UTF-16, not UTF-8', [0xff, 0xfe]],
  ['text in UTF-16, not UTF-8', [0xfe, 0xff]],
]

function refuseOtherKind({ name }: Part, first: Buffer): void {
  const found = KINDS.find(([, magic]) => magic.every((byte, at) => first[at] === byte))
  const is =
    found?.[0] ?? (first.subarray(0, 1024).includes(0) ? 'binary data (it has zero bytes)' : undefined)
  if (is !== undefined)
    throw malformed(
      `${name} should be CSV by its name, and is ${is} by its first bytes. ` +
        'Rename it to match its content, or convert it.',
    )
}

function faultOf({ name, codec }: Part, error: unknown, raw_bytes: number): SourceError {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'Z_BUF_ERROR') {
    const what =
      raw_bytes === 0
        ? 'is empty: it has no byte.'
        : `ends in the middle of its ${codec} data: the copy is not complete.`
    return truncated(`${name} ${what} Copy it again.`, error)
  }
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA')
    return malformed(
      `${name} has bytes that are not UTF-8. ` +
        'Save it as UTF-8: otherwise different names could be read as one.',
      error,
    )
  const isCoded = codec !== 'none' && (code?.startsWith('Z_') === true || code?.startsWith('ZSTD_') === true)
  const what = isCoded
    ? `it is not complete ${codec} data (${message}). It is damaged, or its name is wrong.`
    : message
  return malformed(`${name} cannot be read: ${what}`, error)
}
