import { VerificationError } from '../errors.ts'
import { runClientTool, type ToolRun } from './tool.ts'

export interface ArchiveEntries {
  readonly count: number
  /** Whether the archive holds the data of a table; the name as `format('%I.%I')` writes it. */
  hasDataOf(table: string): boolean
}

/**
 * Level 2: the table of contents lists, and every block decompresses to the end. The list alone sees 4 of 32 kinds of damage.
 *
 * @throws VerificationError with the words of pg_restore.
 */
export async function readArchive(file: string, signal?: AbortSignal): Promise<{ entries: ArchiveEntries; list: ToolRun; read: ToolRun }> {
  const options = signal === undefined ? {} : { signal }
  const list = await runClientTool('pg_restore', ['--list', file], undefined, options)
  if (list.exit_code !== 0) throw new VerificationError(`${file} has no readable table of contents: ${list.stderr.trim()}. Do not use it.`)
  const read = await runClientTool('pg_restore', ['-f', '-', file], undefined, { ...options, stdout: 'discard' })
  if (read.exit_code !== 0)
    throw new VerificationError(`${file} cannot be read to its end: ${read.stderr.trim().slice(0, 500)}. Do not use it.`)
  if (read.stderr.trim() !== '')
    throw new VerificationError(`${file} was read with warnings: ${read.stderr.trim().slice(0, 500)}. Do not use it.`)
  return { entries: entriesOf(list.stdout), list, read }
}

/** `236; 0 16392 TABLE DATA public t postgres`: id, catalog oid, oid, kind, schema, name, owner. Names stand there without quotes. */
function entriesOf(list: string): ArchiveEntries {
  const lines = list.split('\n').filter((line) => line !== '' && !line.startsWith(';'))
  const data = lines.flatMap((line) => /^\d+; \d+ \d+ TABLE DATA (.*)$/.exec(line.trimEnd())?.[1] ?? [])
  return {
    count: lines.length,
    hasDataOf(table) {
      const words = [...table.matchAll(/"((?:[^"]|"")*)"|([^".]+)/g)].map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain)
      const start = words.join(' ').replaceAll(/[\r\n]/g, ' ')
      return data.some((entry) => entry === start || entry.startsWith(`${start} `))
    },
  }
}
