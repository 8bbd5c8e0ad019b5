-- The backend of this database that holds the advisory lock $1; no row when none does.
select
  a.pid,
  a.application_name
from pg_locks l
join pg_stat_activity a using (pid)
where l.locktype = 'advisory'
  and l.granted
  and l.database = (select oid from pg_database where datname = current_database())
  and (l.classid::bigint << 32) + l.objid::bigint = $1
  and l.objsubid = 1
