import { closeSync, createReadStream, openSync, readSync, writeSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { ApiError, endpointError } from './api-error.ts'
import type { Argument, Route } from './arguments.ts'
import type { FaultAction } from './faults.ts'
import {
  accountOf,
  continueList,
  createFolder,
  deletePath,
  findFile,
  getMetadata,
  listFolder,
  metadataOf,
  spaceOf,
} from './metadata.ts'
import { asciiJson } from './reply.ts'
import { CutError } from './request.ts'
import type { StateStore, StoredFile } from './state.ts'
import { append, finish, startSession, type UploadCall, upload } from './uploads.ts'

export interface Dispatch {
  readonly store: StateStore
  readonly route: Route
  readonly argument: unknown
  readonly now: number
  readonly body: Buffer
  readonly fault: FaultAction | undefined
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

/** Does what the route says, and returns the reply; undefined when it has been sent already. */
export async function dispatch(call: Dispatch): Promise<unknown> {
  const { store, route, argument, fault } = call
  const upload_call: UploadCall = {
    store,
    body: fault?.kind === 'flip-received' ? flipped(call.body) : call.body,
    now: call.now,
    onCommit: (file) => {
      if (fault?.kind === 'flip-stored') flipStored(store.blob(file.blob), file.size)
    },
    ...(fault?.kind === 'cut-partly' ? { commit_bytes: fault.commit_bytes } : {}),
  }
  switch (route) {
    case 'files/upload':
      return upload(upload_call, argument as Argument<typeof route>)
    case 'files/upload_session/start':
      return startSession(upload_call, argument as Argument<typeof route>)
    case 'files/upload_session/append_v2':
      return append(upload_call, argument as Argument<typeof route>)
    case 'files/upload_session/finish':
      return finish(upload_call, argument as Argument<typeof route>)
    case 'files/download':
      return download(findFile(store, (argument as Argument<typeof route>).path), call)
    case 'files/get_metadata':
      return getMetadata(store, argument as Argument<typeof route>)
    case 'files/list_folder':
      return listFolder(store, argument as Argument<typeof route>)
    case 'files/list_folder/continue':
      return continueList(store, argument as Argument<typeof route>)
    case 'files/delete_v2':
      return deletePath(store, argument as Argument<typeof route>)
    case 'files/create_folder_v2':
      return createFolder(store, argument as Argument<typeof route>)
    case 'users/get_current_account':
      return accountOf(store)
    case 'users/get_space_usage':
      return spaceOf(store)
  }
}

/** One range, or all of it; metadata in the header Dropbox-API-Result. */
async function download(
  file: StoredFile | undefined,
  { store, request, response, fault }: Dispatch,
): Promise<undefined> {
  if (file === undefined) throw endpointError({ '.tag': 'path', path: { '.tag': 'not_found' } })
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')
  const start = Number(range?.[1] ?? 0)
  const end = Math.min(range === null || range[2] === '' ? file.size - 1 : Number(range[2]), file.size - 1)
  if (range !== null && (start >= file.size || start > end))
    throw new ApiError(416, 'Requested range not satisfiable', { 'content-range': `bytes */${file.size}` })
  response.writeHead(range === null ? 200 : 206, {
    'content-type': 'application/octet-stream',
    'content-length': Math.max(0, end - start + 1),
    'dropbox-api-result': asciiJson(metadataOf(file)),
    etag: `W/"${file.rev}"`,
    'accept-ranges': 'bytes',
    ...(range === null ? {} : { 'content-range': `bytes ${start}-${end}/${file.size}` }),
  })
  const limit = fault?.kind === 'truncate' ? fault.bytes : Number.POSITIVE_INFINITY
  const bytes = file.size === 0 ? [] : createReadStream(store.blob(file.blob), { start, end })
  try {
    await pipeline(Readable.from(upTo(limit, bytes)), response)
  } catch (error) {
    throw new CutError('the download was cut', { cause: error })
  }
  return undefined
}

/** So many bytes, then the connection breaks. */
async function* upTo(limit: number, bytes: AsyncIterable<Buffer> | Iterable<Buffer>): AsyncGenerator<Buffer> {
  let left = limit
  for await (const chunk of bytes) {
    yield chunk.subarray(0, left)
    left -= chunk.length
    if (left < 0) throw new CutError('cut by script')
  }
}

function flipped(body: Buffer): Buffer {
  const copy = Buffer.from(body)
  const middle = copy.length >> 1
  if (copy.length > 0) copy[middle] = (copy[middle] ?? 0) ^ 1
  return copy
}

/** Bit rot: the bytes change, the metadata does not. */
function flipStored(blob: string, size: number): void {
  const handle = openSync(blob, 'r+')
  const byte = Buffer.alloc(1)
  readSync(handle, byte, 0, 1, size >> 1)
  writeSync(handle, Buffer.from([(byte[0] ?? 0) ^ 1]), 0, 1, size >> 1)
  closeSync(handle)
}
