-- 066 · Statistics of a table, by who may not own it.
--
-- PostgreSQL lets the owner of a table alone analyze it, and passes over it for anybody else with a warning.
-- A role that only brings rows in would leave the plans of the jobs that follow to chance.

create function ingestion.analyze_table(filled regclass) returns void
language plpgsql security definer set search_path = pg_catalog as $$
begin
  if (select relnamespace from pg_class where oid = filled) is distinct from 'stocks_research'::regnamespace then
    raise exception '% is not a table of stocks_research', filled;
  end if;
  execute format('analyze %s', filled);
end
$$;
revoke execute on function ingestion.analyze_table(regclass) from public;
comment on function ingestion.analyze_table(regclass) is 'Gathers the statistics of a core table, with the rights of its owner.';
