import { VerificationError } from '../core/errors.ts'
import { NOWHERE, runClient } from '../postgres/client.ts'
import { ToolError, type ToolResult } from '../postgres/tools.ts'

export interface ArchiveEntries {
  readonly count: number
  /** Whether the archive holds the data of a table; the name as `format('%I.%I')` writes it. */
  hasDataOf(table: string): boolean
}

export interface ArchiveReading {
  readonly entries: ArchiveEntries
  readonly list: ToolResult
  readonly read: ToolResult
}

/**
 * Level 2: the table of contents can be listed, and every block decompresses to the end. The list alone
 * detects 4 of 32 kinds of damage.
 *
 * @throws VerificationError with the message of pg_restore.
 */
export async function readArchive(
  file: string,
  server_version: string,
  signal?: AbortSignal,
): Promise<ArchiveReading> {
  const list = await runClient('pg_restore', server_version, ['--list', file], NOWHERE, { signal }).catch(
    refuse(file, 'has no readable table of contents'),
  )
  const read = await runClient('pg_restore', server_version, ['-f', '-', file], NOWHERE, {
    signal,
    stdout: 'ignore',
  }).catch(refuse(file, 'cannot be read to its end'))
  if (read.stderr !== '')
    throw new VerificationError(
      `${file} was read with warnings: ${read.stderr.slice(0, 500)}. Do not use it.`,
    )
  return { entries: entriesOf(list.stdout), list, read }
}

const refuse =
  (file: string, what: string) =>
  (error: unknown): never => {
    if (!(error instanceof ToolError)) throw error
    throw new VerificationError(
      `${file} ${what}: ${error.result.stderr.slice(0, 500) || error.message}. Do not use it.`,
      { cause: error },
    )
  }

/**
 * `236; 0 16392 TABLE DATA public t postgres`: id, catalog oid, oid, kind, schema, name, owner. Names
 * are not quoted.
 */
function entriesOf(list: string): ArchiveEntries {
  const lines = list.split('\n').filter((line) => line !== '' && !line.startsWith(';'))
  const data = lines.flatMap((line) => /^\d+; \d+ \d+ TABLE DATA (.*)$/.exec(line.trimEnd())?.[1] ?? [])
  return {
    count: lines.length,
    hasDataOf(table) {
      const start = partsOf(table)
        .join(' ')
        .replaceAll(/[\r\n]/g, ' ')
      return data.some((entry) => entry === start || entry.startsWith(`${start} `))
    },
  }
}

/** Schema and name of `format('%I.%I')`, without quotes. */
export const partsOf = (table: string): string[] =>
  [...table.matchAll(/"((?:[^"]|"")*)"|([^".]+)/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '',
  )
