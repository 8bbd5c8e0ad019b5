import { isDay } from '../../../helpers/core/days.ts'
import { productOf, scale } from '../../adapter/decimals.ts'
import type { FieldWatch } from '../../adapter/fields.ts'
import { tickerFrom } from '../../adapter/notation.ts'
import { lastSessionBefore } from '../../calendar/days.ts'
import { decimal } from '../../contract/fields.ts'
import type { SourceRecord } from '../../contract/job.ts'
import { isArray, isObject, type TextJson, type TextObject, textOf } from '../../http/json.ts'
import { ACTION_FIELDS } from './fields.ts'

/** One event as the API lists it. */
export interface Action {
  /** The list that it is in, e.g. forward_splits. */
  readonly list: string
  readonly event: TextObject
}

/** Every event of a page, list by list, in the order of the page. A list that we do not know is there too. */
export function parseActions(json: TextJson, watch: FieldWatch): Action[] {
  const lists = (json as TextObject)['corporate_actions']
  if (!isObject(lists)) return []
  return Object.entries(lists).flatMap(([list, events]) =>
    (isArray(events) ? events : []).map((event) => {
      // What is no object has neither symbol nor day, and is refused by name.
      if (!isObject(event)) return { list, event: { text: textOf(event) } }
      watch(`corporate-actions ${list}`, ACTION_FIELDS[list] ?? {}, event)
      return { list, event }
    }),
  )
}

export interface TranslatedAction {
  readonly record: SourceRecord
  /** Set where the event takes the ticker away: it belongs to whoever held the ticker the day before. */
  readonly is_of_day_before?: true
  readonly malformed?: string
}

/**
 * The provider's name for a field that became one of our columns; everything else is kept under its own name.
 */
const RENAMED = new Set(['id', 'process_date', 'payable_date', 'special'])

/**
 * Translates an event into records of `corporate_actions`: `ticker` and `ex_date` say who and when (the
 * ticker is the one that the security had before the event), the terms go to their columns, what is left
 * goes to `detail` by its own name. A split that brings a new symbol is two events; a list that holds none
 * of ours is none. What is not known is malformed, by its name.
 */
export function translateAction({ list, event }: Action): TranslatedAction[] {
  if (Object.hasOwn(NO_EVENTS, list)) return []
  const text = (name: string): string | null => textOf(event[name])
  const rule = Object.hasOwn(RULES, list) ? RULES[list] : undefined
  const base = {
    provider_list: list,
    provider_action_id: text('id'),
    process_date: text('process_date'),
    pay_date: text('payable_date'),
  }
  if (rule === undefined) {
    const record = { ...base, ...rest(event, new Set()) }
    return [{ record, malformed: `unknown list "${list}" of corporate actions` }]
  }
  const symbol = text(rule.symbol)
  const date = text(rule.date)
  const ticker = symbol === null ? null : tickerFrom(symbol, 'alpaca')
  const ends =
    rule.ends_listing === true && date !== null && isDay(date)
      ? { ex_date: lastSessionBefore(date), effective_date: date }
      : {}
  const used = new Set([rule.symbol, rule.date, ...rule.uses])
  const record = { ...base, ...rest(event, used), ticker, ex_date: date, ...rule.terms(text, event), ...ends }
  const missing = symbol === null ? rule.symbol : rule.date
  const malformed =
    symbol === null || date === null ? `an event of ${list} without ${missing}` : rule.fault?.(event)
  const translated = { record, ...(malformed === undefined ? {} : { malformed }) }
  if (rule.renames === true) return [{ ...translated, is_of_day_before: true }]
  const new_symbol = rule.may_rename === true ? text('new_symbol') : null
  if (new_symbol === null || new_symbol === symbol) return [translated]
  const renamed = { ...base, ticker, ex_date: date, kind: 'name_change', new_symbol }
  return [
    { ...translated, is_of_day_before: true },
    { record: renamed, is_of_day_before: true },
  ]
}

/** Lists that we know and take nothing from. */
const NO_EVENTS: Readonly<Record<string, string>> = {
  partial_calls: 'a part of an issue is redeemed by lot: nothing changes for a share that remains',
  contract_adjustments: 'about option contracts',
}

