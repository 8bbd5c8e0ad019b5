import { decimal } from '../../contract/fields.ts'
import type { LocatedRecord } from '../../contract/provider.ts'
import type { Column, Fields } from './columns.ts'
import type { Tickers } from './tickers.ts'

/**
 * The events that a row of prices holds, as Tiingo (divCash, splitFactor), Alpha Vantage (dividend_amount,
 * split_coefficient), yfinance and others write them: 0 means none, and so does a split of 1. A split is the
 * number of new shares for one old share, or `4:1`.
 */
export function eventsOf(
  { date, ...identity }: Fields,
  columns: readonly Column[],
  fields: readonly (string | null)[],
  line: number,
  fault: string | undefined,
): LocatedRecord[] {
  const records: LocatedRecord[] = []
  for (const { at, field, text } of columns) {
    const stated = text(fields[at])
    if (stated === null) continue
    const value = decimal(stated)
    if (value === '0' || (field === 'split' && value === '1')) continue
    const terms = field === 'split' ? splitTerms(stated, value) : cashTerms(field, stated)
    const record = { ...identity, ex_date: date ?? null, ...terms }
    records.push(
      fault === undefined ? { record, line } : { record, line, malformed: fault, is_readable: true },
    )
  }
  return records
}

function splitTerms(stated: string, value: string | undefined): Fields {
  if (value !== undefined) return { kind: 'split', split_from: '1', split_to: value }
  // A text that is neither a number nor a ratio is rejected by it.
  const [, to = stated, from = stated] = /^([\d.]+)\s*(?::|\/|-?for-?)\s*([\d.]+)$/i.exec(stated) ?? []
  return { kind: 'split', split_from: from, split_to: to }
}

/** Rows of prices state no currency of a payment: it is not known. */
function cashTerms(field: string, stated: string): Fields {
  const kind = { kind: 'cash_dividend', cash_amount: stated, currency: null }
  return field === 'capital_gain' ? { ...kind, stated_kind: 'capital_gain' } : kind
}

/** `kind` as far as two statements of one event agree on it: a special dividend is a payment as well. */
const classOf = (kind: string | null | undefined): string =>
  kind === 'split' || kind === 'stock_dividend' ? 'split' : 'payment'

/**
 * Leaves out the events in rows of prices that are stated already: by a record of `splits/` or `dividends/`
 * of the same security and day, or by an equal row. To be given the records of those folders first.
 */
export function eventsStatedOnce(tickers: Tickers) {
  const stated = new Map<string, string | null>()
  const keyOf = ({ record }: LocatedRecord): string => {
    const day = record['ex_date'] ?? ''
    const who = tickers.itemOf(record, day) ?? record['source_id'] ?? record['ticker'] ?? ''
    return `${classOf(record['kind'])} ${day} ${who}`
  }
  return {
    /** Remembers the events of the folders. */
    remember(records: readonly LocatedRecord[]): void {
      for (const located of records) stated.set(keyOf(located), null)
    },
    /** The events in rows that are not stated already. Rows that contradict each other are rejected. */
    remaining(records: readonly LocatedRecord[]): LocatedRecord[] {
      return records.flatMap((located): LocatedRecord[] => {
        const { record } = located
        const key = `${keyOf(located)} ${record['stated_kind'] ?? ''}`
        if (stated.has(keyOf(located))) return []
        const value = canonical(record['split_to'] ?? record['cash_amount'] ?? '')
        const earlier = stated.get(key)
        if (earlier === value) return []
        if (earlier === undefined) {
          stated.set(key, value)
          return [located]
        }
        const malformed = `another row states ${earlier} for the same event, this one ${value}`
        return [{ ...located, malformed, is_readable: true }]
      })
    },
  }
}

const canonical = (text: string): string => decimal(text) ?? text
