-- All of prices_daily_adjusted_v: the number of its rows, and a sum that needs each of them.
select count(*), sum(v.adj_close), sum(v.total_return_close)
from (
  select security_id, trade_date, ticker,
    adj_open, adj_high, adj_low, adj_close, adj_volume, total_return_close
  from stocks_research.prices_daily_adjusted_v
  offset 0
) v
