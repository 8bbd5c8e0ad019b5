-- What the data set is, in one row: its size, and the span of its bars.
-- $1 and $2: first and last day of the window.
with bars as (
  select count(*) as bars, min(trade_date) as first_bar_on, max(trade_date) as newest_bar_on,
    count(distinct security_id) as securities_with_bars
  from stocks_research.prices_daily
)
select
  (select count(*)::int from stocks_research.securities) as securities,
  b.securities_with_bars::int,
  b.bars::int,
  b.first_bar_on,
  b.newest_bar_on,
  (select count(*)::int
    from stocks_research.trading_sessions
    where session_date between $1 and $2) as sessions,
  (select count(*)::int from stocks_research.corporate_actions) as corporate_actions,
  (select count(*)::int from stocks_research.fundamentals_raw) as facts,
  (select count(distinct cik)::int from stocks_research.fundamentals_raw) as filers,
  (select count(*)::int from stocks_research.fundamentals_derived) as quarters,
  pg_database_size(current_database())::float8 as database_bytes
from bars b
