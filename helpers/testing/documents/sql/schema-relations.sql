-- Every table of both schemas, with its comment, columns, constraints, indexes and triggers, in
-- PostgreSQL's words.
select
  format('%s.%s', n.nspname, c.relname) as name,
  obj_description(c.oid, 'pg_class') as comment,
  (
    select json_agg(
      json_build_object(
        'comment', col_description(c.oid, a.attnum),
        'definition', concat_ws(
          ' ',
          quote_ident(a.attname),
          format_type(a.atttypid, a.atttypmod),
          case a.attidentity when 'a' then 'generated always as identity' end,
          case when a.attnotnull then 'not null' end,
          'default ' || pg_get_expr(d.adbin, d.adrelid)
        )
      )
      order by a.attnum
    )
    from pg_attribute a
    left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  ) as columns,
  (
    select coalesce(json_agg(
      format('constraint %I %s', x.conname, pg_get_constraintdef(x.oid))
      order by array_position(array['p', 'u', 'f', 'c', 'x'], x.contype::text), x.conname collate "C"
    ), '[]')
    from pg_constraint x
    where x.conrelid = c.oid and x.contype in ('p', 'u', 'f', 'c', 'x')
  ) as constraints,
  (
    select coalesce(json_agg(
      pg_get_indexdef(i.indexrelid)
      order by i.indexrelid::regclass::text collate "C"
    ), '[]')
    from pg_index i
    where i.indrelid = c.oid
      and not exists (select from pg_constraint x where x.conindid = i.indexrelid and x.conrelid = c.oid)
  ) as indexes,
  (
    select coalesce(json_agg(pg_get_triggerdef(t.oid) order by t.tgname collate "C"), '[]')
    from pg_trigger t
    where t.tgrelid = c.oid and not t.tgisinternal
  ) as triggers
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('ingestion', 'stocks_research')
  and c.relkind = 'r'
