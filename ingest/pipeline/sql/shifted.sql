-- The work items whose dates are shifted: most of their bars on days without a session have no bar on the
-- session beside it. Returns item_no.
--   $1, $2 the bars on days without a session: item_no, day
with off as (
  select item_no, day
  from unnest($1::integer[], $2::date[]) as o (item_no, day)
),
held as materialized (
  select distinct item_no, trade_date
  from pg_temp.staged
  where item_no = any ($1)
),
spans as (
  select item_no, min(day) as first_date, max(day) as last_date,
    count(*) filter (where is_off) as off_count, count(*) filter (where not is_off) as held_count
  from (
    select item_no, day, true as is_off from off
    union all
    select item_no, trade_date, false from held
  ) days
  group by item_no
),
beside as (
  select o.item_no, o.day, c.session_date
  from off o
  cross join lateral (
    select max(session_date) as session_date
    from stocks_research.trading_sessions
    where session_date < o.day
    union all
    select min(session_date)
    from stocks_research.trading_sessions
    where session_date > o.day
  ) c
),
without_bar as (
  select b.item_no, count(distinct b.day) as days_count
  from beside b
  join spans using (item_no)
  left join held h on h.item_no = b.item_no and h.trade_date = b.session_date
  where b.session_date between spans.first_date and spans.last_date and h.item_no is null
  group by b.item_no
)
select w.item_no
from without_bar w
join spans using (item_no)
where w.days_count > 1
  and 2 * w.days_count >= spans.off_count
  -- A handful of bars over years misses every session anyway.
  and 4 * spans.held_count >= (
    select count(*)
    from stocks_research.trading_sessions c
    where c.session_date between spans.first_date and spans.last_date
  )
