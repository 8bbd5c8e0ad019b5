-- Daily total returns, the delisting return in the last one where it is known. Compare returns_daily_v.
with bars as (
  select
    security_id,
    trade_date,
    total_return_close::double as value,
    lag(total_return_close::double) over (partition by security_id order by trade_date) as value_before
  from prices
)
select
  b.security_id,
  b.trade_date,
  b.value / b.value_before * (1 + coalesce(d.delisting_return::double, 0)) - 1 as "return"
from bars b
left join delistings d
  on d.security_id = b.security_id
  and d.last_trade_date = b.trade_date
where b.value_before is not null
order by b.security_id, b.trade_date
