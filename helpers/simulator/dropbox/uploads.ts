import { appendFileSync, createReadStream, existsSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { ContentHasher, contentHash } from '../../core/dropbox-hash.ts'
import { endpointError, type Tagged } from './api-error.ts'
import type { Argument, Cursor } from './arguments.ts'
import { commitFile, type WrapWriteError } from './commit.ts'
import { metadataOf } from './metadata.ts'
import { randomId, type StateStore, type StoredFile } from './state.ts'

/** A session lives seven days. */
const SESSION_MS = 7 * 86_400_000
/** Appends to a concurrent session come in blocks of 4 MiB, but for the last one. */
const CONCURRENT_BLOCK_BYTES = 4 * 1024 * 1024
/** A file is at most so large. */
const FILE_BYTES_MAX = 2 ** 41 - 2 ** 22

export interface UploadCall {
  readonly store: StateStore
  readonly body: Buffer
  readonly now: number
  /** For a fault: only so many bytes of the append are committed. */
  readonly commit_bytes?: number
  /** Called for each file that is committed. */
  readonly onCommit: (file: StoredFile) => void
}

export async function upload(
  call: UploadCall,
  { content_hash, ...commit }: Argument<'files/upload'>,
): Promise<unknown> {
  checkBodyHash(call.body, content_hash, (error) => error)
  const file = call.store.session(randomId('single-', 16))
  writeFileSync(file, call.body)
  const wrap: WrapWriteError = (reason) => ({ '.tag': 'path', reason, upload_session_id: '' })
  try {
    const stored = commitFile(
      call.store,
      { file, size: call.body.length, content_hash: contentHash(call.body), is_kept: false },
      commit,
      wrap,
      call.now,
    )
    call.store.save()
    call.onCommit(stored)
    return metadataOf(stored)
  } finally {
    rmSync(file, { force: true })
  }
}

export function startSession(
  { store, body, now }: UploadCall,
  { close, session_type, content_hash }: Argument<'files/upload_session/start'>,
): unknown {
  if (session_type === 'concurrent' && body.length > 0)
    throw endpointError({ '.tag': 'concurrent_session_data_not_allowed' })
  if (session_type === 'concurrent' && close)
    throw endpointError({ '.tag': 'concurrent_session_close_not_allowed' })
  checkBodyHash(body, content_hash, (error) => error)
  const session_id = randomId('pid_upload_session:', 24).replace(':', '-')
  writeFileSync(store.session(session_id), body)
  store.value.sessions[session_id] = { created_at_ms: now, type: session_type, is_closed: close }
  store.save()
  return { session_id }
}

export function append(
  call: UploadCall,
  { cursor, close, content_hash }: Argument<'files/upload_session/append_v2'>,
): unknown {
  const { store, body } = call
  const session = lookUp(call, cursor, (error) => error)
  if (session.is_closed) throw endpointError({ '.tag': 'closed' })
  const data = store.session(cursor.session_id)
  const { size } = statSync(data)
  if (session.type === 'sequential' && cursor.offset !== size)
    throw endpointError({ '.tag': 'incorrect_offset', correct_offset: size })
  if (
    session.type === 'concurrent' &&
    ((!close && body.length % CONCURRENT_BLOCK_BYTES !== 0) || cursor.offset % CONCURRENT_BLOCK_BYTES !== 0)
  )
    throw endpointError({ '.tag': 'concurrent_session_invalid_data_size' })
  if (session.type === 'concurrent' && cursor.offset !== size)
    throw endpointError({ '.tag': 'concurrent_session_invalid_offset' })
  if (size + body.length > FILE_BYTES_MAX) throw endpointError({ '.tag': 'too_large' })
  checkBodyHash(body, content_hash, (error) => error)
  appendFileSync(data, call.commit_bytes === undefined ? body : body.subarray(0, call.commit_bytes))
  if (close && call.commit_bytes === undefined) {
    session.is_closed = true
    store.save()
  }
  return null
}

export async function finish(
  call: UploadCall,
  { cursor, commit, content_hash }: Argument<'files/upload_session/finish'>,
): Promise<unknown> {
  const { store, body } = call
  const lookupFailed = (error: Tagged): Tagged => ({ '.tag': 'lookup_failed', lookup_failed: error })
  const session = lookUp(call, cursor, lookupFailed)
  const data = store.session(cursor.session_id)
  const { size } = statSync(data)
  if (session.type === 'concurrent' && !session.is_closed)
    throw endpointError({ '.tag': 'concurrent_session_not_closed' })
  if (session.type === 'concurrent' && body.length > 0)
    throw endpointError({ '.tag': 'concurrent_session_data_not_allowed' })
  if (session.is_closed && body.length > 0) throw endpointError(lookupFailed({ '.tag': 'closed' }))
  if (cursor.offset !== size)
    throw endpointError(lookupFailed({ '.tag': 'incorrect_offset', correct_offset: size }))
  checkBodyHash(body, content_hash, (error) => error)
  // What comes with the finish belongs to the session: it is still there when the commit is refused.
  appendFileSync(data, body)
  const stored = commitFile(
    store,
    { file: data, size: size + body.length, content_hash: await hashOf(data), is_kept: true },
    commit,
    (path) => ({ '.tag': 'path', path }),
    call.now,
  )
  rmSync(data)
  delete store.value.sessions[cursor.session_id]
  store.save()
  call.onCommit(stored)
  return metadataOf(stored)
}

function lookUp({ store, now }: UploadCall, cursor: Cursor, wrap: (error: Tagged) => Tagged) {
  const session = store.value.sessions[cursor.session_id]
  if (
    session === undefined ||
    now - session.created_at_ms > SESSION_MS ||
    !existsSync(store.session(cursor.session_id))
  )
    throw endpointError(wrap({ '.tag': 'not_found' }))
  return session
}

function checkBodyHash(body: Buffer, expected: string | undefined, wrap: (error: Tagged) => Tagged): void {
  if (expected !== undefined && contentHash(body) !== expected)
    throw endpointError(wrap({ '.tag': 'content_hash_mismatch' }))
}

async function hashOf(file: string): Promise<string> {
  const hasher = new ContentHasher()
  for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 }) as AsyncIterable<Buffer>)
    hasher.update(chunk)
  return hasher.digest()
}
