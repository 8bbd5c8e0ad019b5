import { dump } from '../../backup/dump.ts'
import type { Connection } from '../../config/connection.ts'

/**
 * A dump in a process of its own, so that a test can kill it: `node dump-process.ts <folder>`, with the
 * connection as JSON on standard input.
 */
const [directory = ''] = process.argv.slice(2)
const chunks: Buffer[] = []
for await (const chunk of process.stdin as AsyncIterable<Buffer>) chunks.push(chunk)
await dump(JSON.parse(Buffer.concat(chunks).toString()) as Connection, { directory, mode: 'rehearsal' })
