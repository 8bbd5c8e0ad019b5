import { open } from 'node:fs/promises'
import { pipeline, type Readable, Transform } from 'node:stream'
import { crc32 } from 'node:zlib'
import yauzl, { type Entry, type ZipFile } from 'yauzl'
import { messageOf } from '../../../helpers/core/errors.ts'
import { SourceError } from '../../contract/provider.ts'
import { malformed } from './faults.ts'
import { LIMITS } from './limits.ts'
import type { DeliveryFile, Part } from './parts.ts'

export type { Entry }

const LINK = 0xa000
const FILE_KINDS = 0xf000
const METHODS = new Set([0, 8]) // Stored and deflated.

/**
 * The members of a zip by its central directory, folders left out.
 *
 * @throws SourceError that names the zip, and the member where it is about one: damaged, encrypted, a link, a
 *   name that leads out of the zip or occurs twice, members that overlap, too many.
 */
export async function membersOf(file: DeliveryFile): Promise<Entry[]> {
  const zip = await openZip(file)
  try {
    if (zip.entryCount > LIMITS.zip_members_max)
      throw malformed(
        `${file.name} states ${zip.entryCount} members, more than ${LIMITS.zip_members_max}. Unpack it.`,
      )
    const entries: Entry[] = []
    for await (const entry of zip.eachEntry()) entries.push(entry)
    await refuseShortDirectory(file, zip)
    const members = entries.filter(({ fileName }) => !fileName.endsWith('/'))
    for (const entry of members) refuseUnfit(file, entry)
    const names = new Set<string>()
    for (const { fileName } of members) {
      if (names.has(fileName))
        throw malformed(`${file.name} has the member ${fileName} twice. Pack it again with one of them.`)
      names.add(fileName)
    }
    // A zip bomb lets many members share the same bytes.
    const compressed_bytes = members.reduce((sum, { compressedSize }) => sum + compressedSize, 0)
    if (compressed_bytes > file.size_bytes)
      throw malformed(
        `${file.name} has ${file.size_bytes} bytes, and its members state ${compressed_bytes}. It ` +
          'is damaged.',
      )
    return members
  } catch (error) {
    throw error instanceof SourceError ? error : damaged(file.name, error)
  } finally {
    zip.close()
  }
}

/**
 * The bytes of a member as they were before they were packed. Its length and its CRC are checked at the end.
 */
export async function memberStream({ file, name }: Part, entry: Entry): Promise<Readable> {
  const zip = await openZip(file)
  try {
    // The name of a member can be part of its data (CIK….csv, year=2020/), so the name in the directory and
    // the name before the data must be the same.
    const { fileName } = await zip.readLocalFileHeaderPromise(entry)
    if (!fileName.equals(entry.fileNameRaw))
      throw new Error(`it is called ${fileName.toString()} where its data begins`)
    const raw = await zip.openReadStreamPromise(entry)
    let crc = 0
    const check = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        crc = crc32(chunk, crc)
        done(null, chunk)
      },
      flush(done) {
        done(
          crc === entry.crc32
            ? null
            : malformed(
                `${name} does not have the CRC that its zip states. ${file.name} is damaged: copy it again.`,
              ),
        )
      },
    })
    return pipeline(raw, check, () => zip.close())
  } catch (error) {
    zip.close()
    throw damaged(name, error)
  }
}

async function openZip(file: DeliveryFile): Promise<ZipFile> {
  return yauzl
    .openPromise(file.path, { lazyEntries: true, autoClose: false, strictFileNames: false })
    .catch((error: unknown) => {
      throw damaged(file.name, error)
    })
}

function refuseUnfit(file: DeliveryFile, entry: Entry): void {
  const name = `${file.name}/${entry.fileName}`
  if (entry.isEncrypted())
    throw malformed(`${name} is encrypted. Unpack ${file.name}, or pack it without a password.`)
  if (((entry.externalFileAttributes >>> 16) & FILE_KINDS) === LINK)
    throw malformed(`${name} is a link, not a file. Pack the file itself.`)
  if (!METHODS.has(entry.compressionMethod))
    throw malformed(
      `${name} is packed by method ${entry.compressionMethod}; stored (0) and deflated (8) can be read. ` +
        'Pack it again, or unpack it.',
    )
}

const END_SIGNATURES = new Set([0x06054b50, 0x06064b50, 0x05054b50])

/**
 * A damaged count would end the list of members too early, and the others would be missing silently: the last
 * record must be followed by the end of the directory. yauzl does not check this, but it knows the place.
 */
async function refuseShortDirectory(file: DeliveryFile, zip: ZipFile): Promise<void> {
  const { readEntryCursor: place } = zip as unknown as { readEntryCursor: number }
  const handle = await open(file.path)
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4), 0, 4, place)
    if (bytesRead === 4 && END_SIGNATURES.has(buffer.readUInt32LE(0))) return
  } finally {
    await handle.close()
  }
  throw new Error(`its directory continues after the ${zip.entryCount} members that it states`)
}

const damaged = (name: string, error: unknown): SourceError =>
  malformed(
    `${name} cannot be read as a zip: ${messageOf(error)}. It is damaged or not complete: copy it again.`,
    error,
  )
