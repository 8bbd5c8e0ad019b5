-- Every object of the schema by name, with its definition. in_scope says which namespaces n count.
with namespaces as (
  select n.oid, n.nspname
  from pg_namespace n
  where :in_scope
), of_extensions as (
  select d.classid, d.objid
  from pg_depend d
  where d.deptype = 'e'
), relations as (
  select c.*, format('%I.%I', n.nspname, c.relname) as name
  from pg_class c
  join namespaces n on n.oid = c.relnamespace
  where not exists (
    select from of_extensions e where e.classid = 'pg_class'::regclass and e.objid = c.oid
  )
), objects as (
  select 'schema ' || quote_ident(n.nspname) as name, '' as definition
  from namespaces n
  where n.nspname <> 'public'
  union all
  select 'relation ' || c.name,
    concat_ws(
      ' ', c.relkind, c.relpersistence, c.relrowsecurity, c.relforcerowsecurity, c.reloptions::text,
      pg_get_partkeydef(c.oid), pg_get_expr(c.relpartbound, c.oid),
      (
        select string_agg(i.inhparent::regclass::text, ',' order by i.inhseqno)
        from pg_inherits i
        where i.inhrelid = c.oid
      )
    )
  from relations c
  where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
  union all
  select 'column ' || c.name || '.' || quote_ident(a.attname),
    concat_ws(
      ' ', row_number() over (partition by a.attrelid order by a.attnum),
      format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated,
      (select quote_ident(l.collname) from pg_collation l where l.oid = a.attcollation),
      pg_get_expr(d.adbin, d.adrelid)
    )
  from relations c
  join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
  where c.relkind in ('r', 'p', 'v', 'm', 'f')
  union all
  select 'constraint ' || c.name || '.' || quote_ident(x.conname),
    concat_ws(' ', x.convalidated, pg_get_constraintdef(x.oid))
  from pg_constraint x
  join relations c on c.oid = x.conrelid
  union all
  select 'index ' || c.name, concat_ws(' ', i.indisvalid, i.indisclustered, pg_get_indexdef(c.oid))
  from relations c
  join pg_index i on i.indexrelid = c.oid
  union all
  select 'view ' || c.name, pg_get_viewdef(c.oid)
  from relations c
  where c.relkind in ('v', 'm')
  union all
  select 'sequence ' || c.name,
    concat_ws(
      ' ', s.seqtypid::regtype, s.seqstart, s.seqincrement, s.seqmax, s.seqmin, s.seqcache, s.seqcycle,
      (
        select d.refobjid::regclass || '.' || d.refobjsubid
        from pg_depend d
        where d.classid = 'pg_class'::regclass
          and d.objid = c.oid
          and d.refclassid = 'pg_class'::regclass
          and d.deptype in ('a', 'i')
      )
    )
  from relations c
  join pg_sequence s on s.seqrelid = c.oid
  union all
  select 'trigger ' || c.name || '.' || quote_ident(t.tgname),
    concat_ws(' ', t.tgenabled, pg_get_triggerdef(t.oid))
  from relations c
  join pg_trigger t on t.tgrelid = c.oid and not t.tgisinternal
  union all
  select 'rule ' || c.name || '.' || quote_ident(r.rulename), pg_get_ruledef(r.oid)
  from relations c
  join pg_rewrite r on r.ev_class = c.oid and r.rulename <> '_RETURN'
  union all
  select 'policy ' || c.name || '.' || quote_ident(p.polname),
    concat_ws(
      ' ', p.polcmd, p.polpermissive, pg_get_expr(p.polqual, c.oid), pg_get_expr(p.polwithcheck, c.oid)
    )
  from relations c
  join pg_policy p on p.polrelid = c.oid
  union all
  select 'comment ' || c.name || '.' || d.objsubid, d.description
  from relations c
  join pg_description d on d.classoid = 'pg_class'::regclass and d.objoid = c.oid
  where c.relkind in ('r', 'v', 'm', 'p')
    and d.objsubid = 0
  union all
  select 'comment ' || c.name || '.' || quote_ident(a.attname), d.description
  from relations c
  join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  join pg_description d
    on d.classoid = 'pg_class'::regclass and d.objoid = c.oid and d.objsubid = a.attnum
  union all
  select 'function ' || p.oid::regprocedure,
    case when p.prokind in ('f', 'p') then pg_get_functiondef(p.oid) else p.prokind::text end
  from pg_proc p
  join namespaces n on n.oid = p.pronamespace
  where not exists (
    select from of_extensions e where e.classid = 'pg_proc'::regclass and e.objid = p.oid
  )
  union all
  select 'type ' || format_type(t.oid, null),
    concat_ws(
      ' ', t.typtype, t.typnotnull, t.typdefault, nullif(format_type(t.typbasetype, t.typtypmod), '-'),
      (
        select string_agg(quote_literal(e.enumlabel), ',' order by e.enumsortorder)
        from pg_enum e
        where e.enumtypid = t.oid
      ),
      (
        select string_agg(pg_get_constraintdef(x.oid), ',' order by x.conname)
        from pg_constraint x
        where x.contypid = t.oid
      )
    )
  from pg_type t
  join namespaces n on n.oid = t.typnamespace
  where t.typtype in ('e', 'd', 'r')
    and not exists (
      select from of_extensions e where e.classid = 'pg_type'::regclass and e.objid = t.oid
    )
  union all
  select 'extension ' || quote_ident(e.extname), n.nspname
  from pg_extension e
  join pg_namespace n on n.oid = e.extnamespace
  where e.extname <> 'plpgsql'
    and :with_extensions
)
select o.name, o.definition
from objects o
order by o.name collate "C"
