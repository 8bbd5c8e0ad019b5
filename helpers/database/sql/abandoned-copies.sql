-- Scratch copies of comparisons that were killed: their comment begins with $1 (its length plus one is $2),
-- is older than an hour, and nobody is connected.
select d.datname::text as name
from pg_database d
where d.datname ~ '^drift_[0-9a-f]{12}$'
  and starts_with(shobj_description(d.oid, 'pg_database'), $1)
  and substr(shobj_description(d.oid, 'pg_database'), $2)::timestamptz < now() - interval '1 hour'
  and not exists (select from pg_stat_activity a where a.datid = d.oid)
