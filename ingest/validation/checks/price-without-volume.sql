-- claim: no close changes on a session without volume
-- severity: soft
-- job: prices-daily
-- why: Without a trade there is no new close: the price or the volume of the session is wrong.
select
  s.source_id as subject,
  min(p.trade_date) as first_date,
  max(p.trade_date) as last_date,
  count(*) as sessions_count
from stocks_research.prices_daily p
join stocks_research.securities s using (security_id)
cross join lateral (
  select b.close
  from stocks_research.prices_daily b
  where b.security_id = p.security_id and b.trade_date < p.trade_date
  order by b.trade_date desc
  limit 1) before
where p.volume = 0
  and p.close <> before.close
group by s.source_id
