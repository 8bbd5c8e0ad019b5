-- Changes to the core tables: which statement changed them, and how often the rows of a subject changed.
--
-- Every statement that changes a row increments a counter of the row's subject, in its own transaction. What
-- is derived from a subject is derived again only when a counter, the rule or the day differs.

create table ingestion.table_changes (
  change_id         bigint      generated always as identity primary key,
  run_id            uuid,
  table_name        text        not null,
  operation         text        not null check (operation in (
                      'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'UNSEEN')),
  rows_count        bigint,
  database_user     text        not null default session_user,
  application       text        not null default current_setting('application_name', true),
  changed_at        timestamptz not null default now(),
  detail            jsonb,
  constraint table_changes_detail_of_unseen check ((operation = 'UNSEEN') = (detail is not null))
);
create index table_changes_by_run on ingestion.table_changes (run_id);
comment on table ingestion.table_changes is
  'Every statement that changed a core table, written by triggers. A row without a recorded run or migration '
  'is a manual edit.';
comment on column ingestion.table_changes.change_id is 'Identity of the change.';
comment on column ingestion.table_changes.run_id is
  'The run that made the change (ingestion.runs), or the upgrade (ingestion.migrations), from the setting '
  'stocks_research.run_id of its session; null for a manual edit.';
comment on column ingestion.table_changes.table_name is 'The table, with its schema.';
comment on column ingestion.table_changes.operation is
  'INSERT, UPDATE, DELETE or TRUNCATE; UNSEEN for a change that no trigger recorded and that the next run '
  'found by hash. Then the other columns say who found it, and when.';
comment on column ingestion.table_changes.rows_count is 'Rows that the statement changed; null for TRUNCATE.';
comment on column ingestion.table_changes.database_user is 'The session user.';
comment on column ingestion.table_changes.application is 'application_name of the session.';
comment on column ingestion.table_changes.changed_at is 'Start of its transaction, UTC.';
comment on column ingestion.table_changes.detail is
  'Of an UNSEEN change: rows and SHA-256 as recorded and as found, and the key ranges that differ. Null for '
  'all others.';

-- Attached to every core table by the migration that creates it: three triggers, since a transition table has
-- one name a trigger.
create function ingestion.record_change() returns trigger
language plpgsql security definer
set search_path = pg_catalog
as $$
declare
  touched bigint;
begin
  if tg_op = 'INSERT' or tg_op = 'UPDATE' then
    select count(*) into touched from new_rows;
  elsif tg_op = 'DELETE' then
    select count(*) into touched from old_rows;
  end if;
  -- A statement that touched no row changed nothing.
  if touched is distinct from 0 then
    insert into ingestion.table_changes (run_id, table_name, operation, rows_count)
    values (
      nullif(current_setting('stocks_research.run_id', true), '')::uuid,
      tg_table_schema || '.' || tg_table_name,
      tg_op,
      touched
    );
  end if;
  return null;
end
$$;
comment on function ingestion.record_change() is
  'Statement trigger: writes one row of ingestion.table_changes.';

create function ingestion.watch_table(watched regclass) returns void
language plpgsql
set search_path = pg_catalog
as $$
begin
  execute format(
    'create trigger change_insert after insert on %s referencing new table as new_rows'
    ' for each statement execute function ingestion.record_change()',
    watched
  );
  execute format(
    'create trigger change_update after update on %s referencing new table as new_rows'
    ' for each statement execute function ingestion.record_change()',
    watched
  );
  execute format(
    'create trigger change_delete after delete on %s referencing old table as old_rows'
    ' for each statement execute function ingestion.record_change()',
    watched
  );
  execute format(
    'create trigger change_truncate after truncate on %s'
    ' for each statement execute function ingestion.record_change()',
    watched
  );
end
$$;
comment on function ingestion.watch_table(regclass) is 'Attaches ingestion.record_change to a core table.';

-- With the rights of its owner, so that a role that only brings rows in can record what it found, and nothing
-- else.
create function ingestion.record_unseen_change(changed_table text, found jsonb) returns void
language sql security definer
set search_path = pg_catalog
as $$
insert into ingestion.table_changes (run_id, table_name, operation, detail)
values (null, changed_table, 'UNSEEN', found)
$$;
revoke execute on function ingestion.record_unseen_change(text, jsonb) from public;
comment on function ingestion.record_unseen_change(text, jsonb) is
  'Records a change that no trigger recorded: the table, and the detail of ingestion.table_changes.';

create table ingestion.subject_versions (
  table_name        text        not null,
  subject           text        not null,
  version           bigint      not null check (version >= 1),
  primary key (table_name, subject)
);
comment on table ingestion.subject_versions is
  'How often the rows of a subject in a table have changed, counted by triggers. Shows whether what was '
  'derived from them is up to date.';
comment on column ingestion.subject_versions.table_name is 'The table, with its schema.';
comment on column ingestion.subject_versions.subject is
  'The security_id or the cik of the rows; "*" for the whole table, when it has no such column or was '
  'truncated.';
comment on column ingestion.subject_versions.version is
  'Statements that changed rows of the subject, counted from 1.';

create function ingestion.bump_versions() returns trigger
language plpgsql security definer
set search_path = pg_catalog
as $$
declare
  changed text[];
  subject_of_row text := case
    when tg_argv[0] = '*' then quote_literal('*')
    else quote_ident(tg_argv[0])
  end || '::text';
begin
  if tg_op = 'TRUNCATE' then
    changed := array['*'];
  elsif tg_op = 'UPDATE' then
    execute format(
      'select array_agg(distinct s)'
      ' from (select %1$s as s from new_rows union all select %1$s from old_rows) r',
      subject_of_row
    ) into changed;
  else
    -- A statement that touched no row gives no subject.
    execute format(
      'select array_agg(distinct %s) from %I',
      subject_of_row,
      case tg_op when 'INSERT' then 'new_rows' else 'old_rows' end
    ) into changed;
  end if;
  insert into ingestion.subject_versions as v (table_name, subject, version)
  select tg_table_schema || '.' || tg_table_name, s, 1
  from unnest(changed) s
  order by s
  on conflict (table_name, subject) do update
    set version = v.version + 1;
  return null;
end
$$;
comment on function ingestion.bump_versions() is
  'Statement trigger: counts the change for each subject whose rows the statement touched. Its argument '
  'names the column of the subject, or is "*".';

create function ingestion.version_table(versioned regclass, subject text) returns void
language plpgsql
set search_path = pg_catalog
as $$
begin
  execute format(
    'create trigger version_insert after insert on %s referencing new table as new_rows'
    ' for each statement execute function ingestion.bump_versions(%L)',
    versioned, subject
  );
  execute format(
    'create trigger version_update after update on %s'
    ' referencing new table as new_rows old table as old_rows'
    ' for each statement execute function ingestion.bump_versions(%L)',
    versioned, subject
  );
  execute format(
    'create trigger version_delete after delete on %s referencing old table as old_rows'
    ' for each statement execute function ingestion.bump_versions(%L)',
    versioned, subject
  );
  execute format(
    'create trigger version_truncate after truncate on %s'
    ' for each statement execute function ingestion.bump_versions(%L)',
    versioned, subject
  );
end
$$;
comment on function ingestion.version_table(regclass, text) is
  'Counts the changes of a table by subject from now on, see ingestion.bump_versions.';

create function ingestion.versions_of(table_names text[], subject text) returns text
language sql stable
set search_path = pg_catalog
as $$
select coalesce(
  string_agg(
    v.table_name || ' ' || v.subject || ' ' || v.version, ', '
    order by v.table_name collate "C", v.subject collate "C"
  ),
  ''
)
from ingestion.subject_versions v
where v.table_name = any ($1)
  and v.subject in ('*', $2)
$$;
comment on function ingestion.versions_of(text[], text) is
  'The versions of a subject in these tables, and those of the whole tables, as one text.';

-- Triggers record every ordinary change. A session that disables triggers changes a table without a
-- record. The hashes detect both.
create table ingestion.content_hashes (
  recording_id      bigint      generated always as identity primary key,
  table_name        text        not null,
  run_id            uuid        references ingestion.runs on delete restrict,
  rows_count        bigint      not null check (rows_count >= 0),
  sha256            text        not null check (sha256 ~ '^[0-9a-f]{64}$'),
  segments          jsonb       not null,
  last_change_id    bigint      not null,
  recorded_at       timestamptz not null default now(),
  columns           text[]
);
create index content_hashes_by_table on ingestion.content_hashes (table_name, recording_id desc);
comment on table ingestion.content_hashes is
  'Content of each core table when a run that changed it ended. The newest row is what the table must '
  'contain now. Only tables that a run changed are recorded again, so that a manual edit of another table '
  'stays visible.';
comment on column ingestion.content_hashes.recording_id is
  'Identity of the recording; the newest one of a table counts.';
comment on column ingestion.content_hashes.table_name is 'The table, with its schema.';
comment on column ingestion.content_hashes.run_id is
  'The run that had ended; null when an upgrade (npm run db:migrate) changed the table and recorded it.';
comment on column ingestion.content_hashes.rows_count is 'Rows of the table.';
comment on column ingestion.content_hashes.sha256 is
  'SHA-256 of its rows as COPY writes them, ordered by key.';
comment on column ingestion.content_hashes.segments is
  'Hashes of sequences of rows (last_key, rows, sha256), which locate a difference by key range.';
comment on column ingestion.content_hashes.last_change_id is
  'The newest row of ingestion.table_changes at that time; 0 when there was none. Later rows explain a '
  'difference.';
comment on column ingestion.content_hashes.recorded_at is 'When it was recorded, UTC.';
comment on column ingestion.content_hashes.columns is
  'The hashed columns, in order, quoted where needed. The comparison hashes the same columns, even when a '
  'later migration added others.';

-- PostgreSQL lets only the owner of a table analyze it, and skips the table with a warning for anybody else.
-- A role that only brings rows in would then leave the plans of the following jobs to chance.
create function ingestion.analyze_table(filled regclass) returns void
language plpgsql security definer
set search_path = pg_catalog
as $$
begin
  if (select relnamespace from pg_class where oid = filled)
    is distinct from 'stocks_research'::regnamespace
  then
    raise exception '% is not a table of stocks_research', filled;
  end if;
  execute format('analyze %s', filled);
end
$$;
revoke execute on function ingestion.analyze_table(regclass) from public;
comment on function ingestion.analyze_table(regclass) is
  'Gathers the statistics of a core table, with the rights of its owner.';
