-- 002 · The ledger of ingestion.
--
-- The unit of work is an item: one subject of one job in one run. Its status and its rows commit in one
-- transaction, so that resuming means taking the pending ones.

create table ingestion.environment (
  is_only_row       boolean     primary key default true check (is_only_row),
  mode              text        not null check (mode in ('rehearsal', 'flat-files', 'live', 'replay')),
  made_by_run_id    text        not null,
  made_at           timestamptz not null default now(),
  product_version   text        not null
);
comment on table ingestion.environment is 'What this database is. Exactly one row, written when the product creates the database; a database without it was not made by the product.';
comment on column ingestion.environment.is_only_row is 'Always true: there is one row.';
comment on column ingestion.environment.mode is 'Where the rows come from. A rehearsal can never be tagged as production.';
comment on column ingestion.environment.made_by_run_id is 'The checklist run that created the database.';
comment on column ingestion.environment.made_at is 'When it was created, UTC.';
comment on column ingestion.environment.product_version is 'Version of the product that created it.';

create table ingestion.runs (
  run_id            uuid        primary key,
  command           text        not null,
  source            text        not null,
  jobs              text[]      not null default '{}',
  state             text        not null check (state in ('running', 'complete', 'complete_with_gaps', 'halted', 'failed', 'interrupted')),
  state_reason      text,
  universe_file     text        not null,
  universe_sha256   text        not null check (universe_sha256 ~ '^[0-9a-f]{64}$'),
  start_date        date        not null,
  end_date          date        not null,
  host              text        not null,
  process_id        integer     not null,
  product_version   text        not null,
  started_at        timestamptz not null default now(),
  ended_at          timestamptz,
  constraint runs_window_is_ordered check (start_date <= end_date)
);
comment on table ingestion.runs is 'One row for each run of the ingestion runner, also for those that the checklist starts.';
comment on column ingestion.runs.run_id is 'Identity of the run; every change to a core table carries it.';
comment on column ingestion.runs.command is 'The command line, without secrets.';
comment on column ingestion.runs.source is 'Mode and place of the source, e.g. flat-files:<folder>.';
comment on column ingestion.runs.jobs is 'The jobs that it was asked for, in order; a resumed run goes on with them.';
comment on column ingestion.runs.state is 'How it stands. complete_with_gaps: ended, some items failed below the threshold. halted: a quota ended it, resume later. interrupted: the process died.';
comment on column ingestion.runs.state_reason is 'Why it is halted or failed.';
comment on column ingestion.runs.universe_file is 'The written universe in force.';
comment on column ingestion.runs.universe_sha256 is 'SHA-256 of that file.';
comment on column ingestion.runs.start_date is 'First day of the window, inclusive. The window bounds prices only.';
comment on column ingestion.runs.end_date is 'Last day of the window, inclusive.';
comment on column ingestion.runs.host is 'Host name of the machine that ran it.';
comment on column ingestion.runs.process_id is 'Process id on that machine.';
comment on column ingestion.runs.product_version is 'Version of the product.';
comment on column ingestion.runs.started_at is 'When it started, UTC.';
comment on column ingestion.runs.ended_at is 'When it ended, UTC; null while running or when the process died.';

