-- Tables of schema $1 with their key columns, and their references: foreign keys, and facts by the
-- filer's cik.
with tables as (
  select c.oid, n.nspname::text as schema, c.relname::text as name
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  where n.nspname in ('ingestion', 'stocks_research')
    and c.relkind = 'r'
), keys as (
  -- A key column of a table: of its primary key (or of its only unique key), of a foreign key, or cik.
  select t.oid, a.attnum, a.attname::text as column_name, format_type(a.atttypid, null) as type,
    bool_or(i.indisprimary or i.indisunique) as is_primary,
    exists (
      select
      from pg_constraint f
      where f.conrelid = t.oid and f.contype = 'f' and a.attnum = any (f.conkey)
    ) as is_foreign
  from tables t
  join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
  left join pg_index i on i.indrelid = t.oid and a.attnum = any (i.indkey) and (
    i.indisprimary
    or i.indisunique and not exists (select from pg_index p where p.indrelid = t.oid and p.indisprimary)
  )
  group by t.oid, a.attnum, a.attname, a.atttypid
), foreign_keys as (
  select t.schema, t.name, r.name as target, f.conkey[1] as column_no, t.oid, 'foreign key' as kind
  from pg_constraint f
  join tables t on t.oid = f.conrelid
  join tables r on r.oid = f.confrelid
  where f.contype = 'f'
  union all
  select t.schema, t.name, 'securities', a.attnum, t.oid, 'filer'
  from tables t
  join pg_attribute a on a.attrelid = t.oid and a.attname = 'cik'
  where t.schema = 'stocks_research' and t.name <> 'securities'
)
select
  t.name,
  (
    select coalesce(json_agg(k order by k.attnum), '[]')
    from keys k
    where k.oid = t.oid
      and (k.is_primary or k.is_foreign or k.column_name = 'cik' and t.schema = 'stocks_research')
  ) as keys,
  (
    select coalesce(
      json_agg(
        json_build_object('target', f.target, 'column', a.attname, 'kind', f.kind)
        order by f.target collate "C", a.attname
      ),
      '[]'
    )
    from foreign_keys f
    join pg_attribute a on a.attrelid = f.oid and a.attnum = f.column_no
    where f.oid = t.oid
  ) as refers
from tables t
where t.schema = $1
order by t.name collate "C"
