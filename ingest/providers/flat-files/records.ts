import { decimal } from '../../contract/fields.ts'
import type { LocatedRecord } from '../../contract/provider.ts'
import { takeRaw } from './adjusted.ts'
import { columnsOf, type Fields, type Named, type RecordMaker } from './columns.ts'
import { eventsOf } from './events-in-rows.ts'
import { wideRates } from './fx-forms.ts'
import type { RawRecord } from './lines.ts'
import type { Part } from './parts.ts'
import type { Tickers } from './tickers.ts'
import { WORD_CHECKS } from './vocabulary.ts'

/**
 * @param is_for_events true to read the events in rows of prices, and not the prices.
 * @throws SourceError when the header lacks a column or has one twice, or its prices may be adjusted.
 */
export function recordMaker(
  file: Named,
  header: readonly string[],
  tickers: Tickers,
  is_for_events = false,
): RecordMaker {
  const { folder, mapping } = file
  const rates = folder.name === 'fx_rates' ? wideRates(file, header) : undefined
  if (rates !== undefined) return rates
  const { count, columns, events, raw_close, given, unknown } = columnsOf(file, header)
  const wanted = is_for_events
    ? columns.filter(({ field }) => field === 'source_id' || field === 'ticker' || field === 'date')
    : columns
  const checked = wanted.filter(({ field }) => field in folder.fields && field in WORD_CHECKS)
  const scope = scopeOf(file)

  const make = ({ line, fields, text }: RawRecord): readonly LocatedRecord[] => {
    if (fields === undefined)
      return [{ record: { text: text.slice(0, 500) }, line, malformed: 'a quoted field does not close' }]
    const record: Fields = { ...given }
    for (const column of wanted) record[column.field] = column.text(fields[column.at])
    if (fields.length !== count) {
      if (is_for_events) return [] // The job that reads the prices rejects the row.
      folder.complete?.(record)
      return [{ record, line, malformed: `it has ${fields.length} fields, the header ${count}` }]
    }
    const fault = identify(record)
    if (is_for_events) return eventsOf(record, events, fields, line, fault)
    if (raw_close !== undefined) takeRaw(record, raw_close.text(fields[raw_close.at]))
    if (mapping.close_not_above_zero === 'no_trade' && isNotAboveZero(record['close'] ?? null)) return []
    if (scope !== undefined && record['cik']?.padStart(10, '0') !== scope) {
      const reason = `its cik is "${record['cik'] ?? ''}", and the file is named for ${scope}`
      return [{ record, line, malformed: reason }]
    }
    const faults: string[] = fault === undefined ? [] : [fault]
    for (const { field } of checked) addTo(faults, wordFault(field, record))
    addTo(faults, folder.complete?.(record))
    return [
      faults.length === 0
        ? { record, line }
        : { record, line, malformed: faults.join('; '), is_readable: true },
    ]
  }

  /**
   * Puts the ticker into the notation of the universe; names the last holder where the mapping asks for it.
   */
  const identify = (record: Fields): string | undefined => {
    const ticker = record['ticker'] ?? null
    if (ticker === null || folder.one_of === undefined) return undefined
    record['ticker'] = tickers.spelled(ticker)
    return mapping.ticker_is === 'last' ? nameLastHolder(record, tickers) : undefined
  }

  const extra = raw_close === undefined ? [] : [raw_close]
  const read = is_for_events ? [...wanted, ...events] : [...wanted, ...extra]
  return {
    make,
    places: [...new Set(read.map(({ at }) => at))],
    unknown_columns: unknown,
    has_events: events.length > 0,
  }
}

const addTo = (faults: string[], fault: string | undefined): void => {
  if (fault !== undefined) faults.push(fault)
}

const wordFault = (field: string, record: Fields): string | undefined => {
  const text = record[field] ?? null
  return text === null ? undefined : WORD_CHECKS[field]?.(text)
}

const isNotAboveZero = (text: string | null): boolean => {
  const value = text === null ? undefined : decimal(text)
  return value !== undefined && (value === '0' || value.startsWith('-'))
}

/**
 * Gives a record the source_id of the security that held its ticker last. Returns the fault where several
 * did.
 */
function nameLastHolder(record: Fields, tickers: Tickers): string | undefined {
  const ticker = record['ticker'] ?? null
  if ((record['source_id'] ?? null) !== null || ticker === null) return undefined
  const holder = tickers.lastHolder(ticker)
  if (holder === null)
    return `several securities of the universe held the ticker "${ticker}" last; state source_id instead`
  if (holder === undefined) {
    // It is about a security that is not asked for; another security may have held the ticker on the day.
    record['source_id'] = `nobody: ${ticker}`
    record['ticker'] = null
  } else record['source_id'] = holder
  return undefined
}

/**
 * The filer that a file of facts or filings is named for, ten digits: it then has those of that filer alone.
 */
export const scopeOf = ({ name, folder }: Pick<Part, 'name' | 'folder'>): string | undefined =>
  folder.name === 'fundamentals' || folder.name === 'filings'
    ? /(?:^|\/)CIK(\d{10})\.[^/]*$/.exec(name)?.[1]
    : undefined
