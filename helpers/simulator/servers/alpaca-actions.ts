import { addDays, type Calendar } from '../market/calendar.ts'
import { lastTicker } from '../market/flat-files.ts'
import { cusipOf, uuidOf } from '../market/identity.ts'
import { parseDecimal, subtract, toDecimal } from '../market/rational.ts'
import type { Action, Security, World } from '../market/types.ts'
import { type Answer, type Asked, json } from './answer.ts'
import { type Disorder, slice } from './paging.ts'

const LIMIT_DEFAULT = 100
const LIMIT_MAX = 1000

interface Wire {
  /** The group of the response, e.g. `cash_dividends`. */
  readonly group: string
  readonly process_date: string
  readonly symbols: readonly string[]
  readonly cusip: string
  readonly id: string
  readonly value: Readonly<Record<string, string | number | boolean | readonly unknown[]>>
}

/**
 * `/v1/corporate-actions`: the whole market, or some symbols. `start` and `end` bound the process date, which
 * for cash is the pay date, weeks after the ex-date; both default to today. Fields that do not apply are left
 * out.
 */
export function createActionsFeed(world: World, disorder: Disorder): (asked: Asked) => Answer {
  const market = [...world.securities, ...world.outsiders]
  const byId = new Map(market.map((security) => [security.source_id, security]))
  const all = market.flatMap((security) => wireActions(security, world.calendar, byId))
  all.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))

  return ({ query }) => {
    const today = new Date().toISOString().slice(0, 10)
    const start = query.get('start') ?? today
    const end = query.get('end') ?? today
    const limit = Number(query.get('limit') ?? LIMIT_DEFAULT)
    if (!Number.isInteger(limit) || limit < 1 || limit > LIMIT_MAX)
      return json(400, { message: `invalid limit: must be between 1 and ${LIMIT_MAX}` })
    const types = list(query.get('types'))?.map((type) => `${type}s`)
    const symbols = list(query.get('symbols'))
    const asked = all.filter(
      (action) =>
        action.process_date >= start &&
        action.process_date <= end &&
        (types === undefined || types.includes(action.group)) &&
        (symbols === undefined || action.symbols.some((symbol) => symbols.includes(symbol))),
    )
    try {
      const { items, next_page_token } = slice(asked, keyOf, limit, query.get('page_token'), disorder)
      const corporate_actions: Record<string, unknown[]> = {}
      for (const { group, value } of items) {
        corporate_actions[group] ??= []
        corporate_actions[group]?.push(value)
      }
      return json(200, { corporate_actions, next_page_token })
    } catch (error) {
      if (error instanceof RangeError) return json(400, { message: error.message })
      throw error
    }
  }
}

const keyOf = (action: Wire): string => `${action.cusip}|${action.process_date}|${action.id}`
const list = (value: string | null): readonly string[] | undefined =>
  value === null || value === '' ? undefined : value.split(',')

