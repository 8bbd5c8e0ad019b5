-- Short-term reversal (Jegadeesh 1990): the return of the month. Low ones are expected to recover.
with month_closes as materialized (
  select p.day, date_trunc('month', p.day) as month, p.security_id, p.total_return_close
  from stocks_research.prices_panel(
    stocks_research.month_ends((:'from'::date - interval '2 months')::date, :'to')
  ) p
)
select n.day, n.security_id, n.total_return_close / a.total_return_close - 1 as value
from month_closes n
join month_closes a
  on a.security_id = n.security_id
  and a.month = n.month - interval '1 month'
where n.day >= :'from';
