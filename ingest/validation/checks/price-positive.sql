-- claim: every price is a number above zero and every volume a number of zero or more
-- severity: hard
-- job: prices-daily
-- why: PostgreSQL's numeric type also holds NaN and infinity, and both pass most comparisons.
select s.source_id as subject, p.trade_date, p.open, p.high, p.low, p.close, p.volume
from stocks_research.prices_daily p
join stocks_research.securities s using (security_id)
where not (least(p.open, p.high, p.low, p.close) > 0
  and greatest(p.open, p.high, p.low, p.close) < 'Infinity'
  and coalesce(p.volume, 0) >= 0
  and coalesce(p.volume, 0) < 'Infinity')
