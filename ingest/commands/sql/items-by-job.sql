-- The work items of the run $1, a line for each job: how many ended in which status, and how many of them
-- were skipped because their files are unchanged since an earlier run.
with counts as (
  select job, status, count(*) as number, min(item_id) as first_id
  from ingestion.items
  where run_id = $1
  group by job, status
), unchanged as (
  select job, count(*) as number, substring(reason from 'Unchanged since run ([0-9a-f-]{36})') as since
  from ingestion.items
  where run_id = $1
    and reason like '%Unchanged since run %'
  group by job, since
)
select
  format('  %s  %s', rpad(c.job, 20), string_agg(format('%s %s', c.number, c.status), ', ' order by c.status))
    || coalesce((
      select string_agg(format('; %s unchanged since run %s', u.number, u.since), '' order by u.since)
      from unchanged u
      where u.job = c.job), '') as line
from counts c
group by c.job
order by min(c.first_id)
