import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { pipeline, Transform } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { z } from 'zod'
import { messageOf } from '../../../helpers/errors.ts'
import { SourceError } from '../../pipeline/provider.ts'
import type { Folder } from './layout.ts'

/** One file of a drop. */
export interface DropFile {
  readonly folder: Folder
  readonly path: string
  /** Relative to the drop, with slashes: the name that rejects and logs use. */
  readonly name: string
  readonly size_bytes: number
  readonly is_gzip: boolean
  /** What the manifest says of it, when there is one. */
  readonly listed: ManifestFile | undefined
}

const manifestFile = z.object({ path: z.string(), rows: z.int().optional(), sha256: z.string().toLowerCase().optional() })
type ManifestFile = z.infer<typeof manifestFile>
const manifestSchema = z.object({ spec: z.literal(1), files: z.array(manifestFile) })

// Readers for Parquet, zip and zstd take their place here.
const READABLE = /\.csv(\.gz)?$/i
const BESIDE = /^(readme(\.\w+)?|[._].*)$/i

/**
 * The files of the folders, by path. Hidden files and readmes may stand beside them; a file of any other kind is an error.
 *
 * @throws SourceError that names the file: of a kind that cannot be read, or listed by the manifest and missing.
 */
export async function listFiles(root: string, folders: readonly Folder[]): Promise<DropFile[]> {
  const manifest = await readManifest(root)
  const found = await Promise.all(folders.map((folder) => filesOf(root, folder, manifest)))
  const files = found.flat().toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const names = new Set(files.map(({ name }) => name))
  for (const path of manifest.keys()) {
    const isOurs = folders.some(({ name }) => path.startsWith(`${name}/`))
    if (isOurs && !names.has(path))
      throw malformed(`${path} is listed in manifest.json and is not there. Complete the drop, or correct the manifest.`)
  }
  return files
}

async function filesOf(root: string, folder: Folder, manifest: ReadonlyMap<string, ManifestFile>): Promise<DropFile[]> {
  const directory = join(root, folder.name)
  const names = await readdir(directory, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw malformed(`The folder ${folder.name}/ cannot be read: ${error.message}`)
  })
  const files = await Promise.all(
    names.map(async (each): Promise<DropFile | undefined> => {
      const path = join(directory, each)
      const status = await stat(path)
      if (!status.isFile() || each.split(sep).some((part) => BESIDE.test(part))) return undefined
      const name = relative(root, path).split(sep).join('/')
      if (!READABLE.test(name)) {
        throw malformed(`${name} is of a kind that cannot be read; .csv and .csv.gz can. Convert it, or move it out of the drop.`)
      }
      return { folder, path, name, size_bytes: status.size, is_gzip: /\.gz$/i.test(name), listed: manifest.get(name) }
    }),
  )
  return files.filter((file) => file !== undefined)
}

async function readManifest(root: string): Promise<ReadonlyMap<string, ManifestFile>> {
  const text = await readFile(join(root, 'manifest.json'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw malformed(`manifest.json cannot be read: ${error.message}`)
  })
  if (text === undefined) return new Map()
  try {
    return new Map(manifestSchema.parse(JSON.parse(text.replace(/^\uFEFF/, ''))).files.map((file) => [file.path, file]))
  } catch (error) {
    throw malformed(`manifest.json is not {"spec":1,"files":[{"path":…}]}: ${messageOf(error)}`)
  }
}

/**
 * The hash of a file as it stands, before it is read: what was recorded is then what is read, or an error.
 *
 * @throws SourceError when the manifest says another hash.
 */
export async function hashFile(file: DropFile): Promise<string> {
  const hash = createHash('sha256')
  for await (const bytes of createReadStream(file.path)) hash.update(bytes as Buffer)
  const sha256 = hash.digest('hex')
  if (file.listed?.sha256 !== undefined && file.listed.sha256 !== sha256) {
    throw malformed(`${file.name} has SHA-256 ${sha256}; manifest.json says ${file.listed.sha256}. It is damaged, or not complete yet.`)
  }
  return sha256
}

/**
 * The text of a file, piece by piece, with the bytes of the file read so far.
 *
 * @throws SourceError when it ends too early, is no gzip file, or is not the file that was hashed.
 */
export async function* textOf(file: DropFile, sha256: string): AsyncGenerator<{ text: string; read_bytes: number }> {
  const hash = createHash('sha256')
  let read_bytes = 0
  const tap = new Transform({
    transform(bytes: Buffer, _encoding, done) {
      hash.update(bytes)
      read_bytes += bytes.length
      done(null, bytes)
    },
  })
  const raw = createReadStream(file.path, { highWaterMark: 256 * 1024 })
  const ignore = (): void => {} // The stream that is iterated throws the same error.
  const out = file.is_gzip ? pipeline(raw, tap, createGunzip({ chunkSize: 256 * 1024 }), ignore) : pipeline(raw, tap, ignore)
  const decoder = new TextDecoder('utf-8') // Drops a byte order mark.
  try {
    for await (const bytes of out) yield { text: decoder.decode(bytes as Buffer, { stream: true }), read_bytes }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'Z_BUF_ERROR') {
      throw new SourceError(`${file.name} ends in the middle of its gzip data: the copy is not complete. Copy it again.`, {
        error_class: 'truncated',
        cause: error,
      })
    }
    throw malformed(`${file.name} cannot be read: ${message}`, error)
  }
  yield { text: decoder.decode(), read_bytes }
  if (hash.digest('hex') !== sha256) {
    throw new SourceError(`${file.name} changed while it was read. Wait until the drop is complete, and start again.`, {
      error_class: 'transient',
    })
  }
}

const malformed = (message: string, cause?: unknown): SourceError => new SourceError(message, { error_class: 'malformed', cause })
