import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parse } from 'csv-parse/sync'
import { ConfigError, FormatError, messageOf } from '../../helpers/core/errors.ts'

/** One security of a run. */
export interface UniverseMember {
  /** Its permanent id at its source. */
  readonly source_id: string
  /** The last ticker it had. */
  readonly ticker: string
  /**
   * Its filer, ten digits; its share class FIGI; its id at a provider, e.g. `alpaca:904837e3-…`. Left out
   * where the file does not have them.
   */
  readonly cik?: string
  readonly figi?: string
  readonly provider_id?: string
}

/** A universe, and the hash of its file that the evidence keeps. */
export interface Universe {
  readonly file: string
  readonly sha256: string
  /** Sorted by source_id, so that the order of the lines does not matter. */
  readonly members: readonly UniverseMember[]
}

/** The universe of the rehearsal: invented securities. */
const REHEARSAL_FILE = join(import.meta.dirname, 'rehearsal.csv')

/**
 * Refuses the universe of the rehearsal in a mode that reads real data: no real source has its securities.
 *
 * @throws ConfigError that says how to write a universe.
 */
function refuseRehearsal(file: string, mode: string | undefined): void {
  if ((mode !== 'flat-files' && mode !== 'live') || resolve(file) !== REHEARSAL_FILE) return
  const advice =
    mode === 'flat-files'
      ? '`npm run ingest -- adopt <folder>` writes one for a folder of files'
      : 'it is a CSV file with the columns source_id and ticker, one line a security'
  throw new ConfigError([
    `the universe is ${file}, the invented securities of the rehearsal, and BOOTSTRAP_SOURCE is ${mode}. ` +
      `Set BOOTSTRAP_UNIVERSE to a universe of your own; ${advice}`,
  ])
}

/**
 * Reads a universe: a CSV file with a header row and the columns source_id and ticker. The columns cik, figi
 * and provider_id may identify a security where its source_id does not; other columns are ignored.
 *
 * @param mode the mode of the run that it is for, where there is one.
 * @throws ConfigError when it is the rehearsal's and the mode reads real data.
 * @throws FormatError when it cannot be read, a column is missing, a line has no source_id or ticker, an id
 *   has another format, or a source_id, figi or provider_id is listed twice.
 */
export async function readUniverse(file: string, mode?: string): Promise<Universe> {
  refuseRehearsal(file, mode)
  const bytes = await readFile(file).catch((error: unknown) => {
    throw new FormatError(
      `The universe ${file} cannot be read: ${messageOf(error)}. Name another one with BOOTSTRAP_UNIVERSE.`,
    )
  })
  const rows = rowsOf(file, bytes)
  const faults: string[] = []
  const seen = new Map<string, number>()
  const members = rows.map(({ record, info }) => {
    const { source_id = '', ticker = '' } = record
    if (source_id === '' || ticker === '')
      faults.push(`line ${info.lines}: source_id and ticker must both be set`)
    const earlier = seen.get(source_id)
    if (earlier !== undefined) faults.push(`line ${info.lines}: "${source_id}" is already on line ${earlier}`)
    seen.set(source_id, info.lines)
    return { source_id, ticker, ...idsOf(record, info.lines, seen, faults) }
  })
  if (rows.length === 0) faults.push('it has no security')
  if (faults.length > 0)
    throw new FormatError(
      `The universe ${file} cannot be used:\n${faults.map((each) => `  - ${each}`).join('\n')}`,
    )
  return {
    file,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    members: members.toSorted((a, b) => (a.source_id < b.source_id ? -1 : 1)),
  }
}

const ID_PATTERNS = {
  cik: /^\d{1,10}$/,
  figi: /^BBG[A-Z0-9]{9}$/,
  provider_id: /^[a-z][a-z0-9-]*:.+$/,
} as const

const ID_FORMATS = {
  cik: 'up to ten digits',
  figi: 'BBG and nine letters or digits',
  provider_id: 'a provider and its id, such as alpaca:904837e3',
} as const

/**
 * The optional ids of a line. Securities can share a filer; a figi or provider_id belongs to one security.
 */
function idsOf(
  record: Readonly<Record<string, string>>,
  line: number,
  seen: Map<string, number>,
  faults: string[],
): Partial<UniverseMember> {
  const ids: { -readonly [name in keyof typeof ID_PATTERNS]?: string } = {}
  for (const name of ['cik', 'figi', 'provider_id'] as const) {
    const value = record[name] ?? ''
    if (value === '') continue
    if (!ID_PATTERNS[name].test(value))
      faults.push(`line ${line}: ${name} is "${value}"; it must be ${ID_FORMATS[name]}`)
    const earlier = name === 'cik' ? undefined : seen.get(`${name} ${value}`)
    if (earlier !== undefined) faults.push(`line ${line}: ${name} "${value}" is already on line ${earlier}`)
    seen.set(`${name} ${value}`, line)
    ids[name] = name === 'cik' ? value.padStart(10, '0') : value
  }
  return ids
}

interface Located {
  readonly record: Readonly<Record<string, string>>
  readonly info: { readonly lines: number }
}

function rowsOf(file: string, bytes: Buffer): Located[] {
  try {
    const columns = (header: string[]): string[] => {
      const names = header.map((name) => name.trim().toLowerCase())
      const missing = ['source_id', 'ticker'].filter((name) => !names.includes(name))
      if (missing.length > 0)
        throw new Error(`no column ${missing.join(', ')}; its columns are ${names.join(', ')}`)
      return names
    }
    return parse(bytes, {
      bom: true,
      columns,
      info: true,
      skip_empty_lines: true,
      trim: true,
    }) as unknown as Located[]
  } catch (error) {
    throw new FormatError(
      `The universe ${file} is not a CSV file with the columns source_id and ticker: ${messageOf(error)}`,
    )
  }
}
