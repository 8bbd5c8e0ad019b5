import { decimal } from '../../contract/fields.ts'
import { malformed } from './faults.ts'
import type { Part } from './parts.ts'

type Named = Pick<Part, 'name' | 'folder' | 'mapping'>

/** A header name in lower case without its signs: `Adj. Close*` is adjclose. */
export const plainName = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]+/g, '')

const isUnadjusted = (name: string): boolean =>
  /unadj|nonadj|notadj/.test(name) ||
  // IEX: uClose is as traded, fClose is adjusted for splits and dividends, close for splits.
  /^(raw|nominal|actual|traded|u)(close|price)$|^close(raw|nominal)$/.test(name)
/** Whatever is adjusted, but the factor for it (the prices beside a factor are raw) and volumes. */
const isAdjusted = (name: string): boolean =>
  !isUnadjusted(name) &&
  /adj(?!ud|unct|acent|oin)|^fclose$|bereinigt|ajust|(totalreturn|totret)(close|price|index)/.test(name) &&
  !/factor|ratio|vol|adjustment/.test(name)

const ADVICE =
  'Deliver unadjusted prices. If these are as traded, write {"adjusted": "raw"} for prices_daily in ' +
  'mapping.json.'

/**
 * Refuses prices that are adjusted, or may be by their header: adjusted once more they would be wrong. The
 * mapping decides where it states `adjusted`; the closes themselves are compared with the splits afterwards
 * (split-evidence.ts).
 *
 * @throws SourceError that names the column and what to do.
 */
export function refuseAdjusted({ name, folder, mapping }: Named, header: readonly string[]): void {
  if (folder.name !== 'prices_daily') return
  const { adjusted, raw_close, profile, unadjust } = mapping
  if (unadjust !== undefined) return // Rebuilt from the splits (rebuilt-prices.ts), and compared with them.
  const lower = header.map((each) => each.trim().toLowerCase())
  if (raw_close !== undefined && !lower.includes(raw_close.toLowerCase()))
    throw malformed(`${name} has no column ${raw_close}, which mapping.json names as its closes as traded.`)
  if (adjusted !== undefined && adjusted !== 'raw' && raw_close === undefined) {
    const by = profile === undefined ? 'mapping.json' : `its profile ${profile}`
    const what = adjusted === 'split' ? 'splits' : 'splits and dividends'
    throw malformed(
      `${name} is refused: its prices are adjusted for ${what}, by ${by}, and the traded prices ` +
        'cannot be derived. ' +
        'Deliver unadjusted prices, or name raw_close where a column has the closes as traded.' +
        (adjusted === 'split' ? ' With a complete list of splits, "unadjust" rebuilds them.' : ''),
    )
  }
  if (adjusted !== undefined) return
  const reason = reasonOf(header)
  if (reason !== undefined) throw malformed(`${name} is refused: ${reason}`)
}

/** Why prices under this header may be adjusted; undefined where nothing in it suggests that. */
export function reasonOf(header: readonly string[]): string | undefined {
  const plain = header.map(plainName)
  const columnOf = (test: (name: string) => boolean): string | undefined =>
    header[plain.findIndex(test)]?.trim()
  const unadjusted = columnOf((name) => isUnadjusted(name) && /close|price|last|prc|px/.test(name))
  if (unadjusted !== undefined) {
    const how =
      plainName(unadjusted) === 'closeunadj'
        ? 'Give prices_daily the profile sharadar in mapping.json.'
        : `Write {"adjusted": "split", "raw_close": ${JSON.stringify(unadjusted)}} for prices_daily ` +
          'in mapping.json.'
    return `it has a column ${unadjusted}, so its other prices are adjusted for splits. ${how}`
  }
  const adjusted = columnOf((name) => isAdjusted(name) || isUnadjusted(name))
  if (adjusted !== undefined)
    return (
      `it has a column "${adjusted}". In such files (Yahoo, FMP, SimFin) the other prices are ` +
      'adjusted for splits ' +
      `as well, in others (Tiingo, Alpha Vantage) they are not. ${ADVICE}`
    )
  if (plain.includes('stocksplits') && plain.includes('dividends'))
    return (
      'it has the columns "Dividends" and "Stock Splits" beside its prices, as yfinance ' +
      'Ticker.history() writes ' +
      `them. Those prices are adjusted for splits and, by default, for dividends. ${ADVICE}`
    )
  if (plain[0] === 'price' && plain.includes('close'))
    return (
      'it has several header rows, as yfinance download() writes them. Those prices are adjusted ' +
      'for splits and, ' +
      'by default, for dividends. Deliver unadjusted prices. If these are as traded, write ' +
      '{"header_rows": 3, ' +
      '"columns": {"date": "Price"}, "adjusted": "raw"} for prices_daily in mapping.json.'
    )
  if (
    plain.includes('per') &&
    plain.includes('openint') &&
    header.some((each) => each.trim().startsWith('<'))
  )
    return (
      'it has the header of Stooq, whose prices are adjusted for splits and dividends, and the ' +
      'traded prices ' +
      'cannot be derived. Deliver unadjusted prices.'
    )
  return undefined
}

/**
 * Takes the close as traded. Where it equals the adjusted close nothing was adjusted yet; elsewhere the other
 * prices of the day are not known.
 */
export function takeRaw(record: Record<string, string | null>, raw: string | null): void {
  const { close } = record
  const value = raw === null ? undefined : decimal(raw)
  const isSame = value !== undefined && close !== null && close !== undefined && value === decimal(close)
  record['close'] = raw
  if (isSame) return
  for (const field of ['open', 'high', 'low', 'volume']) if (field in record) record[field] = null
}
