-- claim: the newest exchange rate of each source is at most seven days older than the newest bar
-- severity: soft
-- job: corporate-actions
-- why: A payment in another currency needs a rate of the seven days up to its ex-date. Without newer rates
--      the next one makes all earlier adjusted prices null.
select r.source as subject, max(r.rate_date) as newest_rate_date, b.newest_bar_date
from stocks_research.fx_rates r
cross join (
  select max(p.trade_date) as newest_bar_date
  from stocks_research.prices_daily p) b
group by r.source, b.newest_bar_date
having max(r.rate_date) < b.newest_bar_date - 7
