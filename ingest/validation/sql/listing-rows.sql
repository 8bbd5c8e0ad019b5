-- Each security with its rows of the two views of listings, and what they are computed from: the day and
-- close of its first and last bar, found by grouping all bars. A security without a row in a view, and a row
-- without a security, are in the result too; a security with two rows is there twice.
with spans as (
  select p.security_id, min(p.trade_date) as first_trade_date, max(p.trade_date) as last_trade_date
  from stocks_research.prices_daily p
  group by p.security_id
), tickers as (
  -- The last day of the last ticker; null while it is held.
  select t.security_id,
    case when bool_and(t.valid_to is not null) then max(t.valid_to) end as last_ticker_date
  from stocks_research.ticker_history t
  group by t.security_id
), sessions as (
  -- Each session with the number of sessions with bars up to the newest one that follow it.
  select c.session_date, row_number() over (order by c.session_date desc) - 1 as sessions_after
  from stocks_research.trading_sessions c
  where c.session_date <= (select max(n.last_trade_date) from spans n)
)
select
  coalesce(s.security_id, v.security_id, d.security_id)::text as security_id,
  coalesce(s.source_id, v.source_id, d.source_id) as source_id,
  s.security_id is not null as has_security,
  v.security_id is not null as has_row,
  d.security_id is not null as has_delisting,
  (s.source_id, s.ticker, s.security_type, s.list_date, s.delist_date, n.first_trade_date, n.last_trade_date)
    is not distinct from
    (v.source_id, v.ticker, v.security_type, v.list_date, v.delist_date, v.first_trade_date,
      v.last_trade_date)
  and (v.delisting_code, v.delisting_return) is not distinct from (d.delisting_code, d.delisting_return)
  and (
    d.security_id is null
    or (s.source_id, s.ticker, s.currency, n.last_trade_date, p.close)
      is not distinct from (d.source_id, d.ticker, d.currency, d.last_trade_date, d.last_close)
  ) as is_copied,
  s.security_type,
  s.currency,
  s.list_date,
  s.delist_date,
  s.is_listed,
  t.last_ticker_date,
  n.first_trade_date,
  n.last_trade_date,
  n.first_trade_date = (select min(a.first_trade_date) from spans a) as is_first_of_all,
  coalesce(r.sessions_after <= 10, false) as is_recent,
  p.close as last_close,
  v.listed_from,
  v.listed_from_evidence,
  v.listed_to,
  v.listed_to_evidence,
  v.delisting_return_reason as listing_reason,
  d.end_date,
  d.has_stated_end,
  d.delisting_code,
  d.event_date,
  d.cash_per_share,
  d.shares_per_share,
  d.acquirer_security_id::text,
  d.value_per_share,
  d.value_date,
  d.delisting_return,
  d.delisting_return_reason
from stocks_research.securities s
full join stocks_research.securities_listing_v v on v.security_id = s.security_id
full join stocks_research.delistings_v d on d.security_id = s.security_id
left join spans n on n.security_id = s.security_id
left join tickers t on t.security_id = s.security_id
left join sessions r on r.session_date = n.last_trade_date
left join stocks_research.prices_daily p on p.security_id = n.security_id and p.trade_date = n.last_trade_date
order by 1
