import type { FieldWatch } from '../../adapter/fields.ts'
import { type Candidate, dotted, providerIdOf } from '../../adapter/identity.ts'
import type { Subject } from '../../contract/provider.ts'
import { isArray, isObject, type TextJson, textOf } from '../../http/json.ts'
import { ASSET_FIELDS } from './fields.ts'

export interface Asset extends Candidate {
  readonly name: string | null
  readonly exchange_mic: string | null
}

const MICS: Readonly<Record<string, string>> = {
  NASDAQ: 'XNAS',
  NYSE: 'XNYS',
  AMEX: 'XASE',
  ARCA: 'ARCX',
  BATS: 'BATS',
  OTC: 'OTCM',
}

/** The assets of one answer, in its order. */
export function parseAssets(json: TextJson, watch: FieldWatch): Asset[] {
  return (isArray(json) ? json : []).flatMap((asset) => {
    if (!isObject(asset)) return []
    watch('assets', ASSET_FIELDS, asset)
    const [symbol, id] = [textOf(asset['symbol']), textOf(asset['id'])]
    return [
      {
        ticker: symbol === null ? null : dotted(symbol),
        provider_id: id === null ? null : `alpaca:${id}`,
        name: textOf(asset['name']),
        exchange_mic: MICS[textOf(asset['exchange']) ?? ''] ?? null,
      },
    ]
  })
}

/** The id of the asset that is `subject`, `alpaca:<uuid>`, where the universe says it. */
export function alpacaIdOf(subject: Subject): string | undefined {
  const id = providerIdOf(subject)
  return id?.startsWith('alpaca:') === true ? id : undefined
}
