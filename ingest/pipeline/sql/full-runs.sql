-- The runs of all jobs ($1) that ended complete, oldest first, without those that a later one repeats: the
-- same universe and source, of files the same files, over at least the same days.
with full_runs as (
  select
    r.*,
    (
      select md5(string_agg(distinct f.sha256, ',' order by f.sha256))
      from ingestion.items i
      cross join unnest(i.archive_sha256) f (sha256)
      where i.run_id = r.run_id
        and starts_with(r.source, 'flat-files:')
    ) as files
  from ingestion.runs r
  where r.jobs @> $1
    and r.state in ('complete', 'complete_with_gaps')
)
select r.run_id, r.command, r.source, r.jobs, r.state, r.state_reason,
  r.universe_file, r.universe_sha256, r.start_date, r.end_date,
  to_char(r.started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as started_at
from full_runs r
where not exists (
  select
  from full_runs l
  where l.started_at > r.started_at
    and l.universe_sha256 = r.universe_sha256
    and l.source = r.source
    and l.files is not distinct from r.files
    and l.start_date <= r.start_date
    and l.end_date >= r.end_date
)
order by r.started_at
