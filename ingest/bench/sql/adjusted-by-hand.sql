-- What prices_daily_adjusted_v computes, joined by hand to the interval of factors: the number of its rows,
-- and a sum that needs each of them.
select count(*), sum(j.adj_close), sum(j.total_return_close)
from (
  select p.security_id, p.trade_date,
    round(p.open * f.price_factor, 12) as adj_open,
    round(p.high * f.price_factor, 12) as adj_high,
    round(p.low * f.price_factor, 12) as adj_low,
    round(p.close * f.price_factor, 12) as adj_close,
    round(round(p.volume * f.split_denominator, 20) / f.split_numerator, 6) as adj_volume,
    round(p.close * f.total_return_factor, 12) as total_return_close,
    t.ticker
  from stocks_research.prices_daily p
  left join stocks_research.adjustment_factors f
    on f.security_id = p.security_id
    and p.trade_date between f.first_date and f.last_date
  left join stocks_research.ticker_history t
    on t.security_id = p.security_id
    and p.trade_date between t.valid_from and coalesce(t.valid_to, 'infinity')
  offset 0
) j
