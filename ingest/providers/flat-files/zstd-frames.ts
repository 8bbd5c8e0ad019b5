import { Transform, type TransformCallback } from 'node:stream'

/** A stream that ends inside a Zstandard frame, or is not Zstandard. The codes are those of node:zlib. */
class ZstdFramesError extends Error {
  readonly code: 'Z_BUF_ERROR' | 'Z_DATA_ERROR'
  constructor(code: 'Z_BUF_ERROR' | 'Z_DATA_ERROR', message: string) {
    super(message)
    this.name = 'ZstdFramesError'
    this.code = code
  }
}

const MAGIC = 0xfd2fb528
const SKIPPABLE = 0x184d2a50 // And the fifteen above it.
const RLE = 1
const RESERVED = 3

/** Short fields whose value decides what follows, and stretches of bytes that are skipped. */
type Field = 'magic' | 'skip-size' | 'descriptor' | 'block'
type Stretch = 'header' | 'body' | 'skip'

/**
 * Splits Zstandard frames (RFC 8878, 3.1) so that no chunk crosses the end of a frame.
 *
 * node:zlib ignores the bytes that follow a frame in the same chunk: a file of two frames would silently lose
 * the second, and a file cut there would look complete. Walking over the block headers reads three bytes a
 * block; contents and checksums are left to zlib.
 */
export class ZstdFrames extends Transform {
  #step: Field | Stretch = 'magic'
  #left = 4
  #value = 0
  #read = 0
  #hasChecksum = false
  #isLast = false
  #frames = 0

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    try {
      let from = 0
      for (let at = 0; at < chunk.length; ) {
        at += this.#take(chunk, at)
        // A stretch may be empty, and its end the end of a frame.
        while (this.#left === 0) {
          if (!this.#next()) continue
          this.push(chunk.subarray(from, at))
          from = at
        }
      }
      if (from < chunk.length) this.push(chunk.subarray(from))
      done()
    } catch (error) {
      done(error as Error)
    }
  }

  override _flush(done: TransformCallback): void {
    const isWhole = this.#step === 'magic' && this.#read === 0 && this.#frames > 0
    done(isWhole ? null : new ZstdFramesError('Z_BUF_ERROR', 'unexpected end of file'))
  }

  /** Takes what the chunk has of the present step; returns how many bytes. */
  #take(chunk: Buffer, at: number): number {
    if (this.#step === 'header' || this.#step === 'body' || this.#step === 'skip') {
      const count = Math.min(this.#left, chunk.length - at)
      this.#left -= count
      return count
    }
    this.#value += (chunk[at] ?? 0) * 2 ** (8 * this.#read)
    this.#read += 1
    this.#left -= 1
    return 1
  }

  /** Goes to the next step; true when a frame has ended. */
  #next(): boolean {
    const value = this.#value
    switch (this.#step) {
      case 'magic':
        if (value === MAGIC) return this.#go('descriptor', 1)
        if (value - (value % 16) === SKIPPABLE) return this.#go('skip-size', 4)
        throw new ZstdFramesError(
          'Z_DATA_ERROR',
          this.#frames === 0 ? 'it has no magic number of zstd' : 'what follows a frame is none',
        )
      case 'skip-size':
        return this.#go('skip', value)
      case 'descriptor':
        this.#hasChecksum = (value & 4) !== 0
        return this.#go('header', headerBytes(value))
      case 'header':
        return this.#go('block', 3)
      case 'block': {
        const type = (value >> 1) & 3
        const size = value >> 3
        if (type === RESERVED) throw new ZstdFramesError('Z_DATA_ERROR', 'it has a block of no known type')
        this.#isLast = (value & 1) !== 0
        return this.#go('body', (type === RLE ? 1 : size) + (this.#isLast && this.#hasChecksum ? 4 : 0))
      }
      case 'body':
        return this.#isLast ? this.#endFrame() : this.#go('block', 3)
      case 'skip':
        return this.#endFrame()
    }
  }

  #go(step: Field | Stretch, left: number): false {
    this.#step = step
    this.#left = left
    this.#value = 0
    this.#read = 0
    return false
  }

  #endFrame(): true {
    this.#frames += 1
    this.#go('magic', 4)
    return true
  }
}

/** Bytes of the frame header after its descriptor: window, dictionary id, content size. */
function headerBytes(descriptor: number): number {
  const isSingleSegment = (descriptor & 0x20) !== 0
  const dictionary = [0, 1, 2, 4][descriptor & 3] ?? 0
  const contentSize = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0
  return (isSingleSegment ? 0 : 1) + dictionary + contentSize
}
