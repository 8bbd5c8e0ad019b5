-- The adjusted closes of each year, with 12 decimals, as one hash: year, hash.
select
  extract(year from trade_date)::integer as year,
  md5(
    string_agg(
      concat_ws(' ', security_id, trade_date, round(adj_close, 12), round(total_return_close, 12)),
      ','
      order by security_id, trade_date
    )
  ) as hash
from stocks_research.prices_daily_adjusted_v
group by 1
order by 1
