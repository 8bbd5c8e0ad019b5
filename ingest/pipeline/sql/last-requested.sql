-- Which run last requested each filer of a job from its provider, by the newest earlier run of the job. No
-- row if that run did not end complete or was of another version, or if a table of the job was edited by
-- hand since.
--   $1 this run   $2 job   $3 provider   $4 version of the product   $5 tables of the job
with previous as (
  select run_id, state, product_version, started_at
  from ingestion.runs
  where run_id <> $1::uuid
    and $2 = any (jobs)
  order by started_at desc
  limit 1
)
select
  e.item,
  r.run_id::text as run_id,
  to_char(r.started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as started_at,
  least(e.end_date, (r.started_at at time zone 'America/New_York')::date)::text as since_date
from previous p
join ingestion.items i using (run_id)
join ingestion.runs r on r.run_id = coalesce(i.unchanged_since_run_id, i.run_id)
join ingestion.items e
  on e.run_id = r.run_id
  and e.job = i.job
  and e.provider = i.provider
  and e.item = i.item
where p.state in ('complete', 'complete_with_gaps')
  and p.product_version = $4
  and i.job = $2
  and i.provider = $3
  and i.status in ('ok', 'empty', 'not_found')
  and not exists (
    select
    from ingestion.table_changes c
    where c.run_id is null
      and c.table_name = any ($5::text[])
      and c.changed_at >= p.started_at)