create table ingestion.items (
  item_id           bigint      generated always as identity primary key,
  run_id            uuid        not null references ingestion.runs on delete restrict,
  job               text        not null,
  provider          text        not null,
  item              text        not null,
  start_date        date        not null,
  end_date          date        not null,
  status            text        not null default 'pending' check (status in ('pending', 'running', 'ok', 'empty', 'not_found', 'failed', 'deferred')),
  attempts_count    integer     not null default 0 check (attempts_count >= 0),
  error_class       text        check (error_class in ('quota', 'throttled', 'auth', 'entitlement', 'transient', 'malformed', 'truncated', 'conflict', 'internal')),
  reason            text,
  http_status       integer,
  archive_sha256    text[]      not null default '{}',
  rows_count        bigint      not null default 0 check (rows_count >= 0),
  leased_until_at   timestamptz,
  lease_owner       text,
  next_try_at       timestamptz,
  updated_at        timestamptz not null default now(),
  unique (run_id, job, provider, item, start_date, end_date),
  constraint items_failure_has_class check (status <> 'failed' or error_class is not null)
);
create index items_by_job_status on ingestion.items (job, status);
comment on table ingestion.items is 'The units of work: one subject (a security, a filer, a whole market file) of one job in one run. Status and rows commit together.';
comment on column ingestion.items.item_id is 'Identity of the item.';
comment on column ingestion.items.run_id is 'The run that owns it.';
comment on column ingestion.items.job is 'One of the seven jobs, e.g. prices-daily.';
comment on column ingestion.items.provider is 'The adapter that answers, e.g. flat-files; "derived" for jobs that read our own tables.';
comment on column ingestion.items.item is 'The subject: a source_id, a cik, or "*" for the whole market.';
comment on column ingestion.items.start_date is 'First day asked for, inclusive.';
comment on column ingestion.items.end_date is 'Last day asked for, inclusive.';
comment on column ingestion.items.status is 'ok: rows are in. empty: the source answered that there are none. not_found: the source does not know the subject. deferred: the provider stopped answering for the account.';
comment on column ingestion.items.attempts_count is 'How often it was tried.';
comment on column ingestion.items.error_class is 'Class of the last failure, by the body classifier or the pipeline.';
comment on column ingestion.items.reason is 'The last failure, or why it is empty or not_found, in a sentence.';
comment on column ingestion.items.http_status is 'HTTP status of the last response, when there was one.';
comment on column ingestion.items.archive_sha256 is 'SHA-256 of each archived response or file that its rows came from.';
comment on column ingestion.items.rows_count is 'Rows of its subject that were staged.';
comment on column ingestion.items.leased_until_at is 'A running item whose lease has passed belongs to nobody and is taken again.';
comment on column ingestion.items.lease_owner is 'Who works on it: host and process id.';
comment on column ingestion.items.next_try_at is 'Not to be tried before, after a quota or a wait that was asked for.';
comment on column ingestion.items.updated_at is 'When the row last changed, UTC.';

create table ingestion.rejects (
  reject_id         bigint      generated always as identity primary key,
  run_id            uuid        not null references ingestion.runs on delete restrict,
  job               text        not null,
  item              text,
  kind              text        not null check (kind in ('malformed', 'foreign', 'conflict')),
  reason            text        not null,
  file              text        not null,
  line              bigint,
  record            jsonb       not null,
  rejected_at       timestamptz not null default now()
);
create index rejects_by_run_job on ingestion.rejects (run_id, job);
comment on table ingestion.rejects is 'Records of a source that became no row, each with its reason and its place.';
comment on column ingestion.rejects.reject_id is 'Identity of the reject.';
comment on column ingestion.rejects.run_id is 'The run that read it.';
comment on column ingestion.rejects.job is 'The job that read it.';
comment on column ingestion.rejects.item is 'The item that it would have belonged to, when that is known.';
comment on column ingestion.rejects.kind is 'malformed: not what its format promises. foreign: a good record of another company, e.g. under a reused ticker. conflict: two records claim one key with different values.';
comment on column ingestion.rejects.reason is 'What is wrong, in a sentence.';
comment on column ingestion.rejects.file is 'File or archived response that holds it.';
comment on column ingestion.rejects.line is 'Line (files) or index (responses) in it, counted from 1.';
comment on column ingestion.rejects.record is 'The record as it was read.';
comment on column ingestion.rejects.rejected_at is 'When, UTC.';

