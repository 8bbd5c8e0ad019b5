-- The session that holds the ingestion lock of this database, as text: holder.
select format(
  '%s, server process %s, since %s UTC',
  coalesce(nullif(a.application_name, ''), 'a session without a name'),
  l.pid,
  to_char(a.backend_start, 'YYYY-MM-DD HH24:MI:SS')
) as holder
from pg_locks l
join pg_stat_activity a on a.pid = l.pid
where :is_ingestion_lock
