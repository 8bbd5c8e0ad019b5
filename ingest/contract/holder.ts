import { dayBefore } from '../../helpers/core/days.ts'
import type { Holder, Identity, ParseContext, RejectKind, SourceRecord } from './job.ts'

type NoHolder = { readonly rejected: string; readonly kind: RejectKind } | { readonly skipped: true }

/** Whose record it is: by permanent id, else by the ticker as of the day. */
export function holderOf(record: SourceRecord, date: string, identity: Identity): Holder | NoHolder {
  const { source_id, ticker } = record
  if (source_id !== undefined && source_id !== null)
    return identity.bySourceId(source_id) ?? { skipped: true }
  if (ticker === undefined || ticker === null)
    return { rejected: 'source_id and ticker are both missing', kind: 'malformed' }
  const holder = identity.byTicker(ticker, date)
  if (holder !== undefined) return holder
  if (!identity.knowsTicker(ticker)) return { skipped: true }
  return {
    rejected:
      `no security of the universe held the ticker "${ticker}" on ${date}: the record is another ` +
      "company's",
    kind: 'foreign',
  }
}

/** Kinds of event that end a listing. */
const ENDS = new Set(['merger', 'delisting', 'name_change'])

/**
 * The security that an event belongs to. Sources date an event on the first day of a new ticker under the old
 * one, and a delisting on the first day without trading. An event therefore belongs to the security that held
 * the ticker on the session before, also where another security holds it from that day on. If that other
 * security was listed before under a ticker of its own, the event may be of either: the record is rejected,
 * and recorded as a refused event of the new holder.
 */
export function eventHolderOf(
  record: SourceRecord,
  ex_date: string,
  { identity, isSession }: Pick<ParseContext, 'identity' | 'isSession'>,
): Holder | (NoHolder & { readonly item?: string }) {
  const holder = holderOf(record, ex_date, identity)
  const { source_id, ticker } = record
  if ((source_id ?? null) !== null || ticker === undefined || ticker === null) return holder
  const session_before = sessionBefore(ex_date, isSession)
  const former = identity.byTicker(ticker, session_before)
  if (former === undefined) return holder
  if (!('security_id' in holder) || ENDS.has(record['kind'] ?? '')) return former
  if (holder.security_id === former.security_id || !identity.isListed(holder, session_before)) return former
  return {
    rejected:
      `"${ticker}" was held by ${former.source_id} until ${session_before}, and is held by ` +
      `${holder.source_id}, then under another ticker, from ${ex_date} on: the event may be of either. ` +
      'Give its record a source_id',
    kind: 'malformed',
    item: holder.source_id,
  }
}

/** Days that are searched for the session before. An exchange was closed for longer once, in 1914. */
const CLOSED_DAYS_MAX = 15

function sessionBefore(date: string, isSession: (date: string) => boolean): string {
  let day = dayBefore(date)
  for (let days = 1; days < CLOSED_DAYS_MAX && !isSession(day); days++) day = dayBefore(day)
  return day
}
