-- claim: no two securities have equal closes and volumes session after session
-- severity: soft
-- job: prices-daily
-- why: A file that was delivered under two names. Every fifth session is enough to see it, from five on.
with bars as (
  select p.security_id, p.trade_date, p.close, p.volume
  from stocks_research.prices_daily p
  where p.volume > 0
    and extract(isodow from p.trade_date) = 3
)
select
  s.source_id as subject,
  o.source_id as other,
  min(a.trade_date) as first_date,
  max(a.trade_date) as last_date,
  count(*) as equal_count
from bars a
join bars b on b.trade_date = a.trade_date
  and b.close = a.close
  and b.volume = a.volume
  and b.security_id > a.security_id
join stocks_research.securities s on s.security_id = a.security_id
join stocks_research.securities o on o.security_id = b.security_id
group by s.source_id, o.source_id
having count(*) >= 5
