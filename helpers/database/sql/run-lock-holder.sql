-- The session of this database that holds the advisory lock $1; no row when none does.
select
  l.pid,
  a.application_name,
  a.backend_start::text as started_at,
  to_char(a.backend_start at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as since
from pg_locks l
join pg_stat_activity a using (pid)
where l.locktype = 'advisory'
  and l.granted
  and l.objsubid = 1
  and l.database = (select oid from pg_database where datname = current_database())
  and (l.classid::bigint << 32) + l.objid::bigint = $1::bigint
