import { buffer } from 'node:stream/consumers'
import yauzl from 'yauzl'
import { FormatError, messageOf } from '../../../helpers/core/errors.ts'

// The largest filers have some ten megabytes of facts; a zip bomb has more.
const ENTRY_BYTES_MAX = 512 * 1024 * 1024

/**
 * The files of the zip at `path` whose names are in `wanted`, in the order of the zip, one at a time; with
 * its fault in place of its body, one that is damaged or larger than any filer's facts.
 *
 * @throws FormatError when the zip as a whole cannot be read.
 */
export async function* entriesOf(
  path: string,
  wanted: ReadonlySet<string>,
  signal: AbortSignal,
): AsyncGenerator<{ name: string; body: Buffer } | { name: string; fault: string }> {
  const zip = await yauzl.openPromise(path, { lazyEntries: true }).catch((error: unknown) => {
    throw new FormatError(`${path} cannot be read as a zip. Remove it from the archive and fetch it again.`, {
      cause: error,
    })
  })
  try {
    for await (const entry of zip.eachEntry()) {
      signal.throwIfAborted()
      if (!wanted.has(entry.fileName)) continue
      const name = entry.fileName
      if (entry.uncompressedSize > ENTRY_BYTES_MAX) {
        yield { name, fault: `its stated size is ${entry.uncompressedSize} bytes` }
        continue
      }
      const body = await zip.openReadStreamPromise(entry).then(buffer).catch(messageOf)
      yield typeof body === 'string' ? { name, fault: body } : { name, body }
    }
  } finally {
    zip.close()
  }
}
