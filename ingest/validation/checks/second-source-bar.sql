-- claim: no bar between our first and last one is in the second source only
-- severity: soft
-- job: prices-daily
-- needs: second source
-- why: A session that another vendor has and ours does not is a hole in our source.
select
  s.source_id as subject,
  min(q.trade_date) as first_date,
  max(q.trade_date) as last_date,
  count(*) as sessions_count
from ingestion.second_prices q
join stocks_research.securities s using (security_id)
join lateral (
  select min(p.trade_date) as first_date, max(p.trade_date) as last_date
  from stocks_research.prices_daily p
  where p.security_id = q.security_id) n
  on q.trade_date between n.first_date and n.last_date
where not exists (
  select
  from stocks_research.prices_daily p
  where p.security_id = q.security_id and p.trade_date = q.trade_date)
group by s.source_id
