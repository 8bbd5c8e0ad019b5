-- The connected database: its locale (locale_columns over d and j), its server and its oid. The identifier of
-- the server is null where this role may not read it.
select
  :locale_columns,
  split_part(current_setting('server_version'), ' ', 1) as server_version,
  case
    when has_function_privilege('pg_control_system()', 'execute')
      then (select system_identifier::text from pg_control_system())
  end as system_identifier,
  d.oid::text as database_oid
from pg_database d, to_jsonb(d) j
where d.datname = current_database()