function wireActions(security: Security, calendar: Calendar, byId: ReadonlyMap<string, Security>): Wire[] {
  const wires: Wire[] = []
  if (security.security_type === 'preferred') wires.push(partialCall(security, calendar))
  for (const [index, action] of security.actions.entries()) {
    const id = uuidOf(`${security.asset_id}/action/${index}`)
    const cusip = cusipOn(security, action.ex_date)
    const symbol = symbolOn(security, action.ex_date)
    const put = (
      group: string,
      process_date: string,
      symbols: readonly string[],
      value: Wire['value'],
    ): void => {
      wires.push({ group, process_date, symbols, cusip, id, value: { id, ...value, process_date } })
    }
    const effective =
      action.kind === 'merger' ? action.effective_date : calendar.shift(addDays(action.ex_date, 1), 0)
    switch (action.kind) {
      case 'cash_dividend':
      case 'return_of_capital':
      case 'special_dividend': {
        const paid = calendar.shift(action.ex_date, 12)
        const special = action.kind === 'special_dividend'
        put('cash_dividends', paid, [symbol], {
          ...subTypeOf(action),
          ...(action.currency === undefined ? {} : { currency: action.currency }),
          cusip,
          ex_date: action.ex_date,
          foreign: false,
          payable_date: paid,
          rate: Number(action.amount),
          record_date: calendar.shift(action.ex_date, 1),
          special,
          symbol,
        })
        break
      }
      case 'split':
        put('forward_splits', action.ex_date, [symbol], {
          cusip,
          ex_date: action.ex_date,
          new_rate: Number(action.split_to),
          old_rate: Number(action.split_from),
          payable_date: calendar.shift(action.ex_date, -1),
          record_date: calendar.shift(action.ex_date, -6),
          symbol,
        })
        break
      case 'reverse_split':
        put('reverse_splits', action.ex_date, [symbol], {
          ex_date: action.ex_date,
          new_cusip: cusip,
          new_rate: Number(action.split_to),
          old_cusip: cusipOn(security, addDays(action.ex_date, -1)),
          old_rate: Number(action.split_from),
          record_date: action.ex_date,
          symbol,
          ...newSymbolOf(security, action.ex_date),
        })
        break
      case 'stock_dividend': {
        const rate = Number(
          toDecimal(subtract(parseDecimal(action.split_to), parseDecimal(action.split_from)), 10),
        )
        put('stock_dividends', action.ex_date, [symbol], {
          cusip,
          ex_date: action.ex_date,
          payable_date: calendar.shift(action.ex_date, 5),
          rate,
          record_date: calendar.shift(action.ex_date, 1),
          symbol,
        })
        break
      }
      case 'spin_off': {
        const child = byId.get(action.child_source_id)
        const new_symbol = child === undefined ? '' : tickerOn(child, action.ex_date)
        const new_cusip = child === undefined ? '' : cusipOn(child, action.ex_date)
        put('spin_offs', action.ex_date, [symbol, new_symbol], {
          ex_date: action.ex_date,
          new_cusip,
          new_rate: Number(action.new_rate),
          new_symbol,
          record_date: action.ex_date,
          source_cusip: cusip,
          source_rate: Number(action.source_rate),
          source_symbol: symbol,
        })
        break
      }
      case 'merger':
        putMerger(put, action, { symbol, cusip, buyer: byId.get(action.acquirer_source_id ?? '') })
        break
      case 'liquidation':
        put('redemptions', action.ex_date, [symbol], {
          cusip,
          payable_date: action.ex_date,
          rate: Number(action.amount),
          symbol,
        })
        break
      case 'name_change':
        if (action.is_in_split === true) break
        if (action.is_through_cusip === true) {
          putChangeThroughCusip(put, security, action)
          break
        }
        put('name_changes', action.ex_date, [action.old_ticker, action.new_ticker], {
          new_cusip: cusip,
          new_symbol: action.new_ticker,
          old_cusip: cusipOn(security, addDays(action.ex_date, -1)),
          old_symbol: action.old_ticker,
        })
        break
      case 'delisting':
        // A voluntary delisting is none of the broker's events: the asset turns inactive, and the exchange
        // files a form 25.
        if (action.reason === 'bankruptcy') put('worthless_removals', effective, [symbol], { cusip, symbol })
        if (action.reason === 'unit_split') putUnitSplit(put, { symbol, cusip, effective, action, byId })
    }
  }
  return wires
}

type Put = (group: string, process_date: string, symbols: readonly string[], value: Wire['value']) => void

function putMerger(
  put: Put,
  action: Extract<Action, { kind: 'merger' }>,
  who: { symbol: string; cusip: string; buyer: Security | undefined },
): void {
  const { effective_date } = action
  const days = { effective_date, payable_date: effective_date }
  if (action.is_reorganization === true) {
    put('reorganizations', effective_date, [who.symbol], {
      ...days,
      cash_rate: Number(action.cash_rate),
      cusip: who.cusip,
      stock_movements: movementsOf(action, who.buyer),
      symbol: who.symbol,
    })
    return
  }
  const acquiree = { acquiree_cusip: who.cusip, acquiree_symbol: who.symbol }
  if (who.buyer === undefined || action.stock_rate === null) {
    put('cash_mergers', effective_date, [who.symbol], {
      ...acquiree,
      ...days,
      rate: Number(action.cash_rate),
    })
    return
  }
  const acquirer_symbol = tickerOn(who.buyer, action.ex_date)
  const stock = {
    ...acquiree,
    acquiree_rate: 1,
    acquirer_cusip: cusipOn(who.buyer, action.ex_date),
    acquirer_rate: Number(action.stock_rate),
    acquirer_symbol,
  }
  if (action.cash_rate === null)
    put('stock_mergers', effective_date, [who.symbol, acquirer_symbol], { ...stock, ...days })
  else
    put('stock_and_cash_mergers', effective_date, [who.symbol, acquirer_symbol], {
      ...stock,
      cash_rate: Number(action.cash_rate),
      ...days,
    })
}

