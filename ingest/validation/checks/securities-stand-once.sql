-- claim: no two securities share name, ticker, type and first day
-- severity: soft
-- job: securities
-- why: A source that changes its own ids delivers one security under two of them.
select min(source_id) as subject, array_agg(source_id order by source_id) as source_ids, name
from stocks_research.securities
where name is not null
group by name, ticker, security_type, list_date
having count(*) > 1
