-- Statements that changed table $1 after change $2, counted by run and by whether a trigger saw them.
select
  r.run_id::text as run_id,
  case when c.operation = 'UNSEEN' then c.operation else '' end as operation,
  count(*)::int as statements
from ingestion.table_changes c
left join ingestion.runs r using (run_id)
where c.table_name = $1
  and c.change_id > $2
group by 1, 2
order by 1 nulls first, 2
