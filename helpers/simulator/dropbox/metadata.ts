import { basename } from 'node:path/posix'
import { badRequest, endpointError } from './api-error.ts'
import type { Argument } from './arguments.ts'
import { addFolders, pathFault } from './commit.ts'
import { randomId, type StateStore, type StoredFile } from './state.ts'

export const metadataOf = (file: StoredFile) => ({
  name: basename(file.path_display),
  id: file.id,
  client_modified: file.client_modified,
  server_modified: file.server_modified,
  rev: file.rev,
  size: file.size,
  path_lower: file.path_display.toLowerCase(),
  path_display: file.path_display,
  is_downloadable: true,
  content_hash: file.content_hash,
})

const folderMetadataOf = ({ id, path_display }: { id: string; path_display: string }) => ({
  '.tag': 'folder',
  name: basename(path_display),
  id,
  path_lower: path_display.toLowerCase(),
  path_display,
})

const notFound = { '.tag': 'path', path: { '.tag': 'not_found' } } as const

/** The file of a path, an id or a revision. */
export function findFile(store: StateStore, path: string): StoredFile | undefined {
  if (path.startsWith('/')) return store.value.files[path.toLowerCase()]
  return Object.values(store.value.files).find(({ id, rev }) => path === id || path === `rev:${rev}`)
}

export function getMetadata(store: StateStore, { path }: Argument<'files/get_metadata'>): unknown {
  const file = findFile(store, path)
  if (file !== undefined) return { '.tag': 'file', ...metadataOf(file) }
  const folder = store.value.folders[path.toLowerCase()]
  if (folder === undefined) throw endpointError(notFound)
  return folderMetadataOf(folder)
}

interface Cursor {
  readonly path: string
  readonly recursive: boolean
  readonly limit: number
  /** Lower-case path of the last entry given. */
  readonly after: string
}

export function listFolder(
  store: StateStore,
  { path, recursive, limit }: Argument<'files/list_folder'>,
): unknown {
  const lower = path.toLowerCase()
  if (lower in store.value.files) throw endpointError({ '.tag': 'path', path: { '.tag': 'not_folder' } })
  if (lower !== '' && !(lower in store.value.folders)) throw endpointError(notFound)
  return page(store, { path: lower, recursive, limit, after: '' })
}

export function continueList(store: StateStore, { cursor }: Argument<'files/list_folder/continue'>): unknown {
  try {
    return page(store, JSON.parse(Buffer.from(cursor, 'base64url').toString()) as Cursor)
  } catch (error) {
    if (error instanceof SyntaxError)
      throw badRequest('files/list_folder/continue', 'cursor: Invalid "cursor" parameter')
    throw error
  }
}

function page(store: StateStore, cursor: Cursor): unknown {
  const isBelow = (key: string): boolean =>
    key.startsWith(`${cursor.path}/`) &&
    (cursor.recursive || !key.slice(cursor.path.length + 1).includes('/'))
  const entries = [
    ...Object.entries(store.value.folders).map(([key, folder]) => [key, folderMetadataOf(folder)] as const),
    ...Object.entries(store.value.files).map(
      ([key, file]) => [key, { '.tag': 'file', ...metadataOf(file) }] as const,
    ),
  ]
    .filter(([key]) => isBelow(key) && key > cursor.after)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
  const given = entries.slice(0, cursor.limit)
  const after = given.at(-1)?.[0] ?? cursor.after
  return {
    entries: given.map(([, entry]) => entry),
    cursor: Buffer.from(JSON.stringify({ ...cursor, after } satisfies Cursor)).toString('base64url'),
    has_more: entries.length > given.length,
  }
}

export function deletePath(store: StateStore, { path, parent_rev }: Argument<'files/delete_v2'>): unknown {
  const key = path.toLowerCase()
  const file = store.value.files[key]
  const folder = store.value.folders[key]
  if (file !== undefined) {
    if (parent_rev !== undefined && parent_rev !== file.rev)
      throw endpointError({
        '.tag': 'path_write',
        path_write: { '.tag': 'conflict', conflict: { '.tag': 'file' } },
      })
    delete store.value.files[key]
    store.save()
    return { metadata: { '.tag': 'file', ...metadataOf(file) } }
  }
  if (folder === undefined)
    throw endpointError({ '.tag': 'path_lookup', path_lookup: { '.tag': 'not_found' } })
  for (const table of [store.value.files, store.value.folders]) {
    for (const each of Object.keys(table)) if (each === key || each.startsWith(`${key}/`)) delete table[each]
  }
  store.save()
  return { metadata: folderMetadataOf(folder) }
}

export function createFolder(store: StateStore, { path }: Argument<'files/create_folder_v2'>): unknown {
  const key = path.toLowerCase()
  const fault = pathFault(path)
  if (fault !== undefined) throw endpointError({ '.tag': 'path', path: { '.tag': fault } })
  for (const [tag, entries] of [
    ['file', store.value.files],
    ['folder', store.value.folders],
  ] as const)
    if (key in entries)
      throw endpointError({ '.tag': 'path', path: { '.tag': 'conflict', conflict: { '.tag': tag } } })
  addFolders(store, path)
  const folder = { id: randomId('id:', 16), path_display: path }
  store.value.folders[key] = folder
  store.save()
  return { metadata: folderMetadataOf(folder) }
}

export const accountOf = ({ value: { account } }: StateStore): unknown => ({
  account_id: account.account_id,
  name: {
    given_name: account.name,
    surname: '',
    familiar_name: account.name,
    display_name: account.name,
    abbreviated_name: 'R',
  },
  email: account.email,
  email_verified: true,
  disabled: false,
  locale: 'en',
  referral_link: '',
  is_paired: false,
  account_type: { '.tag': 'basic' },
  root_info: { '.tag': 'user', root_namespace_id: '1', home_namespace_id: '1' },
})

export const spaceOf = (store: StateStore): unknown => ({
  used: store.usedBytes,
  allocation: { '.tag': 'individual', allocated: store.value.quota_bytes },
})
