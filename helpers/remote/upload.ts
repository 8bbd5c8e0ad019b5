import { type FileHandle, open } from 'node:fs/promises'
import { basename } from 'node:path/posix'
import type { files } from 'dropbox'
import { contentHash } from '../core/dropbox-hash.ts'
import { type FileHashes, hashFile } from '../core/file-hash.ts'
import type { Client } from './client.ts'
import { RemoteError } from './errors.ts'
import { type Session, SessionFile } from './session-file.ts'
import type { TransferOptions, UploadedFile } from './store.ts'

/** Bytes of one request, and therefore the most that a fault can cost. */
export const CHUNK_BYTES = 8 * 1024 * 1024
/** How many sessions one upload may begin, after each was lost. */
const SESSIONS_MAX = 5
/** How many appends in a row may fail without progress. */
const STALLS_MAX = 8

export interface UploadOptions extends TransferOptions {
  /** Where the session is recorded, so that another process can continue it. */
  readonly state_directory: string
  readonly chunk_bytes?: number
}

export type Uploaded = Pick<UploadedFile, 'outcome' | 'bytes_sent' | 'retries'> & {
  readonly metadata: files.FileMetadata
}

/**
 * Uploads a file to a Dropbox path by a session: resumed after a kill, offsets reconciled within a chunk,
 * every chunk and the complete file verified by content hash. Never overwrites: if the file exists with the
 * same content, that is a success; with other content, a conflict.
 *
 * @throws RemoteError: conflict, space (the session is kept), damaged when Dropbox reports another hash, or
 *   what a call ended with.
 */
export async function uploadFile(
  client: Client,
  file: string,
  path: string,
  options: UploadOptions,
): Promise<Uploaded> {
  const hashes = await hashFile(file)
  const already = await findSame(client, path, hashes)
  if (already !== undefined) return { metadata: already, outcome: 'there', bytes_sent: 0, retries: 0 }
  const handle = await open(file)
  try {
    return await new Upload(client, handle, path, hashes, options).run()
  } finally {
    await handle.close()
  }
}

class Upload {
  readonly #client: Client
  readonly #handle: FileHandle
  readonly #path: string
  readonly #hashes: FileHashes
  readonly #options: UploadOptions
  readonly #sessions: SessionFile
  #bytes_sent = 0

