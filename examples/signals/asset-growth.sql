-- Asset growth (Cooper, Gulen and Schill 2008): total assets by those that were known a year before.
with known as materialized (
  select f.as_of + 1 as day, date_trunc('month', f.as_of + 1) as month, f.cik, f.value
  from stocks_research.fundamentals_panel(
    stocks_research.month_ends((:'from'::date - interval '13 months')::date, :'to', 1),
    array['assets'], null, 'USD'
  ) f
  where f.period_end > f.as_of - 400
)
select p.day, p.security_id, n.value / b.value - 1 as value
from stocks_research.prices_panel(stocks_research.month_ends(:'from', :'to')) p
join stocks_research.securities s on s.security_id = p.security_id
join known n
  on n.cik = s.cik
  and n.day = p.day
join known b
  on b.cik = s.cik
  and b.month = n.month - interval '1 year';
