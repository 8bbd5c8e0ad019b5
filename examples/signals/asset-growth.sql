-- Asset growth (Cooper, Gulen and Schill 2008): total assets by those that were known a year before.
with known as (
  select f.as_of + 1 as day, f.cik, case when f.period_end > f.as_of - 400 then f.value end as assets
  from stocks_research.fundamentals_panel(
    stocks_research.month_ends((:'from'::date - interval '13 months')::date, :'to', 1),
    array['assets'], null, 'USD'
  ) f
), changes as (
  -- From its first filing on a filer has a row for each month end.
  select k.day, k.cik,
    k.assets / lag(k.assets, 12) over (partition by k.cik order by k.day) - 1 as value
  from known k
)
select p.day, p.security_id, c.value
from stocks_research.prices_panel(stocks_research.month_ends(:'from', :'to')) p
join stocks_research.securities s on s.security_id = p.security_id
join changes c
  on c.cik = s.cik
  and c.day = p.day;
