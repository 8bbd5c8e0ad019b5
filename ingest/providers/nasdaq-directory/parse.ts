import type { FieldWatch } from '../../adapter/fields.ts'
import type { Candidate } from '../../adapter/identity.ts'
import { read, tickerFrom, write } from '../../adapter/notation.ts'
import { type SecurityType, securityTypeOf } from '../../adapter/security-type.ts'
import type { DirectoryFile } from './endpoints.ts'
import { NASDAQ_LISTED_FIELDS, OTHER_LISTED_FIELDS } from './fields.ts'

export interface Listing extends Candidate {
  readonly ticker: string
  readonly name: string | null
  readonly exchange_mic: string | null
  /** By the flag of the exchange, the symbol and the name; null where none of them says. */
  readonly type: SecurityType | null
  /** Why the line cannot be taken for what it says; undefined when it can. */
  readonly fault?: string
}
export interface Directory {
  /** Test issues are not among them. */
  readonly listings: readonly Listing[]
  readonly test_issues_count: number
  /** Lines that have not as many cells as the header. */
  readonly malformed: readonly { readonly line: number; readonly text: string }[]
  /** As the file writes it, MMDDYYYYHH:MM New York time. */
  readonly created: string | null
}

const MICS: Readonly<Record<string, string>> = {
  A: 'XASE',
  N: 'XNYS',
  P: 'ARCX',
  Z: 'BATS',
  V: 'IEXG',
  M: 'XCHI',
}

/**
 * The ticker of a line that is written in three notations. CQS, the tape's own, distinguishes a class V from
 * "when issued", which ACT does not; the column of Nasdaq must mean the same.
 */
function tickerOfColumns(
  act: string,
  cqs: string | null,
  nasdaq: string | null,
): { readonly ticker: string; readonly fault: string | undefined } {
  const by_cqs = cqs === null ? undefined : read(cqs, 'cqs')
  const by_nasdaq = nasdaq === null ? undefined : read(nasdaq, 'nasdaq')
  const symbol = by_cqs ?? by_nasdaq ?? read(act, 'act')
  const ticker = symbol === undefined ? undefined : write(symbol, 'ours')
  if (by_cqs === undefined || by_nasdaq === undefined || write(by_nasdaq, 'ours') === ticker)
    return { ticker: ticker ?? act, fault: undefined }
  return { ticker: ticker ?? act, fault: `CQS Symbol "${cqs}" and NASDAQ Symbol "${nasdaq}" differ` }
}

/** Without these columns a table is not the directory. */
const NEEDED: Readonly<Record<DirectoryFile, readonly string[]>> = {
  nasdaqlisted: ['Symbol', 'Security Name', 'Test Issue'],
  otherlisted: ['ACT Symbol', 'Security Name', 'Exchange', 'Test Issue'],
}

/**
 * Reads a directory by the names in its header, whatever their order.
 *
 * @throws RangeError when the header lacks a column that the directory has.
 */
export function parseDirectory(file: DirectoryFile, text: string, watch: FieldWatch): Directory {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/)
  const names = (lines[0] ?? '').split('|')
  const missing = NEEDED[file].filter((name) => !names.includes(name))
  if (missing.length > 0) throw new RangeError(`${file}.txt has no column ${missing.join(', ')}`)
  watch(
    file,
    file === 'nasdaqlisted' ? NASDAQ_LISTED_FIELDS : OTHER_LISTED_FIELDS,
    Object.fromEntries(names.map((name) => [name, true])),
  )
  const listings: Listing[] = []
  const malformed: { line: number; text: string }[] = []
  let test_issues_count = 0
  let created: string | null = null
  for (const [i, line] of lines.entries()) {
    const stamp = /^File Creation Time:\s*([\d:]+)/.exec(line)?.[1]
    if (stamp !== undefined) created = stamp
    if (i === 0 || line === '' || stamp !== undefined) continue
    const cells = line.split('|')
    const cell = (name: string): string | null => cells[names.indexOf(name)]?.trim() || null
    const symbol = cell(file === 'nasdaqlisted' ? 'Symbol' : 'ACT Symbol')
    if (cells.length !== names.length || symbol === null) {
      malformed.push({ line: i + 1, text: line })
    } else if (cell('Test Issue') === 'Y') {
      test_issues_count++
    } else {
      const is_nasdaq = file === 'nasdaqlisted'
      const { ticker, fault } = is_nasdaq
        ? { ticker: tickerFrom(symbol, 'cqs'), fault: undefined }
        : tickerOfColumns(symbol, cell('CQS Symbol'), cell('NASDAQ Symbol'))
      const code = cell('Exchange') ?? ''
      const exchange_mic = is_nasdaq ? 'XNAS' : (MICS[code] ?? null)
      const unknown = exchange_mic === null ? `unknown exchange "${code}"` : fault
      const name = cell('Security Name')
      listings.push({
        ticker,
        name,
        exchange_mic,
        type: securityTypeOf({ ticker, name, is_etf: cell('ETF') === 'Y' }),
        ...(unknown === undefined ? {} : { fault: unknown }),
      })
    }
  }
  return { listings, test_issues_count, malformed, created }
}
