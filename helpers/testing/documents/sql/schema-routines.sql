-- Every view, function and aggregate of both schemas that came with no extension, with its comment.
select
  'view' as kind,
  format('%s.%s', n.nspname, c.relname) as name,
  obj_description(c.oid, 'pg_class') as comment,
  pg_get_viewdef(c.oid, true) as definition,
  null as arguments
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('ingestion', 'stocks_research')
  and c.relkind = 'v'
union all
select
  case p.prokind when 'a' then 'aggregate' else 'function' end,
  format('%s.%s', n.nspname, p.proname),
  obj_description(p.oid, 'pg_proc'),
  case p.prokind
    when 'a' then format(
      'sfunc = %s, stype = %s, initcond = %L',
      a.aggtransfn,
      format_type(a.aggtranstype, null),
      a.agginitval
    )
    else pg_get_functiondef(p.oid)
  end,
  pg_get_function_arguments(p.oid)
from pg_proc p
join pg_namespace n on n.oid = p.pronamespace
left join pg_aggregate a on a.aggfnoid = p.oid
where n.nspname in ('ingestion', 'stocks_research')
  and not exists (
    select
    from pg_depend d
    where d.classid = 'pg_proc'::regclass
      and d.objid = p.oid
      and d.deptype = 'e'
  )
