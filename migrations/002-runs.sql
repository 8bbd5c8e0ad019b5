-- Runs and their work items.
--
-- The unit of work is an item: one subject of one job in one run. Its status and its rows commit in one
-- transaction, so that resuming means taking the pending items.

create table ingestion.environment (
  is_only_row       boolean     primary key default true check (is_only_row),
  mode              text        not null check (mode in ('rehearsal', 'flat-files', 'live', 'replay')),
  made_by_run_id    text        not null,
  made_at           timestamptz not null default now(),
  product_version   text        not null
);
comment on table ingestion.environment is
  'What this database is. Exactly one row, written when the product creates the database; a database '
  'without this row was not created by the product.';
comment on column ingestion.environment.is_only_row is 'Always true: the table has one row.';
comment on column ingestion.environment.mode is
  'Where the rows come from. A rehearsal can never be tagged as production.';
comment on column ingestion.environment.made_by_run_id is 'The checklist run that created the database.';
comment on column ingestion.environment.made_at is 'When the database was created, UTC.';
comment on column ingestion.environment.product_version is 'Version of the product that created it.';

create table ingestion.runs (
  run_id            uuid        primary key,
  command           text        not null,
  source            text        not null,
  jobs              text[]      not null default '{}',
  state             text        not null check (state in (
                      'running', 'complete', 'complete_with_gaps', 'halted', 'failed', 'interrupted')),
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
comment on table ingestion.runs is
  'One row for each run of the ingestion runner, also for the runs that the checklist starts.';
comment on column ingestion.runs.run_id is 'Identity of the run; every change to a core table records it.';
comment on column ingestion.runs.command is 'The command line, without secrets.';
comment on column ingestion.runs.source is 'Mode and location of the source, e.g. flat-files:<folder>.';
comment on column ingestion.runs.jobs is 'The requested jobs, in order; a resumed run continues with them.';
comment on column ingestion.runs.state is
  'State of the run. complete_with_gaps: ended, with failed items below the threshold. halted: ended by a '
  'quota, resume later. interrupted: the process died.';
comment on column ingestion.runs.state_reason is 'Why the run is halted or failed.';
comment on column ingestion.runs.universe_file is 'The universe file of the run.';
comment on column ingestion.runs.universe_sha256 is 'SHA-256 of that file.';
comment on column ingestion.runs.start_date is
  'First day of the window, inclusive. The window limits prices only.';
comment on column ingestion.runs.end_date is 'Last day of the window, inclusive.';
comment on column ingestion.runs.host is 'Host name of the machine that ran it.';
comment on column ingestion.runs.process_id is 'Process id on that machine.';
comment on column ingestion.runs.product_version is 'Version of the product.';
comment on column ingestion.runs.started_at is 'When it started, UTC.';
comment on column ingestion.runs.ended_at is
  'When it ended, UTC; null while running or when the process died.';

create table ingestion.items (
  item_id           bigint      generated always as identity primary key,
  run_id            uuid        not null references ingestion.runs on delete restrict,
  job               text        not null,
  provider          text        not null,
  item              text        not null,
  start_date        date        not null,
  end_date          date        not null,
  status            text        not null default 'pending' check (status in (
                      'pending', 'running', 'ok', 'empty', 'not_found', 'failed', 'deferred')),
  attempts_count    integer     not null default 0 check (attempts_count >= 0),
  error_class       text        check (error_class in (
                      'quota', 'throttled', 'auth', 'entitlement', 'transient', 'malformed', 'truncated',
                      'conflict', 'internal')),
  reason            text,
  http_status       integer,
  archive_sha256    text[]      not null default '{}',
  rows_count        bigint      not null default 0 check (rows_count >= 0),
  leased_until_at   timestamptz,
  lease_owner       text,
  next_try_at       timestamptz,
  unchanged_since_run_id uuid    references ingestion.runs on delete restrict,
  updated_at        timestamptz not null default now(),
  unique (run_id, job, provider, item, start_date, end_date),
  constraint items_failure_has_class check (status <> 'failed' or error_class is not null)
);
create index items_by_job_status on ingestion.items (job, status);
create index items_answered on ingestion.items (job, item, start_date)
  where status in ('ok', 'empty', 'not_found');
comment on table ingestion.items is
  'The work items: one subject (a security, a filer, or a whole market file) of one job in one run. Status '
  'and rows commit together.';
comment on column ingestion.items.item_id is 'Identity of the item.';
comment on column ingestion.items.run_id is 'The run of the item.';
comment on column ingestion.items.job is 'One of the seven jobs, e.g. prices-daily.';
comment on column ingestion.items.provider is
  'The adapter that provides the rows, e.g. flat-files; "derived" for jobs that read our own tables.';
comment on column ingestion.items.item is 'The subject: a source_id, a cik, or "*" for the whole market.';
comment on column ingestion.items.start_date is 'First requested day, inclusive.';
comment on column ingestion.items.end_date is 'Last requested day, inclusive.';
comment on column ingestion.items.status is
  'ok: rows are stored. empty: the source has no rows for the subject. not_found: the source does not know '
  'the subject. deferred: the provider stopped answering for the account. failed: the product gave up.';
comment on column ingestion.items.attempts_count is 'How often it was tried.';
comment on column ingestion.items.error_class is
  'Class of the last failure, from the body classifier or the pipeline.';
comment on column ingestion.items.reason is
  'The last failure, or why the item is empty or not_found, in a sentence.';
comment on column ingestion.items.http_status is 'HTTP status of the last response, when there was one.';
comment on column ingestion.items.archive_sha256 is
  'SHA-256 of each archived response or file that its rows came from.';
comment on column ingestion.items.rows_count is 'Rows of its subject that were staged.';
comment on column ingestion.items.leased_until_at is
  'Until when its process owns a running item, UTC. After that, another process may take the item.';
comment on column ingestion.items.lease_owner is 'The process that works on it: host and process id.';
comment on column ingestion.items.next_try_at is
  'Earliest next attempt, UTC, after a quota or a requested wait.';
comment on column ingestion.items.unchanged_since_run_id is
  'Of an item that was neither requested nor read: the run that did so last, since which its source has '
  'nothing new. Null for all others.';
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
comment on table ingestion.rejects is
  'Records of a source that became no row, each with its reason and its location.';
comment on column ingestion.rejects.reject_id is 'Identity of the rejected record.';
comment on column ingestion.rejects.run_id is 'The run that read it.';
comment on column ingestion.rejects.job is 'The job that read it.';
comment on column ingestion.rejects.item is 'The item that the record would belong to, when known.';
comment on column ingestion.rejects.kind is
  'malformed: the record breaks its format. foreign: a valid record of another company, e.g. under a reused '
  'ticker. conflict: two records have one key and different values.';
comment on column ingestion.rejects.reason is 'What is wrong, in a sentence.';
comment on column ingestion.rejects.file is 'File or archived response that contains it.';
comment on column ingestion.rejects.line is 'Line (files) or index (responses) in it, counted from 1.';
comment on column ingestion.rejects.record is 'The record as it was read.';
comment on column ingestion.rejects.rejected_at is 'When it was rejected, UTC.';

-- A source may deliver only a part of its rows, so a row that is missing from a source is never deleted. It
-- is counted here instead.
create table ingestion.withdrawals (
  withdrawal_id     bigint      generated always as identity primary key,
  run_id            uuid        not null references ingestion.runs on delete restrict,
  job               text        not null,
  provider          text        not null,
  item              text        not null,
  rows_count        bigint      not null check (rows_count > 0),
  first_date        date        not null,
  last_date         date        not null,
  examples          jsonb       not null,
  named_at          timestamptz not null default now(),
  constraint withdrawals_dates_are_ordered check (first_date <= last_date)
);
create index withdrawals_by_item on ingestion.withdrawals (job, item);
comment on table ingestion.withdrawals is
  'Stored rows that were missing from their source when it was last read over their days, counted for each '
  'item. Rewritten whenever the item is read.';
comment on column ingestion.withdrawals.withdrawal_id is 'Identity of the entry.';
comment on column ingestion.withdrawals.run_id is 'The run that read the source without them.';
comment on column ingestion.withdrawals.job is 'The job of the rows.';
comment on column ingestion.withdrawals.provider is
  'The adapter that read the source; another adapter may have loaded the rows.';
comment on column ingestion.withdrawals.item is 'The subject: a source_id or a cik.';
comment on column ingestion.withdrawals.rows_count is 'Number of rows.';
comment on column ingestion.withdrawals.first_date is 'Day of the first row.';
comment on column ingestion.withdrawals.last_date is 'Day of the last row.';
comment on column ingestion.withdrawals.examples is 'The first three rows, as stored.';
comment on column ingestion.withdrawals.named_at is 'When the entry was written, UTC.';

create table ingestion.read_inputs (
  job               text        not null,
  provider          text        not null,
  batch             text        not null,
  inputs_sha256     text        not null check (inputs_sha256 ~ '^[0-9a-f]{64}$'),
  last_change_id    bigint      not null,
  run_id            uuid        not null references ingestion.runs on delete restrict,
  read_at           timestamptz not null default now(),
  primary key (job, provider, batch)
);
comment on table ingestion.read_inputs is
  'What each batch of files was last read from. A batch whose inputs are those of a complete run, and whose '
  'table nobody changed since, is not read again.';
comment on column ingestion.read_inputs.job is 'The job that reads, e.g. prices-daily.';
comment on column ingestion.read_inputs.provider is 'The provider, e.g. flat-files.';
comment on column ingestion.read_inputs.batch is 'The label of the batch, e.g. prices_daily, 3 files.';
comment on column ingestion.read_inputs.inputs_sha256 is
  'SHA-256 over the files by hash, the universe, the window, the known securities, the thresholds, the '
  'calendar, the migrations and the code.';
comment on column ingestion.read_inputs.last_change_id is
  'The newest row of ingestion.table_changes when the batch had been merged. A later change of the table is '
  'a reason to read.';
comment on column ingestion.read_inputs.run_id is 'The run that read it.';
comment on column ingestion.read_inputs.read_at is 'When it was read, UTC.';

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
comment on table ingestion.derived_inputs is
  'What each item was last derived from. An item whose inputs and output are unchanged is not derived '
  'again.';
comment on column ingestion.derived_inputs.job is 'The job that derives, e.g. adjustment-factors.';
comment on column ingestion.derived_inputs.item is 'The subject: a source_id or a cik.';
comment on column ingestion.derived_inputs.inputs_sha256 is
  'SHA-256 over the rule (the text of its functions), the day, and the versions of the inputs, read before '
  'the rows were derived.';
comment on column ingestion.derived_inputs.output_versions is
  'Versions of the derived rows, read after they were written, so that a later change of them by anybody '
  'else is detected.';
comment on column ingestion.derived_inputs.rows_count is 'Rows that were derived.';
comment on column ingestion.derived_inputs.run_id is 'The run that derived them.';
comment on column ingestion.derived_inputs.derived_at is 'When they were derived, UTC.';
