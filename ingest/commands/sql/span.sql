-- The days of a daily run at the moment $1: the last session that has ended, the newest bar, and the session
-- that is $2 sessions before it.
with newest as (
  select max(trade_date) as trade_date
  from stocks_research.prices_daily
),
overlap as (
  select session_date
  from stocks_research.trading_sessions, newest
  where session_date <= newest.trade_date
  order by session_date desc
  limit $2
)
select
  (
    select max(session_date)
    from stocks_research.trading_sessions
    where close_at <= $1::timestamptz
  ) as last_session_date,
  newest.trade_date as newest_date,
  (select min(session_date) from overlap) as overlap_start_date
from newest
