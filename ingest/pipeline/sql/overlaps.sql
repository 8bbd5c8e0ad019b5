-- One row for each work item that is staged with an interval which overlaps another one, staged or stored:
-- item_no, reason. No two securities hold one ticker on a day, and no security holds two tickers.
--   $1 item_no of items that have failed already   $2 names of the items, by item_no
with staged as (
  select distinct item_no, security_id, ticker, valid_from, valid_to,
    daterange(valid_from, valid_to, '[]') as days
  from pg_temp.staged
  where item_no <> all ($1::integer[])
),
stated as (
  select security_id, range_agg(days) as days
  from staged
  group by security_id
),
others as (
  select security_id, ticker, valid_from, valid_to, days, item_no
  from staged
  union all
  -- Stored intervals, but for those that are stated again and those that a staged one replaces.
  select live.security_id, live.ticker, live.valid_from, live.valid_to, held.days, null
  from stocks_research.ticker_history live
  cross join lateral (select daterange(live.valid_from, live.valid_to, '[]') as days) held
  left join staged same on same.security_id = live.security_id and same.valid_from = live.valid_from
  left join stated on stated.security_id = live.security_id
  where same.item_no is null and (stated.days && held.days) is not true
),
conflicts as (
  select s.item_no, s.ticker, s.valid_from, s.valid_to, o.security_id, o.ticker as other_ticker,
    o.valid_from as other_from, o.valid_to as other_to, o.item_no as other_no
  from staged s
  join others o on o.security_id = s.security_id and o.ticker <> s.ticker
  where o.days && s.days and o.valid_from <> s.valid_from
  union all
  select s.item_no, s.ticker, s.valid_from, s.valid_to, o.security_id, o.ticker,
    o.valid_from, o.valid_to, o.item_no
  from staged s
  join others o on o.ticker = s.ticker and o.security_id <> s.security_id
  where o.days && s.days
)
select distinct on (o.item_no) o.item_no,
  format(
    '"%s" from %s to %s overlaps "%s" of "%s", from %s to %s%s. '
      || 'Neither is taken; correct the one that is wrong.',
    o.ticker, o.valid_from, coalesce(o.valid_to::text, 'today'),
    o.other_ticker, coalesce(($2::text[])[o.other_no + 1], m.source_id),
    o.other_from, coalesce(o.other_to::text, 'today'),
    case when o.other_no is null then ', which is stored' end
  ) as reason
from conflicts o
left join stocks_research.securities m on m.security_id = o.security_id
order by o.item_no, o.valid_from, o.other_from, o.security_id
