-- The bars of the adjusted view for some securities, each column of a security in one text.
-- Sorted before they are gathered: an order inside each aggregate would sort them once for each.
-- $1 the securities.
select r.security_id::text, :columns
from (
  select
    v.security_id,
    v.trade_date,
    v.close,
    v.volume,
    v.adj_close,
    v.total_return_close,
    v.adj_volume
  from stocks_research.prices_daily_adjusted_v v
  where v.security_id = any ($1::bigint[])
  order by v.security_id, v.trade_date) r
group by r.security_id