create table ingestion.findings (
  finding_id        bigint      generated always as identity primary key,
  fingerprint       text        not null unique check (fingerprint ~ '^[0-9a-f]{64}$'),
  check_name        text        not null,
  severity          text        not null check (severity in ('hard', 'soft')),
  subject           text        not null,
  evidence          jsonb       not null,
  first_run_id      uuid        references ingestion.runs on delete restrict,
  last_run_id       uuid        references ingestion.runs on delete restrict,
  first_seen_at     timestamptz not null default now(),
  last_seen_at      timestamptz not null default now(),
  resolved_at       timestamptz
);
create index findings_by_check on ingestion.findings (check_name, severity);
comment on table ingestion.findings is 'What the checks found: hard ones block, soft ones are listed for a person to judge.';
comment on column ingestion.findings.finding_id is 'Identity of the finding.';
comment on column ingestion.findings.fingerprint is 'SHA-256 of check, subject and evidence key: the same finding in a later run, or after a rebuild, is the same row.';
comment on column ingestion.findings.check_name is 'The check that found it.';
comment on column ingestion.findings.severity is 'hard blocks progression; soft quarantines and is listed.';
comment on column ingestion.findings.subject is 'What it is about, e.g. a source_id or a cik.';
comment on column ingestion.findings.evidence is 'The offending row, as the check returned it.';
comment on column ingestion.findings.first_run_id is 'Run that saw it first, when it was found by a run.';
comment on column ingestion.findings.last_run_id is 'Run that saw it last.';
comment on column ingestion.findings.first_seen_at is 'When it was seen first, UTC.';
comment on column ingestion.findings.last_seen_at is 'When it was seen last, UTC.';
comment on column ingestion.findings.resolved_at is 'When a later validation no longer found it, UTC; null while it stands.';

create table ingestion.table_changes (
  change_id         bigint      generated always as identity primary key,
  run_id            uuid,
  table_name        text        not null,
  operation         text        not null check (operation in ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE')),
  rows_count        bigint,
  database_user     text        not null default session_user,
  application       text        not null default current_setting('application_name', true),
  changed_at        timestamptz not null default now()
);
create index table_changes_by_run on ingestion.table_changes (run_id);
comment on table ingestion.table_changes is 'Every statement that changed a core table, written by triggers. A row without a recorded run is a manual edit.';
comment on column ingestion.table_changes.change_id is 'Identity of the change.';
comment on column ingestion.table_changes.run_id is 'The run that made it, from the setting stocks_research.run_id of its session; null for a hand.';
comment on column ingestion.table_changes.table_name is 'The table, with its schema.';
comment on column ingestion.table_changes.operation is 'What was done.';
comment on column ingestion.table_changes.rows_count is 'Rows that it touched; null for TRUNCATE.';
comment on column ingestion.table_changes.database_user is 'The session user.';
comment on column ingestion.table_changes.application is 'application_name of the session.';
comment on column ingestion.table_changes.changed_at is 'Start of its transaction, UTC.';

-- Attached to every core table by the migration that creates it: three triggers, since a transition table has
-- one name a trigger.
create function ingestion.record_change() returns trigger
language plpgsql security definer set search_path = pg_catalog as $$
declare
  touched bigint;
begin
  if tg_op = 'INSERT' or tg_op = 'UPDATE' then
    select count(*) into touched from new_rows;
  elsif tg_op = 'DELETE' then
    select count(*) into touched from old_rows;
  end if;
  -- A statement that touched nothing changed nothing.
  if touched is distinct from 0 then
    insert into ingestion.table_changes (run_id, table_name, operation, rows_count)
    values (nullif(current_setting('stocks_research.run_id', true), '')::uuid, tg_table_schema || '.' || tg_table_name, tg_op, touched);
  end if;
  return null;
end
$$;
comment on function ingestion.record_change() is 'Statement trigger: writes one row of ingestion.table_changes.';

create function ingestion.watch_table(watched regclass) returns void
language plpgsql set search_path = pg_catalog as $$
begin
  execute format('create trigger change_insert after insert on %s referencing new table as new_rows for each statement execute function ingestion.record_change()', watched);
  execute format('create trigger change_update after update on %s referencing new table as new_rows for each statement execute function ingestion.record_change()', watched);
  execute format('create trigger change_delete after delete on %s referencing old table as old_rows for each statement execute function ingestion.record_change()', watched);
  execute format('create trigger change_truncate after truncate on %s for each statement execute function ingestion.record_change()', watched);
end
$$;
comment on function ingestion.watch_table(regclass) is 'Attaches ingestion.record_change to a core table.';
