-- Sessions of clients on database $1; statement is when the running one began, null while a session waits.
select
  pid,
  usename::text,
  coalesce(application_name, '') as application_name,
  coalesce(client_addr::text, 'this machine') as client,
  case when state = 'active' then query_start::text end as statement
from pg_stat_activity
where datname = $1
  and backend_type = 'client backend'
order by pid
