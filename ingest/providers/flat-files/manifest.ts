import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { messageOf } from '../../../helpers/core/errors.ts'
import { malformed } from './faults.ts'

const manifestFile = z.object({
  path: z.string(),
  rows: z.int().optional(),
  sha256: z.string().toLowerCase().optional(),
})
const manifestSchema = z.object({ spec: z.literal(1), files: z.array(manifestFile) })

/** What manifest.json lists for a file: the number of its records, and the SHA-256 of its bytes. */
export type ManifestFile = z.infer<typeof manifestFile>

/**
 * The files of manifest.json by path; empty where there is no manifest. A member of a zip is
 * `folder/file.zip/member.csv`.
 */
export async function readManifest(root: string): Promise<ReadonlyMap<string, ManifestFile>> {
  const text = await readFile(join(root, 'manifest.json'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw malformed(`manifest.json cannot be read: ${error.message}`)
  })
  if (text === undefined) return new Map()
  try {
    return new Map(
      manifestSchema.parse(JSON.parse(text.replace(/^\uFEFF/, ''))).files.map((file) => [file.path, file]),
    )
  } catch (error) {
    throw malformed(`manifest.json is not {"spec":1,"files":[{"path":…}]}: ${messageOf(error)}`)
  }
}
