-- 013 · What has changed since something was derived from it.
--
-- Every statement that changes a row bumps a counter of the row's subject, in its own transaction: a killed
-- one bumps nothing, and a manual edit is seen like any other. What is derived from a subject is derived
-- again only when a counter, the rule or the day differs.

create table ingestion.subject_versions (
  table_name        text        not null,
  subject           text        not null,
  version           bigint      not null check (version >= 1),
  primary key (table_name, subject)
);
comment on table ingestion.subject_versions is 'How often the rows of a subject in a table have changed, counted by triggers. Says whether what was derived from them is still up to date.';
comment on column ingestion.subject_versions.table_name is 'The table, with its schema.';
comment on column ingestion.subject_versions.subject is 'The security_id or the cik of the rows; "*" for the table as a whole, where it has no such column or was truncated.';
comment on column ingestion.subject_versions.version is 'Statements that changed rows of the subject, counted from 1.';

create table ingestion.derived_inputs (
  job               text        not null,
  item              text        not null,
  inputs_sha256     text        not null check (inputs_sha256 ~ '^[0-9a-f]{64}$'),
  output_versions   text        not null,
  rows_count        bigint      not null check (rows_count >= 0),
  run_id            uuid        not null references ingestion.runs on delete restrict,
  derived_at        timestamptz not null default now(),
  primary key (job, item)
);
comment on table ingestion.derived_inputs is 'From what each item was last derived. An item whose inputs and output stand as they are here is not derived again.';
comment on column ingestion.derived_inputs.job is 'The job that derives, e.g. adjustment-factors.';
comment on column ingestion.derived_inputs.item is 'The subject: a source_id or a cik.';
comment on column ingestion.derived_inputs.inputs_sha256 is 'SHA-256 over the rule (the text of its functions), the day, and the versions of the inputs, read before the rows were derived.';
comment on column ingestion.derived_inputs.output_versions is 'Versions of the derived rows, read after they were written: somebody else''s change to them is seen.';
comment on column ingestion.derived_inputs.rows_count is 'Rows that were derived.';
comment on column ingestion.derived_inputs.run_id is 'The run that derived them.';
comment on column ingestion.derived_inputs.derived_at is 'When, UTC.';

create function ingestion.bump_versions() returns trigger
language plpgsql security definer set search_path = pg_catalog as $$
declare
  changed text[];
  subject_of_row text := case when tg_argv[0] = '*' then quote_literal('*') else quote_ident(tg_argv[0]) end || '::text';
begin
  if tg_op = 'TRUNCATE' then
    changed := array['*'];
  elsif tg_op = 'UPDATE' then
    execute format('select array_agg(distinct s) from (select %1$s as s from new_rows union all select %1$s from old_rows) r', subject_of_row) into changed;
  else
    -- A statement that touched no row gives no subject.
    execute format('select array_agg(distinct %s) from %I', subject_of_row, case tg_op when 'INSERT' then 'new_rows' else 'old_rows' end) into changed;
  end if;
  insert into ingestion.subject_versions as v (table_name, subject, version)
  select tg_table_schema || '.' || tg_table_name, s, 1 from unnest(changed) s order by s
  on conflict (table_name, subject) do update set version = v.version + 1;
  return null;
end
$$;
comment on function ingestion.bump_versions() is 'Statement trigger: counts the change for each subject whose rows the statement touched. Its argument names the column of the subject, or is "*".';

create function ingestion.version_table(versioned regclass, subject text) returns void
language plpgsql set search_path = pg_catalog as $$
begin
  execute format('create trigger version_insert after insert on %s referencing new table as new_rows for each statement execute function ingestion.bump_versions(%L)', versioned, subject);
  execute format('create trigger version_update after update on %s referencing new table as new_rows old table as old_rows for each statement execute function ingestion.bump_versions(%L)', versioned, subject);
  execute format('create trigger version_delete after delete on %s referencing old table as old_rows for each statement execute function ingestion.bump_versions(%L)', versioned, subject);
  execute format('create trigger version_truncate after truncate on %s for each statement execute function ingestion.bump_versions(%L)', versioned, subject);
end
$$;
comment on function ingestion.version_table(regclass, text) is 'Counts the changes of a table by subject from now on, see ingestion.bump_versions.';

select ingestion.version_table('stocks_research.securities', 'security_id');
select ingestion.version_table('stocks_research.ticker_history', 'security_id');
select ingestion.version_table('stocks_research.prices_daily', 'security_id');
select ingestion.version_table('stocks_research.corporate_actions', 'security_id');
select ingestion.version_table('stocks_research.adjustment_factors', 'security_id');
select ingestion.version_table('stocks_research.fundamentals_raw', 'cik');
select ingestion.version_table('stocks_research.fundamentals_derived', 'cik');
select ingestion.version_table('stocks_research.trading_sessions', '*');

create function ingestion.versions_of(table_names text[], subject text) returns text
language sql stable set search_path = pg_catalog as $$
select coalesce(string_agg(v.table_name || ' ' || v.subject || ' ' || v.version, ', ' order by v.table_name collate "C", v.subject collate "C"), '')
from ingestion.subject_versions v where v.table_name = any ($1) and v.subject in ('*', $2)
$$;
comment on function ingestion.versions_of(text[], text) is 'The versions of a subject in these tables, and those of the tables as a whole, as one text.';
