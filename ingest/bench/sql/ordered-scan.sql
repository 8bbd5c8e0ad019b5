-- One scan of prices in the order of their key, which reads every column of every row.
select count(*), sum(p.close)
from (
  select *
  from stocks_research.prices_daily
  order by security_id, trade_date
  offset 0
) p
