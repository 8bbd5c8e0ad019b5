-- Bars, the securities that have any, and bars outside of the window $1 to $2.
select
  count(*)::int as bars,
  count(distinct security_id)::int as securities,
  (count(*) filter (where trade_date not between $1 and $2))::int as bars_outside
from stocks_research.prices_daily
