/**
 * A place for backups outside this machine: one interface for Dropbox, the local Dropbox server and a synced
 * folder.
 */
export interface RemoteStore {
  /** Its description for the evidence, without a secret. */
  describe(): string
  /**
   * Verifies that it can store a backup of `bytes_needed` and return it. Changes nothing.
   *
   * @throws RemoteError that names the token, the scope or the space that is missing.
   */
  check(bytes_needed?: number): Promise<RemoteCheck>
  /**
   * Uploads a file under `name` (slashes make folders). If the file exists with the same content,
   * that is a success; with other content, a conflict.
   */
  upload(file: string, name: string, options?: TransferOptions): Promise<UploadedFile>
  /** Downloads to `file`, which appears only when its hash is that of the remote one. */
  download(name: string, file: string, options?: TransferOptions): Promise<RemoteFile>
  /** Files below `folder`, all levels, by name. A folder that is not there has none. */
  list(folder?: string): Promise<RemoteFile[]>
  /** Removes one file; one that is not there is a success. */
  remove(name: string): Promise<void>
  close(): Promise<void>
}

export interface RemoteFile {
  /** Relative to the store. */
  readonly name: string
  /** As the service knows it. */
  readonly path: string
  readonly bytes: number
  /** Dropbox content hash. */
  readonly content_hash: string
  /** Changes with each change of the file. */
  readonly rev: string
  /** UTC. */
  readonly modified_at: string
}
export interface UploadedFile extends RemoteFile {
  /**
   * sent: now. resumed: a session of an earlier process was finished. there: it was there with the same
   * content.
   */
  readonly outcome: 'sent' | 'resumed' | 'there'
  /** Bytes sent by this call, repeated ones included. */
  readonly bytes_sent: number
  readonly retries: number
}
export interface RemoteCheck {
  /** Whose account it is. */
  readonly account: string
  readonly scopes: readonly string[]
  readonly bytes_used: number
  readonly bytes_allocated: number
}
export interface TransferOptions {
  readonly onProgress?: (progress: { readonly bytes_done: number; readonly bytes_total: number }) => void
  readonly signal?: AbortSignal
}