function movementsOf({ stock_rate, ex_date }: Extract<Action, { kind: 'merger' }>, buyer?: Security) {
  if (buyer === undefined || stock_rate === null) return []
  const cusip = cusipOn(buyer, ex_date)
  return [{ cusip, new_rate: Number(stock_rate), source_rate: 1, symbol: tickerOn(buyer, ex_date) }]
}

/** A part of the issue is redeemed by lot: an event that changes nothing for a share that remains. */
function partialCall(security: Security, calendar: Calendar): Wire {
  const process_date = calendar.shift(security.bars[0]?.date ?? '', 40)
  const symbol = lastTicker(security)
  const { cusip } = security
  const id = uuidOf(`${security.asset_id}/partial call`)
  const value = { id, cusip, lottery_type: 'original', price: 25, process_date, symbol }
  return { group: 'partial_calls', process_date, symbols: [symbol], cusip, id, value }
}

/** Listed debt pays interest, and partnerships return capital: both are cash dividends with a sub_type. */
function subTypeOf(action: Action): { sub_type?: string } {
  if (action.kind === 'return_of_capital') return { sub_type: 'return_of_capital' }
  return action.kind === 'cash_dividend' && action.is_interest === true ? { sub_type: 'interest' } : {}
}

type NameChange = Extract<Action, { kind: 'name_change' }>
const changeOn = (security: Security, date: string): NameChange | undefined =>
  security.actions.find((action) => action.kind === 'name_change' && action.ex_date === date) as
    | NameChange
    | undefined

/**
 * What the broker writes for the security of an event. On the day of a change that goes through a CUSIP it is
 * that CUSIP; in a reverse split that brings a new ticker it is the old one.
 */
function symbolOn(security: Security, date: string): string {
  const change = changeOn(security, date)
  if (change?.is_through_cusip === true) return cusipOn(security, addDays(date, -1))
  return change?.is_in_split === true ? change.old_ticker : tickerOn(security, date)
}

function newSymbolOf(security: Security, date: string): { new_symbol?: string } {
  const change = changeOn(security, date)
  return change?.is_in_split === true ? { new_symbol: change.new_ticker } : {}
}

/** Two changes of name on one day: to the old CUSIP as a symbol, and from it to the new ticker. */
function putChangeThroughCusip(put: Put, security: Security, { ex_date, ...change }: NameChange): void {
  const old_cusip = cusipOn(security, addDays(ex_date, -1))
  const steps = [
    [change.old_ticker, old_cusip],
    [old_cusip, change.new_ticker],
  ] as const
  for (const [old_symbol, new_symbol] of steps)
    put('name_changes', ex_date, [old_symbol, new_symbol], {
      id: uuidOf(`${security.asset_id}/${old_symbol}/${new_symbol}`),
      new_cusip: cusipOn(security, ex_date),
      new_symbol,
      old_cusip,
      old_symbol,
    })
}

/** The unit ends, and its parts trade by themselves. */
function putUnitSplit(
  put: Put,
  unit: {
    readonly symbol: string
    readonly cusip: string
    readonly effective: string
    readonly action: Extract<Action, { kind: 'delisting' }>
    readonly byId: ReadonlyMap<string, Security>
  },
): void {
  const [share, warrant] = (unit.action.part_source_ids ?? []).map((id) => unit.byId.get(id))
  if (share === undefined || warrant === undefined) throw new RangeError(`${unit.symbol} has no parts.`)
  put('unit_splits', unit.effective, [unit.symbol, lastTicker(share), lastTicker(warrant)], {
    alternate_cusip: warrant.cusip,
    alternate_rate: 0.3333,
    alternate_symbol: lastTicker(warrant),
    effective_date: unit.effective,
    new_cusip: share.cusip,
    new_rate: 1,
    new_symbol: lastTicker(share),
    old_cusip: unit.cusip,
    old_rate: 1,
    old_symbol: unit.symbol,
  })
}

/** The ticker of a day; after the last day the last one. */
function tickerOn(security: Security, date: string): string {
  const held = security.tickers.find(
    ({ valid_from, valid_to }) => valid_from <= date && (valid_to === null || date <= valid_to),
  )
  return (held ?? security.tickers.at(-1))?.ticker ?? ''
}

/** Reverse splits and changes of name bring a new CUSIP. */
function cusipOn(security: Security, date: string): string {
  const changes = security.actions.filter(
    (action) => (action.kind === 'reverse_split' || action.kind === 'name_change') && action.ex_date <= date,
  )
  return cusipOf(Number(security.source_id.slice(-4)), changes.length)
}
