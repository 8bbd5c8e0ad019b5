-- claim: factors change at corporate actions only
-- severity: hard
-- job: adjustment-factors
-- why: Each row of factors but the last has the actions at its end, and the next row starts the day after.
select s.source_id as subject, f.first_date, f.last_date, f.price_factor
from (
  select a.*, lead(a.first_date) over w as next_first_date
  from stocks_research.adjustment_factors a
  window w as (partition by a.security_id order by a.first_date)) f
join stocks_research.securities s using (security_id)
where (f.next_first_date is null) <> (f.events = '[]')
  or f.next_first_date <> f.last_date + 1
