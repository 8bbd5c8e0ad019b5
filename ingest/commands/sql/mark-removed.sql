-- Marks a security as removed from the universe, by its source_id $1, with a reason $2. Returns its bars.
with marked as (
  insert into ingestion.removed_securities (security_id, reason)
  select security_id, $2
  from stocks_research.securities
  where source_id = $1
  on conflict (security_id) do update
    set reason = excluded.reason
  returning security_id
)
select (
  select count(*)
  from stocks_research.prices_daily p
  where p.security_id = m.security_id
) as bars
from marked m
