-- claim: every bar is between the first and the last day of its listing
-- severity: hard
-- job: prices-daily
-- why: A bar outside the listing usually belongs to another company that had the ticker before or after.
select s.source_id as subject, p.trade_date, s.list_date, s.delist_date
from stocks_research.prices_daily p
join stocks_research.securities s using (security_id)
where p.trade_date < s.list_date
  or p.trade_date > s.delist_date
