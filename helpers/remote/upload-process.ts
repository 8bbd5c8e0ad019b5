import { DropboxStore, type DropboxStoreOptions } from './dropbox-store.ts'

/**
 * An upload in a process of its own, so that a test or a drill can kill it: `node upload-process.ts <file>
 * <name>`, with the options of the store as JSON on standard input. Writes what came of it as one line of
 * JSON.
 */
const [file = '', name = ''] = process.argv.slice(2)
const chunks: Buffer[] = []
for await (const chunk of process.stdin as AsyncIterable<Buffer>) chunks.push(chunk)
const store = new DropboxStore(JSON.parse(Buffer.concat(chunks).toString()) as DropboxStoreOptions)
process.stdout.write(`${JSON.stringify(await store.upload(file, name))}\n`)
