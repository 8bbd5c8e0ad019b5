import { readdir, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { malformed } from './faults.ts'
import type { Folder } from './layout.ts'
import { type ManifestFile, readManifest } from './manifest.ts'
import { type Mapping, PLAIN, readMappings } from './mapping.ts'
import type { Codec, DeliveryFile, Part } from './parts.ts'
import { membersOf } from './zip.ts'

const KINDS: readonly (readonly [RegExp, Part['kind'] | 'zip', Codec])[] = [
  [/\.(csv|txt|tsv)$/i, 'csv', 'none'],
  [/\.(csv|txt|tsv)\.gz$/i, 'csv', 'gzip'],
  [/\.(csv|txt|tsv)\.zstd?$/i, 'csv', 'zstd'],
  [/\.(parquet|pq)$/i, 'parquet', 'none'],
  [/\.zip$/i, 'zip', 'none'],
]
const READABLE = '.csv, .txt and .tsv (also .gz and .zst), .parquet and .zip can'
const BESIDE = /^(readme(\.\w+)?|__MACOSX|[._].*)$/i

/**
 * The files of the folders, by path. Hidden files and readmes are skipped; a file of any other kind is an
 * error.
 *
 * @throws SourceError that names the file: of a kind that cannot be read, a damaged zip, a link to a folder,
 *   or listed by the manifest and missing.
 */
export async function listFiles(root: string, folders: readonly Folder[]): Promise<DeliveryFile[]> {
  const manifest = await readManifest(root)
  const mappings = await readMappings(root)
  const found = await Promise.all(
    folders.map((folder) => filesOf(root, folder, mappings.get(folder.name) ?? PLAIN, manifest)),
  )
  const files = found.flat().toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const names = new Set(files.flatMap(({ name, parts }) => [name, ...parts.map((part) => part.name)]))
  for (const path of manifest.keys()) {
    const isOurs = folders.some(({ name }) => path.startsWith(`${name}/`))
    if (isOurs && !names.has(path))
      throw malformed(
        `${path} is listed in manifest.json and is missing. ` +
          'Complete the delivery, or correct the manifest.',
      )
  }
  return files
}

type Manifest = ReadonlyMap<string, ManifestFile>

async function filesOf(
  root: string,
  folder: Folder,
  mapping: Mapping,
  manifest: Manifest,
): Promise<DeliveryFile[]> {
  const directory = join(root, folder.name)
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return []
      throw malformed(`The folder ${folder.name}/ cannot be read: ${error.message}`)
    },
  )
  const files: DeliveryFile[] = []
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name)
    const name = relative(root, path).split(sep).join('/')
    if (entry.isDirectory() || isBeside(name)) continue
    const status = await stat(path).catch((error: NodeJS.ErrnoException) => {
      throw malformed(`${name} cannot be read: ${error.message}`)
    })
    if (entry.isSymbolicLink() && status.isDirectory())
      throw malformed(`${name} is a link to a folder, which is not followed. Put the folder itself there.`)
    if (status.isFile())
      files.push(
        await fileOf(
          { folder, path, name, size_bytes: status.size, listed: manifest.get(name) },
          mapping,
          manifest,
        ),
      )
  }
  return files
}

async function fileOf(
  found: Omit<DeliveryFile, 'parts'>,
  mapping: Mapping,
  manifest: Manifest,
): Promise<DeliveryFile> {
  const { folder, name } = found
  const [, kind, codec] = kindOf(name)
  if (kind === undefined || codec === undefined)
    throw malformed(
      `${name} is of a kind that cannot be read; ${READABLE}. Convert it, or move it out of the delivery.`,
    )
  const parts: Part[] = []
  const file: DeliveryFile = { ...found, parts }
  if (kind !== 'zip') {
    parts.push({ file, folder, name, kind, codec, entry: undefined, listed: undefined, mapping })
    return file
  }
  for (const entry of await membersOf(file)) {
    const member = `${name}/${entry.fileName}`
    if (isBeside(entry.fileName)) continue
    const [, kind, codec] = kindOf(entry.fileName)
    if (kind === undefined || kind === 'zip' || codec === undefined)
      throw malformed(
        `${member} is of a kind that cannot be read inside a zip; ` +
          '.csv, .txt and .tsv (also .gz and .zst) and .parquet can. Unpack the zip.',
      )
    parts.push({ file, folder, name: member, kind, codec, entry, listed: manifest.get(member), mapping })
  }
  if (parts.length === 0)
    throw malformed(`${name} is a zip without a table in it. Copy it again, or move it out of the delivery.`)
  parts.sort((a, b) => (a.name < b.name ? -1 : 1))
  return file
}

/** The name without its endings: `2020.csv` and `2020.csv.gz` have the same stem. */
export const stemOf = (name: string): string =>
  name.replace(/\.(zip|parquet|pq)$|(\.(csv|txt|tsv))?(\.(gz|zstd?))?$/i, '')

const kindOf = (name: string) => KINDS.find(([pattern]) => pattern.test(name)) ?? []
const isBeside = (name: string): boolean => name.split('/').some((part) => BESIDE.test(part))
