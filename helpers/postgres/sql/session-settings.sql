-- What a new session has of the settings $1, and which backend serves it: one row.
-- A setting that this version of PostgreSQL does not know is null.
select
  pg_backend_pid() as backend_pid,
  current_setting('port') as server_port,
  inet_server_addr()::text as server_address,
  pg_is_in_recovery() as is_standby,
  (
    select jsonb_object_agg(name, current_setting(name, true))
    from unnest($1::text[]) as name
  ) as settings
