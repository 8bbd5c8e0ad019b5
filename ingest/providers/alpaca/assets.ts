import type { FieldWatch } from '../../adapter/fields.ts'
import { type Candidate, providerIdOf } from '../../adapter/identity.ts'
import { isCusip, tickerFrom } from '../../adapter/notation.ts'
import { type SecurityType, securityTypeOf } from '../../adapter/security-type.ts'
import type { Subject } from '../../contract/provider.ts'
import { isArray, isObject, type TextJson, textOf } from '../../http/json.ts'
import { ASSET_FIELDS } from './fields.ts'

export interface Asset extends Candidate {
  /** Of the company or fund: without the words for common stock that the broker adds to most. */
  readonly name: string | null
  /** By its ticker and its name; null where neither says. */
  readonly type: SecurityType | null
  readonly exchange_mic: string | null
  /** Its code of an exchange that we do not know; undefined when there is none. */
  readonly unknown_exchange?: string
}

const COMMON_STOCK = /\s+(?:-\s+)?common (?:stock|shares?)$/i

const MICS: Readonly<Record<string, string>> = {
  NASDAQ: 'XNAS',
  NYSE: 'XNYS',
  AMEX: 'XASE',
  ARCA: 'ARCX',
  NYSEARCA: 'ARCX',
  BATS: 'BATS',
  OTC: 'OTCM',
}

/** The assets of one answer, in its order. */
export function parseAssets(json: TextJson, watch: FieldWatch): Asset[] {
  return (isArray(json) ? json : []).flatMap((asset) => {
    if (!isObject(asset)) return []
    watch('assets', ASSET_FIELDS, asset)
    const symbol = textOf(asset['symbol'])
    const stated_name = textOf(asset['name'])
    const id = textOf(asset['id'])
    const exchange = textOf(asset['exchange']) ?? ''
    const exchange_mic = MICS[exchange] ?? null
    // While a change is under way the broker writes a CUSIP here.
    const ticker = symbol === null || isCusip(symbol) ? null : tickerFrom(symbol, 'alpaca')
    return [
      {
        ticker,
        provider_id: id === null ? null : `alpaca:${id}`,
        name: stated_name?.replace(COMMON_STOCK, '') ?? null,
        type: securityTypeOf({
          ticker: ticker ?? '',
          name: stated_name,
          is_etf: /\bETF\b/i.test(stated_name ?? ''),
        }),
        exchange_mic,
        ...(exchange_mic === null && exchange !== '' ? { unknown_exchange: exchange } : {}),
      },
    ]
  })
}

/** The id of the asset that is `subject`, `alpaca:<uuid>`, where the universe says it. */
export function alpacaIdOf(subject: Subject): string | undefined {
  const id = providerIdOf(subject)
  return id?.startsWith('alpaca:') === true ? id : undefined
}
