-- claim: no price of a bar is above its high or below its low
-- severity: hard
-- job: prices-daily
-- why: Columns that were swapped, or a high or low of another day, break this first.
select s.source_id as subject, p.trade_date, p.open, p.high, p.low, p.close
from stocks_research.prices_daily p
join stocks_research.securities s using (security_id)
where p.high < greatest(p.open, p.close, p.low)
  or p.low > least(p.open, p.close, p.high)
