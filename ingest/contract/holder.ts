import type { Holder, Identity, RejectKind, SourceRecord } from './job.ts'

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
    rejected: `no security of the universe held the ticker "${ticker}" on ${date}: the record is another company's`,
    kind: 'foreign',
  }
}
