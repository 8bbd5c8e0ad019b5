import type { Database } from '../../helpers/postgres/database.ts'
import type { Tally } from './tally.ts'

/**
 * Ticker intervals, days inclusive. No two securities hold one ticker on a day, and no security two tickers.
 * A source that says otherwise is wrong about one of them, and nobody knows which: so every side fails,
 * whatever the order of the records.
 */

const ENDS = `coalesce(%.valid_to, 'infinity'::date)`
const overlap = (a: string, b: string): string =>
  `${a}.valid_from <= ${ENDS.replace('%', b)} and ${b}.valid_from <= ${ENDS.replace('%', a)}`

/**
 * Stored rows that go, since a staged row of their security contradicts them: see `contradicts` of the job.
 */
const CONTRADICTED = `exists (select from staged s where s.security_id = live.security_id and ${overlap('s', 'live')})`

/**
 * Fails every item that is staged with an interval which another one overlaps, staged or stored; the reason
 * names both.
 */
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
       where not exists (select from staged s where s.security_id = live.security_id and s.valid_from = live.valid_from) and not ${CONTRADICTED}
     )
     select distinct on (s.item_no) s.item_no, format('"%s" from %s to %s overlaps "%s" of "%s", from %s to %s%s. Neither is taken; correct the one that is wrong.',
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
