-- Gross profitability (Novy-Marx 2013): gross profit of four quarters by total assets.
with known as (
  select f.as_of + 1 as day, f.cik,
    max(f.ttm_value) filter (where f.item = 'gross_profit') as gross_profit,
    max(f.value) filter (where f.item = 'assets') as assets
  from stocks_research.fundamentals_panel(
    stocks_research.month_ends(:'from', :'to', 1), array['gross_profit', 'assets'], null, 'USD'
  ) f
  where f.period_end > f.as_of - 400
  group by f.as_of, f.cik
)
select p.day, p.security_id, k.gross_profit / k.assets as value
from stocks_research.prices_panel(stocks_research.month_ends(:'from', :'to')) p
join stocks_research.securities s on s.security_id = p.security_id
join known k
  on k.cik = s.cik
  and k.day = p.day;