interface Rule {
  readonly symbol: string
  /** The field that says when. A payable date can stand before the ex-date, so it never does. */
  readonly date: string
  /** Fields whose value went to a column. */
  readonly uses: readonly string[]
  /** The date is the first day without the listing; our table has its last one. */
  readonly ends_listing?: boolean
  /** The event is a change of the ticker. */
  readonly renames?: boolean
  /** It may bring a new ticker beside its terms, as `new_symbol`. */
  readonly may_rename?: boolean
  /** Why an event cannot be taken for what its list says. */
  readonly fault?: (event: TextObject) => string | undefined
  readonly terms: (text: (name: string) => string | null, event: TextObject) => SourceRecord
}

const split: Rule = {
  symbol: 'symbol',
  date: 'ex_date',
  uses: ['new_rate', 'old_rate'],
  terms: (text) => ({ kind: 'split', split_from: text('old_rate'), split_to: text('new_rate') }),
}
/** A merger of one form. `cash` names the field of the cash per share. */
const merger = (
  delisting_code: 'merger_cash' | 'merger_stock' | 'merger_mixed',
  cash: string | undefined,
): Rule => ({
  symbol: 'acquiree_symbol',
  date: 'effective_date',
  // The rates stay in detail too: shares_per_share is their quotient.
  uses: ['acquirer_symbol', ...(cash === undefined ? [] : [cash])],
  ends_listing: true,
  terms: (text) => ({
    kind: 'merger',
    delisting_code,
    cash_amount: cash === undefined ? null : text(cash),
    currency: cash === undefined ? null : currencyOf(text),
    shares_per_share: quotientOf(text('acquirer_rate'), text('acquiree_rate')),
    acquirer_ticker: tickerOf(text('acquirer_symbol')),
  }),
})

const RULES: Readonly<Record<string, Rule>> = {
  forward_splits: split,
  reverse_splits: { ...split, may_rename: true },
  unit_splits: {
    symbol: 'old_symbol',
    date: 'effective_date',
    uses: [],
    // The unit ends. Its parts may have been listed before, under these or other symbols.
    ends_listing: true,
    // Holders receive shares of two securities.
    terms: () => ({ kind: 'delisting', reason: 'unit split', has_other_proceeds: 'true' }),
  },
  stock_dividends: {
    symbol: 'symbol',
    date: 'ex_date',
    uses: [],
    // A rate of 0.05 gives 5 new shares for 100: 1 becomes 1.05.
    terms: (text) => ({ kind: 'stock_dividend', split_from: '1', split_to: onePlus(text('rate')) }),
  },
  cash_dividends: {
    symbol: 'symbol',
    date: 'ex_date',
    uses: ['rate'],
    fault: ({ sub_type }) =>
      textOf(sub_type) === null || Object.hasOwn(KIND_OF_SUB_TYPE, textOf(sub_type) ?? '')
        ? undefined
        : `unknown sub_type "${textOf(sub_type)}" of a cash dividend`,
    terms: (text) => ({
      kind: kindOfDividend(text('sub_type'), text('special')),
      cash_amount: text('rate'),
      currency: currencyOf(text),
    }),
  },
  spin_offs: { symbol: 'source_symbol', date: 'ex_date', uses: [], terms: () => ({ kind: 'spin_off' }) },
  rights_distributions: {
    symbol: 'source_symbol',
    date: 'ex_date',
    uses: [],
    terms: () => ({ kind: 'spin_off', distributed: 'rights' }),
  },
  cash_mergers: merger('merger_cash', 'rate'),
  stock_mergers: merger('merger_stock', undefined),
  stock_and_cash_mergers: merger('merger_mixed', 'cash_rate'),
  reorganizations: {
    symbol: 'symbol',
    date: 'effective_date',
    uses: ['cash_rate'],
    ends_listing: true,
    fault: ({ symbol, stock_movements }) =>
      (isArray(stock_movements) ? stock_movements : []).some(
        (each) => isObject(each) && each['symbol'] === symbol,
      )
        ? 'a reorganization after which the security itself goes on'
        : undefined,
    terms: (text, event) => ({
      kind: 'merger',
      cash_amount: text('cash_rate'),
      currency: text('cash_rate') === null ? null : currencyOf(text),
      ...sharesOf(event['stock_movements']),
    }),
  },
  redemptions: {
    symbol: 'symbol',
    date: 'process_date',
    uses: ['rate'],
    terms: (text) => ({ kind: 'liquidation', cash_amount: text('rate'), currency: currencyOf(text) }),
  },
  name_changes: {
    symbol: 'old_symbol',
    date: 'process_date',
    uses: [],
    renames: true,
    terms: () => ({ kind: 'name_change' }),
  },
  worthless_removals: {
    symbol: 'symbol',
    date: 'process_date',
    uses: [],
    ends_listing: true,
    terms: (text) => ({
      kind: 'delisting',
      reason: 'removed as worthless',
      delisting_code: 'worthless',
      cash_amount: '0',
      currency: currencyOf(text),
    }),
  },
}

