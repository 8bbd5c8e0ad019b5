import { createHash, type Hash } from 'node:crypto'

const BLOCK_BYTES = 4 * 1024 * 1024

/**
 * Dropbox's content hash: SHA-256 over the SHA-256 of each block of 4 MiB.
 * https://www.dropbox.com/developers/reference/content-hash Our own, and not the package's: a proof of what
 * the package sent should not rest on the package.
 */
export class ContentHasher {
  #whole: Hash = createHash('sha256')
  #block: Hash = createHash('sha256')
  #blockBytes = 0

  update(bytes: Uint8Array): this {
    for (let from = 0; from < bytes.length; ) {
      const take = Math.min(BLOCK_BYTES - this.#blockBytes, bytes.length - from)
      this.#block.update(bytes.subarray(from, from + take))
      this.#blockBytes += take
      from += take
      if (this.#blockBytes === BLOCK_BYTES) this.#endBlock()
    }
    return this
  }

  /** Lower-case hexadecimal digits. Ends the hasher. */
  digest(): string {
    if (this.#blockBytes > 0) this.#endBlock()
    return this.#whole.digest('hex')
  }

  #endBlock(): void {
    this.#whole.update(this.#block.digest())
    this.#block = createHash('sha256')
    this.#blockBytes = 0
  }
}

export const contentHash = (bytes: Uint8Array): string => new ContentHasher().update(bytes).digest()
