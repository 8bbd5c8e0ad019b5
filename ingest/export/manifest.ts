import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { writeAtomically } from '../../helpers/core/atomic-file.ts'
import { FormatError, messageOf } from '../../helpers/core/errors.ts'

// What an export says of itself: manifest.json, beside its tables.

export const MANIFEST = 'manifest.json'
/** The files that are finished, in an export that is not. */
export const PROGRESS = 'progress.json'

const sha256 = z.string().regex(/^[0-9a-f]{64}$/)

const partSchema = z.strictObject({
  /** Path in the export. Never absolute, never upwards. */
  path: z.string().regex(/^[a-z_]+\/(year=\d{4}\/)?part-0\.parquet$/),
  year: z.int().nullable(),
  rows: z.int().min(0),
  bytes: z.int().min(1),
  sha256,
  /** SHA-256 of its rows as CSV, equal in PostgreSQL and in the file. */
  content_sha256: sha256,
  /** Sums of its decimals, equal in PostgreSQL and in the file; null where every value is null. */
  sums: z.record(z.string(), z.string().nullable()),
})
const columnSchema = z.strictObject({ name: z.string(), type: z.string(), comment: z.string() })
const tableSchema = z.strictObject({
  name: z.string(),
  relation: z.string(),
  /** `year` is that of this day. */
  partitioned_by: z.string().nullable(),
  sorted_by: z.array(z.string()),
  rows: z.int().min(0),
  columns: z.array(columnSchema),
  files: z.array(partSchema),
})
const bodySchema = z.strictObject({
  format: z.literal('stocks-research-export'),
  version: z.literal(1),
  /** As in ingestion.environment; a rehearsal's prices are invented. */
  mode: z.string().nullable(),
  database: z.string(),
  /** The newest day with a price. */
  as_of_date: z.string().nullable(),
  /** UTC. Every table is as of this time. */
  snapshot_at: z.string(),
  /** The newest run that had ended. */
  run: z
    .strictObject({
      run_id: z.string(),
      command: z.string(),
      source: z.string(),
      state: z.string(),
      start_date: z.string().nullable(),
      end_date: z.string().nullable(),
      ended_at: z.string(),
    })
    .nullable(),
  /** The newest local backup with the same rows in schema stocks_research; null when there is none. */
  backup: z.strictObject({ file: z.string(), sha256 }).nullable(),
  migration: z.string().nullable(),
  /** SHA-256 over name, rows and hash of every table of schema stocks_research. */
  database_content_sha256: sha256,
  product_version: z.string(),
  duckdb_version: z.string(),
  tables: z.array(tableSchema),
})
const manifestSchema = bodySchema.extend({ manifest_sha256: sha256 })

export type Part = Readonly<z.infer<typeof partSchema>>
export type ManifestTable = z.infer<typeof tableSchema>
export type ManifestBody = z.infer<typeof bodySchema>
export type Manifest = z.infer<typeof manifestSchema>

const hashOf = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex')

export async function writeManifest(folder: string, body: ManifestBody): Promise<Manifest> {
  const manifest = { ...bodySchema.parse(body), manifest_sha256: hashOf(bodySchema.parse(body)) }
  await writeAtomically(join(folder, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`)
  return manifest
}

/** @throws FormatError when it is missing, is of another format, or was changed after it was written. */
export async function readManifest(folder: string): Promise<Manifest> {
  const file = join(folder, MANIFEST)
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new FormatError(
      `${folder} has no readable ${MANIFEST}, so it is not an export: ${messageOf(error)}`,
    )
  })
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new FormatError(`${file} is not JSON: ${messageOf(error)}. Export again.`)
  }
  const parsed = manifestSchema.safeParse(value)
  if (!parsed.success)
    throw new FormatError(`${file} is not a manifest of an export: ${z.prettifyError(parsed.error)}`)
  const { manifest_sha256, ...body } = parsed.data
  if (hashOf(bodySchema.parse(body)) !== manifest_sha256)
    throw new FormatError(`${file} was changed after it was written: its own hash differs. Export again.`)
  return parsed.data
}

/** What is finished in an interrupted export; empty when there is none. Each entry is verified before use. */
export async function readProgress(folder: string): Promise<Part[]> {
  const text = await readFile(join(folder, PROGRESS), 'utf8').catch(() => '[]')
  const parsed = z.array(partSchema).safeParse(JSON.parse(text))
  return parsed.success ? parsed.data : []
}

export const writeProgress = (folder: string, parts: readonly Part[]): Promise<void> =>
  writeAtomically(join(folder, PROGRESS), JSON.stringify(parts))
