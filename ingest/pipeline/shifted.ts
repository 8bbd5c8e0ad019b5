import type { Database } from '../../helpers/postgres/database.ts'
import type { Tally } from './tally.ts'

/**
 * Of the bars of an item, the share on days without a session above which its dates may be shifted; one day
 * off makes it a fifth.
 */
const OFF_SESSION_MAX_RATIO = 0.05

/**
 * Fails the items whose dates are shifted. A stray bar on a closed day is a reject like any other; but when
 * the session beside it has no bar, and that more than once, the bar is that session's, and every other one
 * stands on a wrong day too. Among thousands of other securities such an item would stay below any bound for
 * its file.
 */
export async function failShiftedItems(db: Database, tally: Tally): Promise<void> {
  const suspects = [...tally.items.values()].filter(
    ({ rows, off_session_dates: { length } }) =>
      length > 1 && length > OFF_SESSION_MAX_RATIO * (rows + length),
  )
  if (suspects.length === 0) return
  const days = suspects.flatMap(({ item_no, off_session_dates }) =>
    off_session_dates.map((day) => ({ item_no, day })),
  )
  const shifted = await db.rows<{ item_no: number }>(SHIFTED, [
    days.map(({ item_no }) => item_no),
    days.map(({ day }) => day),
  ])
  const isShifted = new Set(shifted.map(({ item_no }) => item_no))
  for (const { item, item_no, rows, off_session_dates } of suspects) {
    if (!isShifted.has(item_no)) continue
    const [count, first] = [off_session_dates.length, off_session_dates.toSorted()[0]]
    const reason =
      `${count} of its ${rows + count} bars stand on days without a session, the first on ${first}, and the sessions beside them have none: ` +
      'its dates are shifted. None of its bars is taken; correct the dates.'
    tally.end({ item, status: 'failed', error_class: 'malformed', reason })
  }
}

const SHIFTED = `
  with off as (select item_no, day from unnest($1::integer[], $2::date[]) as o (item_no, day)),
  held as materialized (select distinct item_no, trade_date from pg_temp.staged where item_no = any($1)),
  ends as (
    select item_no, min(day) as first, max(day) as last
    from (select item_no, day from off union all select item_no, trade_date from held) days group by item_no),
  beside as (
    select o.item_no, o.day, c.session_date from off o
    cross join lateral (
      select (select max(session_date) from stocks_research.trading_sessions where session_date < o.day) as session_date
      union all select (select min(session_date) from stocks_research.trading_sessions where session_date > o.day)) c),
  without as (
    select b.item_no, count(distinct b.day) as days_count from beside b join ends e using (item_no)
    where b.session_date between e.first and e.last
      and not exists (select from held h where h.item_no = b.item_no and h.trade_date = b.session_date)
    group by b.item_no)
  select w.item_no from without w join ends e using (item_no)
  where w.days_count > 1 and 2 * w.days_count >= (select count(*) from off o where o.item_no = w.item_no)
    -- A handful of bars over years misses every session anyway.
    and 4 * (select count(*) from held h where h.item_no = w.item_no)
      >= (select count(*) from stocks_research.trading_sessions c where c.session_date between e.first and e.last)`
