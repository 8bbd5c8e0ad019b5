-- Changes of core tables outside any recorded run or upgrade, by table and operation, with the key ranges of
-- unseen ones.
select
  c.table_name as "table",
  c.operation,
  count(distinct c.change_id)::int as statements_count,
  to_char(max(c.changed_at) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as last_changed_at,
  coalesce(jsonb_agg(r.bounds) filter (where r.bounds is not null), '[]') as key_ranges
from ingestion.table_changes c
left join lateral jsonb_array_elements(c.detail -> 'key_ranges') as r (bounds) on true
where not exists (select from ingestion.runs u where u.run_id = c.run_id)
  and not exists (select from ingestion.migrations m where m.run_id = c.run_id::text)
group by 1, 2
order by 1, 2
