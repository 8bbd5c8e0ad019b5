-- Momentum (Jegadeesh and Titman 1993): the return from 12 months to 1 month before.
with month_closes as materialized (
  select p.day, date_trunc('month', p.day) as month, p.security_id, p.total_return_close
  from stocks_research.prices_panel(
    stocks_research.month_ends((:'from'::date - interval '13 months')::date, :'to')
  ) p
)
select n.day, n.security_id, a.total_return_close / b.total_return_close - 1 as value
from month_closes n
join month_closes a
  on a.security_id = n.security_id
  and a.month = n.month - interval '1 month'
join month_closes b
  on b.security_id = n.security_id
  and b.month = n.month - interval '12 months'
where n.day >= :'from';
