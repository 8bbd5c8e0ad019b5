import { isDay } from '../../../helpers/core/days.ts'
import type { FieldWatch } from '../../adapter/fields.ts'
import { dotted } from '../../adapter/identity.ts'
import { lastSessionBefore } from '../../calendar/days.ts'
import { decimal } from '../../contract/fields.ts'
import type { SourceRecord } from '../../contract/job.ts'
import { isArray, isObject, type TextJson, type TextObject, textOf } from '../../http/json.ts'
import { ACTION_FIELDS } from './fields.ts'

/** One event as the API lists it. */
export interface Action {
  /** The list that it stands in, e.g. forward_splits. */
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
  readonly malformed?: string
}

/**
 * The provider's name for a field that became one of our columns; everything else is kept under its own name.
 */
const RENAMED = new Set(['id', 'process_date', 'payable_date', 'special'])

/**
 * Translates an event into the words of `corporate_actions`: `ticker` and `ex_date` say who and when (the
 * ticker is the one that the security had before the event), the terms go to their columns, what is left goes
 * to `detail` by its own name.
 */
export function translateAction({ list, event }: Action): TranslatedAction {
  const text = (name: string): string | null => textOf(event[name])
  const rule = RULES[list]
  const base = {
    provider_list: list,
    provider_action_id: text('id'),
    process_date: text('process_date'),
    pay_date: text('payable_date'),
  }
  if (rule === undefined) {
    return {
      record: { ...base, ...rest(event, new Set()) },
      malformed: `the API has a kind of event that we do not know: ${list}`,
    }
  }
  const [symbol, date] = [text(rule.symbol), text(rule.date)]
  const columns = rule.terms(text)
  const ends =
    rule.ends_listing === true && date !== null && isDay(date)
      ? { ex_date: lastSessionBefore(date), effective_date: date }
      : {}
  const used = new Set([rule.symbol, rule.date, ...rule.uses])
  return {
    record: {
      ...base,
      ...rest(event, used),
      ticker: symbol === null ? null : dotted(symbol),
      ex_date: date,
      ...columns,
      ...ends,
    },
    ...(symbol === null || date === null
      ? { malformed: `an event of ${list} without ${symbol === null ? rule.symbol : rule.date}` }
      : {}),
  }
}

interface Rule {
  readonly symbol: string
  /** The field that says when. A payable date can stand before the ex-date, so it never does. */
  readonly date: string
  /** Fields whose value went to a column. */
  readonly uses: readonly string[]
  /** The date is the first day without the listing; our table has its last one. */
  readonly ends_listing?: boolean
  readonly terms: (text: (name: string) => string | null) => SourceRecord
}

const split: Rule = {
  symbol: 'symbol',
  date: 'ex_date',
  uses: ['new_rate', 'old_rate'],
  terms: (text) => ({ kind: 'split', split_from: text('old_rate'), split_to: text('new_rate') }),
}
const merger: Rule = {
  symbol: 'acquiree_symbol',
  date: 'effective_date',
  uses: [],
  ends_listing: true,
  terms: () => ({ kind: 'merger' }),
}

const RULES: Readonly<Record<string, Rule>> = {
  forward_splits: split,
  reverse_splits: split,
  unit_splits: {
    symbol: 'old_symbol',
    date: 'effective_date',
    uses: [],
    terms: () => ({ kind: 'name_change' }),
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
    terms: (text) => ({
      kind: text('special') === 'true' ? 'special_dividend' : 'cash_dividend',
      cash_amount: text('rate'),
      currency: 'USD',
    }),
  },
  spin_offs: { symbol: 'source_symbol', date: 'ex_date', uses: [], terms: () => ({ kind: 'spin_off' }) },
  rights_distributions: {
    symbol: 'source_symbol',
    date: 'ex_date',
    uses: [],
    terms: () => ({ kind: 'spin_off', distributed: 'rights' }),
  },
  cash_mergers: merger,
  stock_mergers: merger,
  stock_and_cash_mergers: merger,
  redemptions: {
    symbol: 'symbol',
    date: 'process_date',
    uses: ['rate'],
    terms: (text) => ({ kind: 'liquidation', cash_amount: text('rate'), currency: 'USD' }),
  },
  name_changes: {
    symbol: 'old_symbol',
    date: 'process_date',
    uses: [],
    terms: () => ({ kind: 'name_change' }),
  },
  worthless_removals: {
    symbol: 'symbol',
    date: 'process_date',
    uses: [],
    ends_listing: true,
    terms: () => ({ kind: 'delisting', reason: 'removed as worthless' }),
  },
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
