import type { Database } from '../../helpers/database.ts'
import type { StagedItem } from './groups.ts'
import type { Tally } from './tally.ts'

/**
 * Ticker intervals, days inclusive. No two securities hold one ticker on a day, and no security two tickers. A source that says
 * otherwise is wrong about one of them, and nobody knows which: so every side fails, whatever the order of the records.
 */

const ENDS = `coalesce(%.valid_to, 'infinity'::date)`
const overlap = (a: string, b: string): string =>
  `${a}.valid_from <= ${ENDS.replace('%', b)} and ${b}.valid_from <= ${ENDS.replace('%', a)}`

/**
 * Rows of the table that are not what their security is staged with: its interval moved, or has another ticker. The newest word of
 * the source stands, as it does for any other value.
 */
const REPLACED = `
  exists (select from pg_temp.staged s where s.security_id = live.security_id
    and (s.valid_from <> live.valid_from or s.ticker <> live.ticker) and ${overlap('s', 'live')})
  and not exists (select from pg_temp.staged s where s.security_id = live.security_id and s.valid_from = live.valid_from and s.ticker = live.ticker)`

/** Fails every item that is staged with an interval which another one overlaps, staged or stored; the reason names both. */
export async function failOverlaps(db: Database, tally: Tally): Promise<void> {
  const items = [...tally.items.values()]
  const failed = items.filter(({ end }) => end?.status === 'failed').map(({ item_no }) => item_no)
  const rows = await db.rows<{ item_no: number; reason: string }>(
    `with staged as (
       select distinct item_no, security_id, ticker, valid_from, valid_to from pg_temp.staged where item_no <> all ($1::integer[])
     ), others as (
       select s.security_id, s.ticker, s.valid_from, s.valid_to, $2::text[] as items, s.item_no from staged s
       union all
       select live.security_id, live.ticker, live.valid_from, live.valid_to, null, null from stocks_research.ticker_history live
       where not exists (select from staged s where s.security_id = live.security_id and s.valid_from = live.valid_from) and not (${REPLACED})
     )
     select distinct on (s.item_no) s.item_no, format('«%s» from %s to %s overlaps «%s» of «%s», from %s to %s%s. Neither is taken; correct the one that is wrong.',
       s.ticker, s.valid_from, coalesce(s.valid_to::text, 'today'), o.ticker, coalesce(o.items[o.item_no + 1], m.source_id), o.valid_from,
       coalesce(o.valid_to::text, 'today'), case when o.item_no is null then ', which is stored' end) as reason
     from staged s
     join others o on ${overlap('s', 'o')} and (s.security_id = o.security_id) <> (s.ticker = o.ticker) and (s.security_id, s.valid_from) <> (o.security_id, o.valid_from)
     left join stocks_research.securities m on m.security_id = o.security_id
     order by s.item_no, s.valid_from, o.valid_from, o.security_id`,
    [failed, items.map(({ item }) => item)],
  )
  for (const { item_no, reason } of rows) {
    const item = items[item_no]?.item
    if (item !== undefined) tally.end({ item, status: 'failed', error_class: 'conflict', reason })
  }
}

/** Deletes stored intervals that the staged ones of their security replace; returns how many. */
export async function deleteReplaced(tx: Database, group: readonly StagedItem[]): Promise<number> {
  const { rows } = await tx.one<{ rows: number }>(
    `with deleted as (
       delete from stocks_research.ticker_history live
       where live.security_id in (select security_id from stocks_research.securities where source_id = any ($1::text[])) and ${REPLACED}
       returning 1)
     select count(*)::integer as rows from deleted`,
    [group.map(({ item }) => item)],
  )
  return rows
}