  constructor(client: Client, handle: FileHandle, path: string, hashes: FileHashes, options: UploadOptions) {
    this.#client = client
    this.#handle = handle
    this.#path = path
    this.#hashes = hashes
    this.#options = options
    this.#sessions = new SessionFile(options.state_directory, {
      path,
      bytes: hashes.bytes,
      sha256: hashes.sha256,
    })
  }

  async run(): Promise<Uploaded> {
    const retriesBefore = this.#client.retries
    let outcome: Uploaded['outcome'] = 'sent'
    for (let count = 1; count <= SESSIONS_MAX; count += 1) {
      const resumed = await this.#resume()
      if (resumed !== undefined && count === 1) outcome = 'resumed'
      const session = resumed ?? (await this.#begin())
      const ended = (await this.#send(session)) ? await this.#finish(session) : 'gone'
      if (typeof ended === 'object') {
        this.#check(ended)
        await this.#sessions.remove()
        return {
          metadata: ended,
          outcome,
          bytes_sent: this.#bytes_sent,
          retries: this.#client.retries - retriesBefore,
        }
      }
      // The server no longer has it; the next session starts from zero.
      if (ended === 'gone') await this.#sessions.remove()
    }
    throw new RemoteError(
      'server',
      `Dropbox lost the upload session of ${this.#path} ${SESSIONS_MAX} times. Run again later.`,
    )
  }

  /** A session begins empty: if the reply to its start is lost, no data is lost with it. */
  async #begin(): Promise<Session> {
    const { session_id } = await this.#client.call(
      `begin the upload of ${this.#path}`,
      (dropbox, options) => dropbox.filesUploadSessionStart({ contents: Buffer.alloc(0) }, options),
      { signal: this.#options.signal },
    )
    return this.#sessions.begin(session_id)
  }

  async #resume(): Promise<Session | undefined> {
    const session = await this.#sessions.read()
    if (session === undefined) return undefined
    const offset = await this.#probe(session)
    return offset === 'gone' || offset > session.bytes ? undefined : { ...session, offset }
  }

  /**
   * The offset of the server: an empty append succeeds at the right offset, and reports the right one
   * otherwise. Sends no bytes.
   */
  async #probe(session: Session): Promise<number | 'gone'> {
    const offset = await this.#append(session, Buffer.alloc(0))
    if (typeof offset === 'number' || offset === 'gone') return offset
    throw offset // An append of nothing was repeated by the client until it knew.
  }

  /** Sends what is missing. False when the session is gone. */
  async #send(session: Session): Promise<boolean> {
    const { bytes } = this.#hashes
    const chunk = Buffer.alloc(Math.min(this.#options.chunk_bytes ?? CHUNK_BYTES, bytes))
    let stalls = 0
    while (session.offset < bytes) {
      const { bytesRead } = await this.#handle.read(
        chunk,
        0,
        Math.min(chunk.length, bytes - session.offset),
        session.offset,
      )
      if (bytesRead === 0)
        throw new RemoteError(
          'damaged',
          `The file for ${this.#path} became shorter while it was uploaded. Verify it, then run again.`,
        )
      let offset = await this.#append(session, chunk.subarray(0, bytesRead))
      if (offset instanceof RemoteError) {
        stalls += 1
        if (stalls >= STALLS_MAX) throw offset
        await this.#client.pause(stalls, this.#options.signal)
        offset = await this.#probe(session)
      }
      // Forward only, and never past the end: any other offset is not one of this session.
      if (offset === 'gone' || offset < session.offset || offset > bytes) return false
      if (offset > session.offset) stalls = 0
      session.offset = offset
      await this.#sessions.write(session)
      this.#options.onProgress?.({ bytes_done: offset, bytes_total: bytes })
    }
    return true
  }

  /**
   * One append at the session's offset; returns the offset of the server. After an error the offset is not
   * known: the reply was lost, and the server may have received all of the chunk, a part, or nothing. Sending
   * it again at once could store it twice.
   */
  async #append(session: Session, bytes: Buffer): Promise<number | 'gone' | RemoteError> {
    const { offset } = session
    let answer: number | 'gone' | RemoteError = offset + bytes.length
    const content_hash = contentHash(bytes)
    await this.#client.call(
      `take bytes of ${this.#path} from ${offset}`,
      (dropbox, options) => {
        this.#bytes_sent += bytes.length
        return dropbox.filesUploadSessionAppendV2(
          { cursor: { session_id: session.session_id, offset }, content_hash, contents: bytes },
          options,
        )
      },
      {
        signal: this.#options.signal,
        onFailure: ({ status, tags, correct_offset, text }) => {
          if (correct_offset !== undefined) answer = correct_offset
          else if (tags[0] === 'not_found' || tags[0] === 'closed') answer = 'gone'
          else if (tags[0] === 'content_hash_mismatch')
            answer = new RemoteError(
              'damaged',
              `Bytes of ${this.#path} from ${offset} did not reach Dropbox as they were sent: ${text}. ` +
                'Check the network, then run again.',
            )
          else if (bytes.length > 0 && (status === undefined || status >= 500))
            answer = new RemoteError(
              status === undefined ? 'network' : 'server',
              `Dropbox did not take bytes of ${this.#path} from ${offset}: ${text}. ` +
                'Run again: the upload continues where it stopped.',
            )
          else return undefined
          return { value: undefined }
        },
      },
    )
    return answer
  }

  /**
   * Gives the session its name. After a lost reply the next attempt ends in `not_found` or `conflict`;
   * then the file itself is compared.
   */
  async #finish(session: Session): Promise<files.FileMetadata | 'gone' | 'behind'> {
    const commit = {
      path: this.#path,
      mode: { '.tag': 'add' },
      autorename: false,
      strict_conflict: true,
      mute: true,
    } as const
    const failed: { behind?: number; is_unknown?: true } = {}
    const metadata = await this.#client.call<files.FileMetadata | undefined>(
      `finish the upload of ${this.#path}`,
      (dropbox, options) =>
        dropbox.filesUploadSessionFinish(
          {
            cursor: { session_id: session.session_id, offset: session.offset },
            commit,
            contents: Buffer.alloc(0),
          },
          options,
        ),
      {
        signal: this.#options.signal,
        onFailure: ({ tags, correct_offset }) => {
          if (correct_offset !== undefined) failed.behind = correct_offset
          else if (tags.includes('lookup_failed') || tags.includes('conflict')) failed.is_unknown = true
          else return undefined
          return { value: undefined }
        },
      },
    )
    if (metadata !== undefined) return metadata
    if (failed.behind !== undefined) return failed.behind <= session.bytes ? 'behind' : 'gone'
    return (await findSame(this.#client, this.#path, this.#hashes)) ?? 'gone'
  }

  #check(metadata: files.FileMetadata): void {
    const { bytes, content_hash } = this.#hashes
    if (
      metadata.content_hash !== content_hash ||
      metadata.size !== bytes ||
      metadata.name !== basename(this.#path)
    )
      throw new RemoteError(
        'damaged',
        `Dropbox has ${metadata.path_display ?? metadata.name} with ${metadata.size} bytes and content ` +
          `hash ${metadata.content_hash ?? 'unknown'}; ${this.#path} has ${bytes} bytes and ` +
          `${content_hash}. Remove it there, then run again.`,
      )
  }
}

/**
 * The file at `path` if it has exactly this content; undefined if there is no file.
 *
 * @throws RemoteError conflict when something else is there.
 */
async function findSame(
  client: Client,
  path: string,
  { bytes, content_hash }: FileHashes,
): Promise<files.FileMetadata | undefined> {
  const found = await client.call<
    files.FileMetadataReference | files.FolderMetadataReference | files.DeletedMetadataReference | undefined
  >(`look up ${path}`, (dropbox, options) => dropbox.filesGetMetadata({ path }, options), {
    onFailure: ({ tags }) => (tags.includes('not_found') ? { value: undefined } : undefined),
  })
  if (found === undefined) return undefined
  if (found['.tag'] === 'file' && found.content_hash === content_hash && found.size === bytes) return found
  throw new RemoteError(
    'conflict',
    `Dropbox already holds ${path} with other content. Rename or remove it there; nothing was overwritten.`,
  )
}
