-- claim: every ticker interval lies inside the listing of its security
-- severity: soft
-- job: ticker-history
-- why: Sources differ on the first and last day of a listing. An interval that begins before the listing or
--      ends after it shows that one of the two is wrong.
select s.source_id as subject, h.ticker, h.valid_from, h.valid_to, s.list_date, s.delist_date
from stocks_research.ticker_history h
join stocks_research.securities s using (security_id)
where h.valid_from < s.list_date
  or coalesce(h.valid_to, 'infinity'::date) > s.delist_date
