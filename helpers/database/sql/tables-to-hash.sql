-- The tables of a scope with their columns, and the columns of the unique key that orders their rows (null
-- without one). in_scope and not_of_extension are conditions on c.
with keys as (
  -- The key that orders the rows of a table: the primary key, or the shortest one that holds for nulls too.
  select distinct on (i.indrelid) i.indrelid, i.indkey, i.indnkeyatts
  from pg_index i
  where i.indisunique
    and i.indisvalid
    and i.indpred is null
    and i.indexprs is null
    and (
      i.indisprimary
      or coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false)
      or not exists (
        select
        from pg_attribute a
        where a.attrelid = i.indrelid
          and a.attnum = any (i.indkey::int2[])
          and not a.attnotnull
      )
    )
  order by i.indrelid, i.indisprimary desc, i.indnkeyatts, i.indexrelid
), ordered_types as (
  -- Types whose order depends on their values alone. All others are ordered by their text in the C collation.
  select t.oid
  from pg_type t
  where t.typname in (
    'int2', 'int4', 'int8', 'numeric', 'date', 'timestamp', 'timestamptz', 'time', 'uuid', 'bool', 'bytea'
  )
), c_collations as (
  -- Collations with the order of C. An explicit collate "C" on them would change the plan alone: no index of
  -- another collation, though equal, is read in its order, and half of the time would go into a sort.
  select l.oid
  from pg_collation l
  where l.oid in ('pg_catalog."C"'::regcollation, 'pg_catalog."POSIX"'::regcollation)
    or l.oid = 'pg_catalog."default"'::regcollation
      and (
        select d.datlocprovider = 'c' and d.datcollate in ('C', 'POSIX')
        from pg_database d
        where d.datname = current_database()
      )
)
select
  c.oid::int8 as oid,
  format('%I.%I', n.nspname, c.relname) as name,
  case c.relkind
    when 'r' then 'table'
    when 'p' then 'partitioned table'
    else 'materialized view'
  end as kind,
  (
    select jsonb_agg(
      jsonb_build_object(
        'name', quote_ident(a.attname),
        'is_ordered', a.atttypid in (select o.oid from ordered_types o)
          or t.typname in ('text', 'varchar') and a.attcollation in (select l.oid from c_collations l)
      )
      order by u.position
    )
    from unnest(k.indkey::int2[]) with ordinality u (attnum, position)
    join pg_attribute a on a.attrelid = c.oid and a.attnum = u.attnum
    join pg_type t on t.oid = a.atttypid
    where u.position <= k.indnkeyatts
  ) as key,
  (
    select jsonb_agg(quote_ident(a.attname) order by a.attnum)
    from pg_attribute a
    where a.attrelid = c.oid
      and a.attnum > 0
      and not a.attisdropped
  ) as columns
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
left join keys k on k.indrelid = c.oid
where c.relkind in ('r', 'p', 'm')
  and not c.relispartition
  and c.relpersistence <> 't'
  and (c.relkind <> 'm' or c.relispopulated)
  and :in_scope
  and :not_of_extension
