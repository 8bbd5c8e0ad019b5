-- Our sessions on the database $1 that have waited for a lock for $2 seconds, and who holds it.
select
  w.pid as waiting_pid,
  case
    -- Names of another database are not known here.
    when l.relation is null or w.datname <> current_database() then 'a lock of the kind ' || l.locktype
    else l.relation::regclass::text
  end as object,
  extract(epoch from clock_timestamp() - l.waitstart)::integer as waited_s,
  b.pid as holder_pid,
  b.usename as holder_role,
  b.application_name as holder_application,
  coalesce(host(b.client_addr), 'this machine') as holder_client,
  extract(epoch from clock_timestamp() - b.xact_start)::integer as holder_s
from pg_stat_activity w
join pg_locks l on l.pid = w.pid and not l.granted
cross join lateral unnest(pg_blocking_pids(w.pid)) as blocking(pid)
join pg_stat_activity b on b.pid = blocking.pid
where w.datname = $1
  and w.application_name ~ '^(stocks-research|ingest) '
  and l.waitstart < clock_timestamp() - make_interval(secs => $2)
order by waited_s desc
