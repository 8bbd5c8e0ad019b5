import { constants } from 'node:fs'
import { access, copyFile, mkdir, readdir, rm, stat, statfs } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { fillAtomically, publishNewFile } from '../core/atomic-file.ts'
import { hashFile } from '../core/file-hash.ts'
import { RemoteError } from './errors.ts'
import { remotePath } from './remote-name.ts'
import type { RemoteCheck, RemoteFile, RemoteStore, TransferOptions, UploadedFile } from './store.ts'

/**
 * A plain folder that the Dropbox client syncs. Only the copy in the folder is verified: whether the client
 * has uploaded it to Dropbox cannot be verified here, and `describe` reports that.
 */
export class FolderStore implements RemoteStore {
  readonly #directory: string
  readonly #root: string

  /** @param folder the Dropbox path below the synced folder, e.g. /stocks-research. */
  constructor(directory: string, folder: string) {
    this.#directory = directory
    this.#root = join(directory, folder)
  }

  describe = (): string => `synced folder ${this.#root} (synchronisation itself is not observed)`

  async check(bytes_needed = 0): Promise<RemoteCheck> {
    await this.#requireFolder(constants.R_OK | constants.W_OK)
    const { bavail, blocks, bsize } = await statfs(this.#directory)
    if (bavail * bsize < bytes_needed)
      throw new RemoteError(
        'space',
        `${this.#directory} has ${bavail * bsize} bytes left; ${bytes_needed} are needed. ` +
          'Make room, then run again.',
      )
    return {
      account: this.describe(),
      scopes: ['read', 'write'],
      bytes_used: (blocks - bavail) * bsize,
      bytes_allocated: blocks * bsize,
    }
  }

  async upload(file: string, name: string, { onProgress }: TransferOptions = {}): Promise<UploadedFile> {
    const target = this.#path(name)
    // If the drive is not mounted, a new folder here would not be synced.
    await this.#requireFolder(constants.R_OK | constants.W_OK)
    const hashes = await hashFile(file)
    const found = await hashFile(target).catch(absent)
    if (found !== undefined) {
      if (found.sha256 !== hashes.sha256) throw conflict(target)
      return { ...(await this.#toFile(target)), outcome: 'there', bytes_sent: 0, retries: 0 }
    }
    await mkdir(dirname(target), { recursive: true })
    // The Dropbox client does not sync files whose names begin with a tilde and end in .tmp: the one name of
    // a partial file that this product does not choose.
    const partial = join(dirname(target), `~${process.pid}.tmp`)
    try {
      await copyFile(file, partial).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOSPC' && error.code !== 'EDQUOT') throw error
        throw new RemoteError(
          'space',
          `${this.#root} has no room for ${file} (${hashes.bytes} bytes). Make room, then run again.`,
          {
            cause: error,
          },
        )
      })
      if ((await hashFile(partial)).sha256 !== hashes.sha256)
        throw new RemoteError(
          'damaged',
          `The copy of ${file} in ${this.#root} is not equal to it. Look at the disk, then run again.`,
        )
      if (!(await publishNewFile(partial, target))) throw conflict(target)
    } finally {
      await rm(partial, { force: true })
    }
    onProgress?.({ bytes_done: hashes.bytes, bytes_total: hashes.bytes })
    return { ...(await this.#toFile(target)), outcome: 'sent', bytes_sent: hashes.bytes, retries: 0 }
  }

  async download(name: string, file: string, { onProgress }: TransferOptions = {}): Promise<RemoteFile> {
    const source = this.#path(name)
    await this.#requireFolder(constants.R_OK)
    const remote = await this.#toFile(source).catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'ENOENT'
        ? new RemoteError('not_found', `${source} is not there. Look for it with the list of backups.`)
        : error
    })
    await fillAtomically(file, async (partial) => {
      await copyFile(source, partial)
      if ((await hashFile(partial)).content_hash !== remote.content_hash)
        throw new RemoteError(
          'damaged',
          `The copy of ${source} differs from it. Check the disk, then run again.`,
        )
    })
    onProgress?.({ bytes_done: remote.bytes, bytes_total: remote.bytes })
    return remote
  }

  async list(folder = ''): Promise<RemoteFile[]> {
    const root = folder === '' ? this.#root : this.#path(folder)
    await this.#requireFolder(constants.R_OK)
    const entries = (await readdir(root, { recursive: true, withFileTypes: true }).catch(absent)) ?? []
    const names = entries
      .filter((entry) => entry.isFile() && !entry.name.startsWith('~'))
      .map((entry) => join(entry.parentPath, entry.name))
    const found: RemoteFile[] = []
    for (const name of names.toSorted()) found.push(await this.#toFile(name))
    return found
  }

  remove = (name: string): Promise<void> => rm(this.#path(name), { force: true })

  close = async (): Promise<void> => {}

  #path = (name: string): string =>
    join(this.#directory, remotePath(relative(this.#directory, this.#root).split(sep).join('/'), name))

  async #requireFolder(rights: number): Promise<void> {
    await access(this.#directory, rights).catch((error: Error) => {
      throw new RemoteError(
        'refused',
        `DROPBOX_FOLDER ${this.#directory} cannot be used: ${error.message}. ` +
          'Start the Dropbox client, or mount its drive, then run again.',
      )
    })
  }

  async #toFile(path: string): Promise<RemoteFile> {
    const { mtime } = await stat(path)
    const { bytes, content_hash, sha256 } = await hashFile(path)
    return {
      name: relative(this.#root, path).split(sep).join('/'),
      path,
      bytes,
      content_hash,
      rev: sha256.slice(0, 16),
      modified_at: mtime.toISOString(),
    }
  }
}

const conflict = (path: string): RemoteError =>
  new RemoteError(
    'conflict',
    `${path} is already there with other content. Rename or remove it; nothing was overwritten.`,
  )

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT') return undefined
  throw error
}
