-- claim: adjusted open, high, low and close of a bar have one ratio to the raw prices
-- severity: hard
-- job: adjustment-factors
-- why: A view that adjusts one column in another way would change the shape of a bar. Compared to the
--      rounding of the view, twelve decimals.
select
  v.ticker as subject,
  v.trade_date,
  v.open,
  v.high,
  v.low,
  v.close,
  v.adj_open,
  v.adj_high,
  v.adj_low,
  v.adj_close
from stocks_research.prices_daily_adjusted_v v
-- Most bars are as they were reported, with a ratio of 1: a comparison costs less than the products.
where (v.adj_close <> v.close or v.adj_open <> v.open or v.adj_high <> v.high or v.adj_low <> v.low)
  and (abs(v.adj_open * v.close - v.adj_close * v.open) > 0.000000000001 * (v.open + v.close)
    or abs(v.adj_high * v.close - v.adj_close * v.high) > 0.000000000001 * (v.high + v.close)
    or abs(v.adj_low * v.close - v.adj_close * v.low) > 0.000000000001 * (v.low + v.close))
