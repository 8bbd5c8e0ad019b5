-- What the role of this session may do: one row. $1 is the name of the target database, which need not exist.
select
  current_user::text as role,
  r.rolsuper as is_superuser,
  r.rolsuper or r.rolcreatedb as may_create_databases,
  r.rolsuper or r.rolcreaterole as may_create_roles,
  has_parameter_privilege('session_replication_role', 'set') as may_bypass_triggers,
  has_function_privilege('pg_control_system()', 'execute') as may_read_system_identifier,
  d.owner as target_owner,
  coalesce(d.is_owned, true) as may_drop_target,
  coalesce(d.may_connect, true) as may_connect_to_target
from pg_roles as r
left join (
  select
    datname,
    pg_get_userbyid(datdba)::text as owner,
    pg_has_role(datdba, 'usage') as is_owned,
    has_database_privilege(oid, 'connect') as may_connect
  from pg_database
) as d on d.datname = $1
where r.rolname = current_user
