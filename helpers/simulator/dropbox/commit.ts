import { copyFileSync, renameSync } from 'node:fs'
import { endpointError, type Tagged } from './api-error.ts'
import type { Commit } from './arguments.ts'
import { randomId, type StateStore, type StoredFile } from './state.ts'

/**
 * How a route wraps a write error: `files/upload` with a reason and the session, `upload_session/finish` as
 * it is.
 */
export type WrapWriteError = (error: Tagged) => Tagged

/**
 * Makes `source` the content of a path, by the rules of WriteMode: add conflicts with other content,
 * overwrite never, update unless the revision is the given one; autorename takes another name instead.
 * Without strict_conflict, adding the same content again is a success that changes nothing.
 */
export function commitFile(
  store: StateStore,
  source: {
    readonly file: string
    readonly size: number
    readonly content_hash: string
    readonly is_kept: boolean
  },
  commit: Commit,
  wrap: WrapWriteError,
  now: number,
): StoredFile {
  const { files, folders, quota_bytes } = store.value
  const fault = pathFault(commit.path)
  if (fault !== undefined) throw endpointError(wrap({ '.tag': fault }))
  const key = commit.path.toLowerCase()
  const existing = files[key]
  const conflict = conflictOf(existing, key in folders, commit, source.content_hash)
  if (conflict === 'same' && existing !== undefined) return existing
  let path = commit.path
  if (conflict !== undefined) {
    if (!commit.autorename) throw endpointError(wrap({ '.tag': 'conflict', conflict: { '.tag': conflict } }))
    path = freeName(store, commit)
  }
  const replaced = files[path.toLowerCase()]
  if (store.usedBytes - (replaced?.size ?? 0) + source.size > quota_bytes)
    throw endpointError(wrap({ '.tag': 'insufficient_space' }))

  if (ancestors(path).some((folder) => folder.toLowerCase() in files))
    throw endpointError(wrap({ '.tag': 'conflict', conflict: { '.tag': 'file_ancestor' } }))
  addFolders(store, path)
  const blob = randomId('', 18)
  if (source.is_kept) copyFileSync(source.file, store.blob(blob))
  else renameSync(source.file, store.blob(blob))
  const server_modified = `${new Date(now).toISOString().slice(0, 19)}Z`
  const stored: StoredFile = {
    id: replaced?.id ?? randomId('id:', 16),
    path_display: path,
    rev: store.nextRev(),
    size: source.size,
    content_hash: source.content_hash,
    client_modified: commit.client_modified ?? server_modified,
    server_modified,
    blob,
  }
  files[path.toLowerCase()] = stored
  return stored
}

function conflictOf(
  existing: StoredFile | undefined,
  isFolder: boolean,
  commit: Commit,
  content_hash: string,
): 'file' | 'folder' | 'same' | undefined {
  if (isFolder) return 'folder'
  const mode = typeof commit.mode === 'string' ? commit.mode : commit.mode['.tag']
  if (existing === undefined || mode === 'overwrite') return undefined
  if (
    mode === 'update' &&
    typeof commit.mode !== 'string' &&
    'update' in commit.mode &&
    commit.mode.update === existing.rev
  )
    return undefined
  return !commit.strict_conflict && existing.content_hash === content_hash ? 'same' : 'file'
}

/** "name (2).ext", or "name (conflicted copy).ext" when an update lost. */
function freeName(store: StateStore, commit: Commit): string {
  const [, stem = commit.path, extension = ''] = /^(.*?)(\.[^./]*)?$/.exec(commit.path) ?? []
  const isUpdate = typeof commit.mode !== 'string' && commit.mode['.tag'] === 'update'
  for (let count = 1; ; count += 1) {
    const number = count === 1 ? '' : ` ${count}`
    const suffix = isUpdate ? ` (conflicted copy${number})` : ` (${count + 1})`
    const path = `${stem}${suffix}${extension}`
    if (!(path.toLowerCase() in store.value.files) && !(path.toLowerCase() in store.value.folders))
      return path
  }
}

export function addFolders(store: StateStore, path: string): void {
  for (const folder of ancestors(path))
    store.value.folders[folder.toLowerCase()] ??= { id: randomId('id:', 16), path_display: folder }
}

/** `/a/b/c` is in `/a/b` and `/a`. */
function ancestors(path: string): string[] {
  const folders = []
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1))
    folders.push(path.slice(0, end))
  return folders
}

export function pathFault(path: string): 'malformed_path' | 'disallowed_name' | undefined {
  const names = path.split('/').slice(1)
  if (names.some((name) => name === '.' || name === '..' || Buffer.byteLength(name) > 255))
    return 'malformed_path'
  if (
    names.some((name) =>
      /^(desktop\.ini|thumbs\.db|\.ds_store|icon\r|\.dropbox|\.dropbox\.attr)$/i.test(name),
    )
  )
    return 'disallowed_name'
  return undefined
}
