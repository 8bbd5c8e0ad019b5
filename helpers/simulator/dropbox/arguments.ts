import { z } from 'zod'

// Strict: Dropbox answers 400 to an unknown field.
// https://www.dropbox.com/developers/documentation/http/documentation
const path = z.string().regex(/^\/(?:[^/]|\/(?!\/|$))*[^/]$/, 'did not match pattern')
const filePath = z.union([path, z.string().regex(/^(?:rev:[0-9a-f]{9,}|id:\S+)$/)])
const folderPath = z.union([z.literal(''), path])
const hash = z.string().length(64)
const mode = z.union([
  z.enum(['add', 'overwrite']),
  z.strictObject({ '.tag': z.enum(['add', 'overwrite']) }),
  z.strictObject({ '.tag': z.literal('update'), update: z.string().regex(/^[0-9a-f]{9,}$/) }),
])
const commit = {
  path,
  mode: mode.default('add'),
  autorename: z.boolean().default(false),
  client_modified: z
    .string()
    .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    .optional(),
  mute: z.boolean().default(false),
  strict_conflict: z.boolean().default(false),
}
const cursor = z.strictObject({ session_id: z.string(), offset: z.int().min(0) })
const sessionType = z.union([
  z.enum(['sequential', 'concurrent']),
  z.strictObject({ '.tag': z.enum(['sequential', 'concurrent']) }).transform((it) => it['.tag']),
])

export const ARGUMENTS = {
  'files/upload': z.strictObject({ ...commit, content_hash: hash.optional() }),
  'files/upload_session/start': z.strictObject({
    close: z.boolean().default(false),
    session_type: sessionType.default('sequential'),
    content_hash: hash.optional(),
  }),
  'files/upload_session/append_v2': z.strictObject({
    cursor,
    close: z.boolean().default(false),
    content_hash: hash.optional(),
  }),
  'files/upload_session/finish': z.strictObject({
    cursor,
    commit: z.strictObject(commit),
    content_hash: hash.optional(),
  }),
  'files/download': z.strictObject({ path: filePath }),
  'files/get_metadata': z.strictObject({
    path: filePath,
    include_deleted: z.boolean().optional(),
    include_media_info: z.boolean().optional(),
    include_has_explicit_shared_members: z.boolean().optional(),
  }),
  'files/list_folder': z.strictObject({
    path: folderPath,
    recursive: z.boolean().default(false),
    limit: z.int().min(1).max(2000).default(500),
    include_deleted: z.boolean().optional(),
    include_media_info: z.boolean().optional(),
    include_has_explicit_shared_members: z.boolean().optional(),
    include_mounted_folders: z.boolean().optional(),
    include_non_downloadable_files: z.boolean().optional(),
  }),
  'files/list_folder/continue': z.strictObject({ cursor: z.string() }),
  'files/delete_v2': z.strictObject({ path, parent_rev: z.string().optional() }),
  'files/create_folder_v2': z.strictObject({ path, autorename: z.boolean().default(false) }),
  'users/get_current_account': z.null(),
  'users/get_space_usage': z.null(),
} as const

export type Route = keyof typeof ARGUMENTS
export type Argument<R extends Route> = z.output<(typeof ARGUMENTS)[R]>
export type Commit = Argument<'files/upload_session/finish'>['commit']
export type Cursor = z.output<typeof cursor>

/** Host, style and scope of each route. */
export const ROUTES: Readonly<
  Record<
    Route,
    {
      readonly host: 'api' | 'content'
      readonly style: 'rpc' | 'upload' | 'download'
      readonly scope: string
    }
  >
> = {
  'files/upload': { host: 'content', style: 'upload', scope: 'files.content.write' },
  'files/upload_session/start': { host: 'content', style: 'upload', scope: 'files.content.write' },
  'files/upload_session/append_v2': { host: 'content', style: 'upload', scope: 'files.content.write' },
  'files/upload_session/finish': { host: 'content', style: 'upload', scope: 'files.content.write' },
  'files/download': { host: 'content', style: 'download', scope: 'files.content.read' },
  'files/get_metadata': { host: 'api', style: 'rpc', scope: 'files.metadata.read' },
  'files/list_folder': { host: 'api', style: 'rpc', scope: 'files.metadata.read' },
  'files/list_folder/continue': { host: 'api', style: 'rpc', scope: 'files.metadata.read' },
  'files/delete_v2': { host: 'api', style: 'rpc', scope: 'files.content.write' },
  'files/create_folder_v2': { host: 'api', style: 'rpc', scope: 'files.content.write' },
  'users/get_current_account': { host: 'api', style: 'rpc', scope: 'account_info.read' },
  'users/get_space_usage': { host: 'api', style: 'rpc', scope: 'account_info.read' },
}
