-- Accruals (Sloan 1996, by the cash flow statement as Hribar and Collins 2002): income that is not cash.
with known as (
  select f.as_of + 1 as day, f.cik,
    max(f.ttm_value) filter (where f.item = 'net_income') as net_income,
    max(f.ttm_value) filter (where f.item = 'operating_cash_flow') as cash_flow,
    max(f.value) filter (where f.item = 'assets') as assets
  from stocks_research.fundamentals_panel(
    stocks_research.month_ends(:'from', :'to', 1),
    array['net_income', 'operating_cash_flow', 'assets'], null, 'USD'
  ) f
  where f.period_end > f.as_of - 400
  group by f.as_of, f.cik
)
select p.day, p.security_id, (k.net_income - k.cash_flow) / k.assets as value
from stocks_research.prices_panel(stocks_research.month_ends(:'from', :'to')) p
join stocks_research.securities s on s.security_id = p.security_id
join known k
  on k.cik = s.cik
  and k.day = p.day;
