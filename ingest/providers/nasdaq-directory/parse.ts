import type { FieldWatch } from '../../adapter/fields.ts'
import { type Candidate, dotted } from '../../adapter/identity.ts'
import type { DirectoryFile } from './endpoints.ts'
import { NASDAQ_LISTED_FIELDS, OTHER_LISTED_FIELDS } from './fields.ts'

export interface Listing extends Candidate {
  readonly ticker: string
  readonly name: string | null
  readonly exchange_mic: string | null
  readonly type: 'etf' | 'stock' | null
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

/** Reads a directory by the names in its header, whatever their order. */
export function parseDirectory(file: DirectoryFile, text: string, watch: FieldWatch): Directory {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/)
  const names = (lines[0] ?? '').split('|')
  watch(
    file,
    file === 'nasdaqlisted' ? NASDAQ_LISTED_FIELDS : OTHER_LISTED_FIELDS,
    Object.fromEntries(names.map((name) => [name, true])),
  )
  const listings: Listing[] = []
  const malformed: { line: number; text: string }[] = []
  let [test_issues_count, created]: [number, string | null] = [0, null]
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
      const etf = cell('ETF')
      const exchange_mic = file === 'nasdaqlisted' ? 'XNAS' : (MICS[cell('Exchange') ?? ''] ?? null)
      listings.push({
        ticker: dotted(symbol),
        name: cell('Security Name'),
        exchange_mic,
        type: etf === 'Y' ? 'etf' : etf === 'N' ? 'stock' : null,
      })
    }
  }
  return { listings, test_issues_count, malformed, created }
}
