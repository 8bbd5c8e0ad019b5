import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { z } from 'zod'
import { FormatError, messageOf } from '../core/errors.ts'
import { compareText } from '../core/text.ts'
import { contentHashOf, type Fingerprint, schemaHashOf } from '../database/fingerprint.ts'

const sha256 = z.string().regex(/^[0-9a-f]{64}$/)
const time = z.iso.datetime()
const segment = z.strictObject({ last_key: z.string(), rows: z.int().min(1), sha256: z.string() })

const fingerprintSchema = z.strictObject({
  scope: z.enum(['content', 'full']),
  tables: z.record(
    z.string(),
    z.strictObject({
      kind: z.enum(['table', 'partitioned table', 'materialized view']),
      rows: z.int().min(0),
      sha256,
      key: z.array(z.string()),
      segments: z.array(segment),
    }),
  ),
  views: z.record(
    z.string(),
    z.strictObject({
      definition_sha256: sha256,
      rows: z.int().nullable(),
      rows_hash: z.string().nullable(),
      reason: z.string().exactOptional(),
    }),
  ),
  sequences: z.record(
    z.string(),
    z.strictObject({
      last_value: z.string(),
      is_called: z.boolean(),
      last_value_after: z.string().exactOptional(),
    }),
  ),
  objects: z.record(z.string(), z.string()),
  schema_sha256: sha256,
  content_sha256: sha256,
  unvalidated_constraints: z.array(z.string()),
})

const manifestSchema = z.strictObject({
  format: z.literal('stocks-research-backup'),
  version: z.literal(1),
  /** Name of the archive, in the same folder. */
  file: z.string().regex(/^full_[0-9]{8}_[0-9]{4}(_[0-9]+)?\.dump$/),
  bytes: z.int().min(1),
  sha256,
  /** Dropbox content hash of the archive. */
  content_hash: sha256,
  database: z.string(),
  mode: z.string(),
  run_id: z.string().nullable(),
  /** Last applied migration; null if this product did not create the database. */
  migration_head: z.string().nullable(),
  /** Settings with which a restore must create the database. */
  encoding: z.string(),
  collate: z.string(),
  ctype: z.string(),
  locale_provider: z.string(),
  icu_locale: z.string().nullable(),
  server_version: z.string(),
  system_identifier: z.string().nullable(),
  database_oid: z.string(),
  tool_version: z.string(),
  command: z.string(),
  /**
   * UTC. The snapshot was taken between `snapshot_at` and the first hash; `ended_at` is after the archive was
   * read to its end.
   */
  snapshot_at: time,
  ended_at: time,
  dump_duration_ms: z.number().min(0),
  fingerprint: fingerprintSchema,
})
export type Manifest = Readonly<Omit<z.infer<typeof manifestSchema>, 'fingerprint'>> & {
  readonly fingerprint: Fingerprint
}

/** The path of the manifest of an archive: beside it, with the same name and a suffix. */
export const manifestFileOf = (archive: string): string => `${archive}.json`

/**
 * @throws FormatError when it cannot be read, is not a manifest, or names another file than the one
 *   beside it.
 */
export async function readManifest(archive: string): Promise<Manifest> {
  const file = manifestFileOf(archive)
  let value: unknown
  try {
    value = JSON.parse(await readFile(file, 'utf8'))
  } catch (error) {
    throw new FormatError(
      `The manifest ${file} cannot be read: ${messageOf(error)}. ` +
        'An archive without its manifest proves nothing; take a new backup.',
    )
  }
  const parsed = manifestSchema.safeParse(value)
  if (!parsed.success)
    throw new FormatError(`${file} is not a manifest of a backup: ${z.prettifyError(parsed.error)}`)
  if (parsed.data.file !== basename(archive))
    throw new FormatError(`${file} is the manifest of ${parsed.data.file}, not of ${basename(archive)}.`)
  const contradiction = contradictionIn(parsed.data)
  if (contradiction !== undefined)
    throw new FormatError(
      `${file} contradicts itself: ${contradiction}. It was changed after it was written; do not use it.`,
    )
  return parsed.data
}

/** Contradictions within a manifest, as after an edit of one line by hand. */
function contradictionIn({ file, snapshot_at, fingerprint }: Manifest): string | undefined {
  const name = backupName(new Date(snapshot_at))
  if (!file.startsWith(name)) return `its snapshot was taken at ${snapshot_at}, and its file is not a ${name}`
  if (fingerprint.content_sha256 !== contentHashOf(fingerprint.tables))
    return 'content_sha256 is not that of its tables'
  if (fingerprint.schema_sha256 !== schemaHashOf(fingerprint.objects))
    return 'schema_sha256 is not that of its objects'
  for (const [table, { rows, segments }] of Object.entries(fingerprint.tables)) {
    const sum = segments.reduce((total, segment) => total + segment.rows, 0)
    if (sum !== rows) return `${table} has ${rows} rows, and ${sum} in its segments`
  }
  return undefined
}

export interface FoundBackups {
  /** Oldest first. */
  readonly good: readonly { readonly archive: string; readonly manifest: Manifest }[]
  /** Archives that are not valid backups, each with the reason. */
  readonly bad: readonly { readonly file: string; readonly reason: string }[]
}

/** Archives in `directory`. A `.partial` file is never one. */
export async function findBackups(directory: string): Promise<FoundBackups> {
  const names: string[] = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  const good: { archive: string; manifest: Manifest }[] = []
  const bad: { file: string; reason: string }[] = []
  for (const name of names.filter((each) => each.endsWith('.dump')).toSorted()) {
    const archive = join(directory, name)
    if (!names.includes(manifestFileOf(name))) bad.push({ file: name, reason: 'it has no manifest.' })
    else
      await readManifest(archive).then(
        (manifest) => good.push({ archive, manifest }),
        (error: unknown) => bad.push({ file: name, reason: messageOf(error) }),
      )
  }
  return { good: good.toSorted((a, b) => compareText(a.manifest.snapshot_at, b.manifest.snapshot_at)), bad }
}

/** Archives with a manifest in `directory`, oldest first. */
export const listBackups = async (directory: string): Promise<FoundBackups['good'][number][]> => [
  ...(await findBackups(directory)).good,
]

/** `full_<yyyyMMdd_HHmm>` in UTC. */
export const backupName = (at: Date): string =>
  `full_${at.toISOString().slice(0, 16).replaceAll('-', '').replace('T', '_').replace(':', '')}`
