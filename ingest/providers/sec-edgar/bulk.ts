import { buffer } from 'node:stream/consumers'
import yauzl from 'yauzl'
import { FormatError } from '../../../helpers/errors.ts'

// The largest filers have some ten megabytes of facts; a zip bomb has more.
const ENTRY_BYTES_MAX = 512 * 1024 * 1024

/**
 * The files of the zip at `path` whose names are in `wanted`, in the order of the zip, one at a time.
 *
 * @throws FormatError when the zip cannot be read or an entry is larger than any filer's facts.
 */
export async function* entriesOf(
  path: string,
  wanted: ReadonlySet<string>,
  signal: AbortSignal,
): AsyncGenerator<{ name: string; body: Buffer }> {
  const zip = await yauzl.openPromise(path, { lazyEntries: true }).catch((error: unknown) => {
    throw new FormatError(`${path} cannot be read as a zip. Remove it from the archive and fetch it again.`, { cause: error })
  })
  try {
    for await (const entry of zip.eachEntry()) {
      signal.throwIfAborted()
      if (!wanted.has(entry.fileName)) continue
      if (entry.uncompressedSize > ENTRY_BYTES_MAX)
        throw new FormatError(`${entry.fileName} in ${path} says that it holds ${entry.uncompressedSize} bytes.`)
      yield { name: entry.fileName, body: await buffer(await zip.openReadStreamPromise(entry)) }
    }
  } finally {
    zip.close()
  }
}
