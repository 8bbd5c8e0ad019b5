-- Inserts rows of a shared table, and updates those whose values differ. Returns how many of each: inserted,
-- updated.   $1 rows, as JSON
with merged as (
  insert into :table as t (:columns)
  select :columns
  from jsonb_populate_recordset(cast(null as :table), $1::jsonb)
  on conflict (:key) do update
  set (:values) = row (:excluded)
  where :values_differ
  returning xmax = 0 as is_new
)
select
  count(*) filter (where m.is_new)::integer as inserted,
  count(*) filter (where not m.is_new)::integer as updated
from merged m
