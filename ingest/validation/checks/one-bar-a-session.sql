-- claim: no security has two bars on one day
-- severity: hard
-- job: prices-daily
-- why: The primary key promises it. The rows are counted all the same, so that a missing key is found.
select p.security_id::text as subject, p.trade_date, count(*) as rows_count
from (
  -- In order, which an index gives at a lower cost than a hash table of all days.
  select b.security_id, b.trade_date
  from stocks_research.prices_daily b
  order by b.security_id, b.trade_date
  offset 0) p
group by p.security_id, p.trade_date
having count(*) > 1
