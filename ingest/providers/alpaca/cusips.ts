import { dayBefore } from '../../../helpers/core/days.ts'
import { isCusip } from '../../adapter/notation.ts'
import type { TranslatedAction } from './actions.ts'

/** Whose symbol a CUSIP is for a while: the security that had `ticker` until the day before `date`. */
export interface Masked {
  readonly ticker: string
  readonly date: string
}

/**
 * While a change is under way the broker uses a CUSIP as the symbol: a change of name to it, and another one
 * from it to the new ticker. Returns the ticker that each CUSIP replaces, from all changes of name.
 */
export function maskedBy(changes: readonly TranslatedAction[]): Map<string, Masked> {
  const masks = new Map<string, Masked>()
  for (const { record, malformed } of changes) {
    const { kind, ticker, new_symbol, ex_date } = record
    if (malformed !== undefined || kind !== 'name_change' || !ticker || !ex_date || !new_symbol) continue
    if (isCusip(new_symbol) && !isCusip(ticker)) masks.set(new_symbol, { ticker, date: ex_date })
  }
  return masks
}

/**
 * The same event by tickers alone: of a CUSIP, by the ticker that it replaces; a change to a CUSIP is no
 * event, since the change from it follows. `held_on`: the day on which the security had its ticker.
 */
export function unmasked(
  action: TranslatedAction,
  masks: ReadonlyMap<string, Masked>,
): (TranslatedAction & { readonly held_on: string | null }) | undefined {
  const { record, is_of_day_before } = action
  const date = record['ex_date'] ?? null
  const held_on = date !== null && is_of_day_before === true ? dayBefore(date) : date
  if (record['kind'] === 'name_change' && isCusip(record['new_symbol'] ?? '')) return undefined
  const mask = masks.get(record['ticker'] ?? '')
  if (mask === undefined) return { ...action, held_on }
  return { ...action, record: { ...record, ticker: mask.ticker }, held_on: dayBefore(mask.date) }
}
