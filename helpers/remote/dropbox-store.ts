import type { files, users } from 'dropbox'
import { Client, type ClientOptions } from './client.ts'
import { downloadFile } from './download.ts'
import { RemoteError } from './errors.ts'
import { remotePath } from './remote-name.ts'
import type { RemoteCheck, RemoteFile, RemoteStore, TransferOptions, UploadedFile } from './store.ts'
import { uploadFile } from './upload.ts'

export interface DropboxStoreOptions extends ClientOptions {
  /** Folder in Dropbox for everything that is uploaded, e.g. /stocks-research. */
  readonly folder: string
  /** Folder for the state of unfinished uploads. */
  readonly state_directory: string
  readonly chunk_bytes?: number
  /** Its name in the evidence. */
  readonly title?: string
  readonly onClose?: () => Promise<void>
}

/** The four permissions of a backup, each with the cheapest call that needs it and changes nothing. */
const SCOPES = [
  'account_info.read',
  'files.metadata.read',
  'files.content.read',
  'files.content.write',
] as const

export class DropboxStore implements RemoteStore {
  readonly #client: Client
  readonly #options: DropboxStoreOptions

  constructor(options: DropboxStoreOptions) {
    this.#client = new Client(options)
    this.#options = options
  }

  describe = (): string => `${this.#options.title ?? 'Dropbox'} ${this.#options.folder}`

  async check(bytes_needed = 0): Promise<RemoteCheck> {
    const account = await this.#client.call('say whose account it is', (dropbox, options) =>
      dropbox.usersGetCurrentAccount(options),
    )
    const space = await this.#client.call('say how much room there is', (dropbox, options) =>
      dropbox.usersGetSpaceUsage(options),
    )
    const nowhere = `${this.#options.folder}/.no-such-file`
    const isThere = {
      onFailure: ({ tags }: { readonly tags: readonly string[] }) =>
        tags.includes('not_found') ? { value: undefined } : undefined,
    }
    await this.#client.call<unknown>(
      'look up a file',
      (dropbox, options) => dropbox.filesGetMetadata({ path: nowhere }, options),
      isThere,
    )
    await this.#client.call<unknown>(
      'send a file',
      (dropbox, options) => dropbox.filesDownload({ path: nowhere }, options),
      isThere,
    )
    // An upload session that is never finished creates no file.
    await this.#client.call('take a file', (dropbox, options) =>
      dropbox.filesUploadSessionStart({ close: true, contents: Buffer.alloc(0) }, options),
    )
    const bytes_allocated = allocated(space)
    if (space.used + bytes_needed > bytes_allocated)
      throw new RemoteError(
        'space',
        `${this.describe()} has ${bytes_allocated - space.used} bytes left; ${bytes_needed} are needed. ` +
          'Make room, then run again.',
      )
    return {
      account: `${account.name.display_name} <${account.email}>`,
      scopes: SCOPES,
      bytes_used: space.used,
      bytes_allocated,
    }
  }

  async upload(file: string, name: string, options: TransferOptions = {}): Promise<UploadedFile> {
    const { state_directory, chunk_bytes } = this.#options
    const { metadata, ...rest } = await uploadFile(this.#client, file, this.#path(name), {
      ...options,
      state_directory,
      ...(chunk_bytes === undefined ? {} : { chunk_bytes }),
    })
    return { ...this.#toFile(metadata), ...rest }
  }

  download = async (name: string, file: string, options: TransferOptions = {}): Promise<RemoteFile> =>
    this.#toFile(await downloadFile(this.#client, this.#path(name), file, options))

  async list(folder = ''): Promise<RemoteFile[]> {
    const path = folder === '' ? this.#options.folder : this.#path(folder)
    const found: RemoteFile[] = []
    let page = await this.#client.call<files.ListFolderResult | undefined>(
      `list ${path}`,
      (dropbox, options) => dropbox.filesListFolder({ path, recursive: true }, options),
      { onFailure: ({ tags }) => (tags.includes('not_found') ? { value: undefined } : undefined) },
    )
    while (page !== undefined) {
      for (const entry of page.entries) if (entry['.tag'] === 'file') found.push(this.#toFile(entry))
      const { cursor, has_more }: files.ListFolderResult = page
      page = has_more
        ? await this.#client.call(`list ${path}`, (dropbox, options) =>
            dropbox.filesListFolderContinue({ cursor }, options),
          )
        : undefined
    }
    return found.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  }

  async remove(name: string): Promise<void> {
    const path = this.#path(name)
    await this.#client.call<unknown>(
      `remove ${path}`,
      (dropbox, options) => dropbox.filesDeleteV2({ path }, options),
      {
        onFailure: ({ tags }) => (tags.includes('not_found') ? { value: undefined } : undefined),
      },
    )
  }

  close = async (): Promise<void> => this.#options.onClose?.()

  #path = (name: string): string => remotePath(this.#options.folder, name)

  #toFile(metadata: files.FileMetadata): RemoteFile {
    const path = metadata.path_display ?? metadata.path_lower ?? metadata.name
    return {
      name: path.slice(this.#options.folder.length + 1),
      path,
      bytes: metadata.size,
      content_hash: metadata.content_hash ?? '',
      rev: metadata.rev,
      modified_at: metadata.server_modified,
    }
  }
}

const allocated = ({ allocation }: users.SpaceUsage): number =>
  'allocated' in allocation ? allocation.allocated : Number.POSITIVE_INFINITY
