-- Each security with its row of the view of listings, and what that row is computed from: the day and close
-- of its last bar, found by grouping all bars. A security without a row in the view, and a row without a
-- security, are in the result too; a security with two rows is there twice.
with spans as (
  select p.security_id, min(p.trade_date) as first_trade_date, max(p.trade_date) as last_trade_date
  from stocks_research.prices_daily p
  group by p.security_id
)
select
  coalesce(s.security_id, v.security_id)::text as security_id,
  coalesce(s.source_id, v.source_id) as source_id,
  s.security_id is not null as has_security,
  v.security_id is not null as has_row,
  (s.source_id, s.ticker, s.list_date, s.delist_date, n.first_trade_date, n.last_trade_date)
    is not distinct from
    (v.source_id, v.ticker, v.list_date, v.delist_date, v.first_trade_date, v.last_trade_date) as is_copied,
  s.currency,
  s.delist_date,
  p.close as last_close,
  v.delisting_kind,
  v.delisting_event_date,
  v.delisting_return,
  v.delisting_return_reason
from stocks_research.securities s
full join stocks_research.securities_listing_v v on v.security_id = s.security_id
left join spans n on n.security_id = s.security_id
left join stocks_research.prices_daily p on p.security_id = n.security_id and p.trade_date = n.last_trade_date
order by 1
