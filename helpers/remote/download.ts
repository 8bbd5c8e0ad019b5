import { open, rm, stat } from 'node:fs/promises'
import type { files } from 'dropbox'
import { PARTIAL_SUFFIX, publishFile } from '../core/atomic-file.ts'
import { hashFile } from '../core/file-hash.ts'
import type { Client } from './client.ts'
import { RemoteError } from './errors.ts'
import type { TransferOptions } from './store.ts'

/** One range request; held in memory. */
const PIECE_BYTES = 16 * 1024 * 1024
/** After this many complete downloads with a wrong hash, the remote file itself is reported as damaged. */
const ROUNDS_MAX = 2

/**
 * Downloads to `<file>.<revision>.partial` range by range, continues where an earlier attempt stopped, and
 * renames the file only when its content hash equals that of the metadata.
 *
 * @throws RemoteError not_found, damaged (the bytes do not have the hash that Dropbox states), or what a call
 *   ended with.
 */
export async function downloadFile(
  client: Client,
  path: string,
  file: string,
  options: TransferOptions = {},
): Promise<files.FileMetadata> {
  const metadata = await client.call(
    `look up ${path}`,
    (dropbox, request) => dropbox.filesGetMetadata({ path }, request),
    {
      signal: options.signal,
    },
  )
  if (metadata['.tag'] !== 'file')
    throw new RemoteError('not_found', `${path} is a folder in Dropbox, not a file.`)
  // The revision is part of the name: a part of another revision is never continued.
  const part = `${file}.${metadata.rev}${PARTIAL_SUFFIX}`
  for (let round = 1; round <= ROUNDS_MAX; round += 1) {
    await downloadPart(client, path, part, metadata, options)
    const found = await hashFile(part)
    if (found.content_hash === metadata.content_hash) {
      await publishFile(part, file)
      return metadata
    }
    await rm(part, { force: true }) // Damaged on its way, or an old part was: once more, from the start.
  }
  throw new RemoteError(
    'damaged',
    `The bytes that Dropbox sends for ${path} do not have its content hash ${metadata.content_hash ?? ''}. ` +
      'The remote copy is damaged: upload the backup again under another name, or use an earlier one.',
  )
}

async function downloadPart(
  client: Client,
  path: string,
  part: string,
  metadata: files.FileMetadata,
  options: TransferOptions,
): Promise<void> {
  const handle = await open(part, 'a')
  try {
    let done = (await stat(part)).size
    if (done > metadata.size) {
      await handle.truncate(0)
      done = 0
    }
    while (done < metadata.size) {
      const last = Math.min(done + PIECE_BYTES, metadata.size) - 1
      const from = done
      const result = await client.call(
        `send bytes ${from} to ${last} of ${path}`,
        async (dropbox, request) => {
          const reply = await dropbox.filesDownload(
            { path: `rev:${metadata.rev}` },
            { ...request, extraHeaders: { Range: `bytes=${from}-${last}` } },
          )
          // Shorter than requested: the connection ended without an error.
          if (reply.result.fileBinary?.length !== last - from + 1)
            throw new TypeError('the download ended early')
          return reply
        },
        { signal: options.signal },
      )
      await handle.write(result.fileBinary ?? Buffer.alloc(0))
      done = last + 1
      options.onProgress?.({ bytes_done: done, bytes_total: metadata.size })
    }
  } finally {
    await handle.close()
  }
}
