-- claim: every bar is inside a ticker interval of its security
-- severity: hard
-- job: prices-daily
-- why: A bar on a day on which the security had no ticker was assigned to the wrong security.
with held as materialized (
  -- All days of a security at once: a look-up for each bar costs twenty times as much.
  select h.security_id, range_agg(daterange(h.valid_from, h.valid_to, '[]')) as days
  from stocks_research.ticker_history h
  group by h.security_id)
select s.source_id as subject, p.trade_date, p.close
from stocks_research.prices_daily p
join stocks_research.securities s using (security_id)
left join held using (security_id)
where (held.days @> p.trade_date) is not true
