import { lastTicker } from '../market/flat-files.ts'
import { compareText } from '../market/order.ts'
import type { Security, World } from '../market/types.ts'
import { createActionsFeed } from './alpaca-actions.ts'
import { type Account, createBarsFeed } from './alpaca-bars.ts'
import { type Answer, type Asked, json } from './answer.ts'
import type { Disorder } from './paging.ts'

const EXCHANGES = { XNYS: 'NYSE', XNAS: 'NASDAQ', ARCX: 'ARCA' } as const

/** The keys of a simulated account. */
export interface AlpacaKeys {
  readonly key_id: string
  readonly secret_key: string
}

/** data.alpaca.markets (bars, corporate actions) and paper-api.alpaca.markets (assets). */
export function createAlpacaFeed(world: World, keys: AlpacaKeys, disorder: Disorder, account: Account) {
  const { hidden } = account
  const bars = createBarsFeed(world, disorder, account)
  const actions = createActionsFeed(world, disorder)
  const market = [...world.securities, ...world.outsiders].filter(
    (security) => !security.tickers.some(({ ticker }) => hidden.has(ticker)),
  )

  const data = (asked: Asked): Answer => {
    const key = asked.headers['apca-api-key-id']
    if (key === undefined || asked.headers['apca-api-secret-key'] === undefined)
      return json(401, { message: 'unauthorized.' })
    if (!isRight(asked, keys)) return json(403, { message: 'forbidden.' })
    if (asked.path === '/v2/stocks/bars') return bars(asked)
    if (asked.path === '/v1/corporate-actions') return actions(asked)
    return json(404, { message: 'endpoint not found.' })
  }
  const trading = (asked: Asked): Answer => {
    if (!isRight(asked, keys)) return json(401, { code: 40110000, message: 'request is not authorized' })
    if (asked.path === '/v2/account')
      return json(200, {
        id: '00000000-0000-4000-8000-000000000000',
        account_number: 'REHEARSAL',
        status: 'ACTIVE',
        currency: 'USD',
      })
    if (asked.path !== '/v2/assets') return json(404, { code: 40410000, message: 'endpoint not found' })
    const status = asked.query.get('status') ?? 'all'
    const assets = market
      .map((security) => asset(security))
      .filter((one) => status === 'all' || one.status === status)
    return json(
      200,
      assets.sort((a, b) => compareText(a.symbol, b.symbol)),
    )
  }
  return { data, trading }
}

const isRight = ({ headers }: Asked, keys: AlpacaKeys): boolean =>
  headers['apca-api-key-id'] === keys.key_id && headers['apca-api-secret-key'] === keys.secret_key

/**
 * An asset keeps its id when its symbol changes; a dead one keeps its last symbol, so that two assets may
 * share one.
 */
function asset(security: Security) {
  const is_listed = security.delist_date === null
  return {
    id: security.asset_id,
    class: 'us_equity',
    exchange: EXCHANGES[security.exchange_mic],
    symbol: lastTicker(security),
    // The broker adds the class of the security to the name of the company.
    name: security.security_type === 'stock' ? `${security.name} Common Stock` : security.name,
    status: is_listed ? 'active' : 'inactive',
    tradable: is_listed,
    marginable: is_listed,
    maintenance_margin_requirement: 100,
    margin_requirement_long: '100',
    margin_requirement_short: '100',
    shortable: false,
    easy_to_borrow: false,
    fractionable: is_listed,
    attributes: [],
  }
}