/** A dividend by its `sub_type`; interest, on listed debt, goes ex as a dividend does. */
const KIND_OF_SUB_TYPE: Readonly<Record<string, string>> = {
  return_of_capital: 'return_of_capital',
  interest: 'cash_dividend',
}
const kindOfDividend = (sub_type: string | null, special: string | null): string =>
  KIND_OF_SUB_TYPE[sub_type ?? ''] ?? (special === 'true' ? 'special_dividend' : 'cash_dividend')

/**
 * Before May 2026 events had no currency; they were of US securities, in dollars. Of a foreign one that still
 * states none it is not known.
 */
const currencyOf = (text: (name: string) => string | null): string | null =>
  text('currency') ?? (text('foreign') === 'true' ? null : 'USD')

const tickerOf = (symbol: string | null): string | null =>
  symbol === null ? null : tickerFrom(symbol, 'alpaca')

/** Digits of a quotient of rates: far more than any rate has. */
const RATE_PLACES = 20

/**
 * Shares for one share. A text that is not a rate stays as it is, so that the record is rejected by its
 * field.
 */
function quotientOf(received: string | null, given: string | null): string | null {
  if (received === null) return null
  if (given === null) return received
  const over = decimal(received)
  const under = decimal(given)
  if (over === undefined || under === undefined || !(Number(under) > 0)) return `${received} for ${given}`
  const ratio = productOf([{ numerator: over, denominator: under }])
  return scale('1', ratio, RATE_PLACES * 2, RATE_PLACES)
}

/**
 * The shares that a reorganization gave: of one company they are a term of ours; of several, or without a
 * rate, they are proceeds that no column states.
 */
function sharesOf(movements: TextJson | undefined): SourceRecord {
  const given = isArray(movements) ? movements : []
  const [only] = given
  if (only === undefined) return {}
  if (given.length > 1 || !isObject(only) || textOf(only['new_rate']) === null)
    return { has_other_proceeds: 'true' }
  return {
    shares_per_share: quotientOf(textOf(only['new_rate']), textOf(only['source_rate'])),
    acquirer_ticker: tickerOf(textOf(only['symbol'])),
  }
}

/** The lists, as the query parameter `types` names them: in the singular. */
export const ACTION_TYPES = Object.keys(RULES).map((list) => list.replace(/s$/, ''))

function rest(event: TextObject, used: ReadonlySet<string>): SourceRecord {
  const others = Object.entries(event).filter(([name]) => !used.has(name) && !RENAMED.has(name))
  return Object.fromEntries(
    others.map(([name, value]) => [
      name,
      textOf(value) ?? (isObject(value) || isArray(value) ? JSON.stringify(value) : null),
    ]),
  )
}

/** `1 + rate` without a float. */
function onePlus(rate: string | null): string | null {
  const [, whole = '', fraction = ''] = /^(\d+)(?:\.(\d+))?$/.exec(decimal(rate ?? '') ?? '') ?? []
  return whole === '' ? null : `${BigInt(whole) + 1n}${fraction === '' ? '' : `.${fraction}`}`
}
