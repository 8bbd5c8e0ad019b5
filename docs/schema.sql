-- The schema of the database, written from its catalog: to read, not to run.

-- ===========================================================================================================
-- Schema ingestion
-- ===========================================================================================================

-- migrations ------------------------------------------------------------------------------------------------

-- The migrations that created this schema, each once, in order of name. An applied migration is never
-- edited.
create table ingestion.migrations (
  -- File name, e.g. 001-schemas.sql. Its number is the order.
  name text not null,
  -- SHA-256 of the file as it was applied, with LF line ends, and of the data files that it loads.
  sha256 text not null,
  -- When it was applied, UTC.
  applied_at timestamp with time zone not null default now(),
  -- How long it took, in milliseconds.
  duration_ms integer not null,
  -- The checklist run or the upgrade (npm run db:migrate) that applied it; null when neither did.
  run_id text,
  constraint migrations_pkey primary key (name),
  constraint migrations_duration_ms_check check ((duration_ms >= 0)),
  constraint migrations_sha256_check check ((sha256 ~ '^[0-9a-f]{64}$'))
);

-- runs ------------------------------------------------------------------------------------------------------

-- What this database is. Exactly one row, written when the product creates the database; a database without
-- this row was not created by the product.
create table ingestion.environment (
  -- Always true: the table has one row.
  is_only_row boolean not null default true,
  -- Where the rows come from. A rehearsal can never be tagged as production.
  mode text not null,
  -- The checklist run that created the database.
  made_by_run_id text not null,
  -- When the database was created, UTC.
  made_at timestamp with time zone not null default now(),
  -- Version of the product that created it.
  product_version text not null,
  constraint environment_pkey primary key (is_only_row),
  constraint environment_is_only_row_check check (is_only_row),
  constraint environment_mode_check check ((mode in ('rehearsal', 'flat-files', 'live', 'replay')))
);

-- One row for each run of the ingestion runner, also for the runs that the checklist starts.
create table ingestion.runs (
  -- Identity of the run; every change to a core table records it.
  run_id uuid not null,
  -- The command line, without secrets.
  command text not null,
  -- Mode and location of the source, e.g. flat-files:<folder>.
  source text not null,
  -- The requested jobs, in order; a resumed run continues with them.
  jobs text[] not null default '{}'::text[],
  -- State of the run. complete_with_gaps: ended, with failed items below the threshold. halted: ended by a
  -- quota, resume later. interrupted: the process died.
  state text not null,
  -- Why the run is halted or failed.
  state_reason text,
  -- The universe file of the run.
  universe_file text not null,
  -- SHA-256 of that file.
  universe_sha256 text not null,
  -- First day of the window, inclusive. The window limits prices only.
  start_date date not null,
  -- Last day of the window, inclusive.
  end_date date not null,
  -- Host name of the machine that ran it.
  host text not null,
  -- Process id on that machine.
  process_id integer not null,
  -- Version of the product.
  product_version text not null,
  -- When it started, UTC.
  started_at timestamp with time zone not null default now(),
  -- When it ended, UTC; null while running or when the process died.
  ended_at timestamp with time zone,
  constraint runs_pkey primary key (run_id),
  constraint runs_state_check check ((state in ('running', 'complete', 'complete_with_gaps', 'halted',
    'failed', 'interrupted'))),
  constraint runs_universe_sha256_check check ((universe_sha256 ~ '^[0-9a-f]{64}$')),
  constraint runs_window_is_ordered check ((start_date <= end_date))
);

-- The work items: one subject (a security, a filer, or a whole market file) of one job in one run. Status
-- and rows commit together.
create table ingestion.items (
  -- Identity of the item.
  item_id bigint generated always as identity not null,
  -- The run of the item.
  run_id uuid not null,
  -- One of the seven jobs, e.g. prices-daily.
  job text not null,
  -- The adapter that provides the rows, e.g. flat-files; "derived" for jobs that read our own tables.
  provider text not null,
  -- The subject: a source_id, a cik, or "*" for the whole market.
  item text not null,
  -- First requested day, inclusive.
  start_date date not null,
  -- Last requested day, inclusive.
  end_date date not null,
  -- ok: rows are stored. empty: the source has no rows for the subject. not_found: the source does not know
  -- the subject. deferred: the provider stopped answering for the account. failed: the product gave up.
  status text not null default 'pending',
  -- How often it was tried.
  attempts_count integer not null default 0,
  -- Class of the last failure, from the body classifier or the pipeline.
  error_class text,
  -- The last failure, or why the item is empty or not_found, in a sentence.
  reason text,
  -- HTTP status of the last response, when there was one.
  http_status integer,
  -- SHA-256 of each archived response or file that its rows came from.
  archive_sha256 text[] not null default '{}'::text[],
  -- Rows of its subject that were staged.
  rows_count bigint not null default 0,
  -- Until when its process owns a running item, UTC. After that, another process may take the item.
  leased_until_at timestamp with time zone,
  -- The process that works on it: host and process id.
  lease_owner text,
  -- Earliest next attempt, UTC, after a quota or a requested wait.
  next_try_at timestamp with time zone,
  -- Of an item that was neither requested nor read: the run that did so last, since which its source has
  -- nothing new. Null for all others.
  unchanged_since_run_id uuid,
  -- When the row last changed, UTC.
  updated_at timestamp with time zone not null default now(),
  constraint items_pkey primary key (item_id),
  constraint items_run_id_job_provider_item_start_date_end_date_key unique (run_id, job, provider, item,
    start_date, end_date),
  constraint items_run_id_fkey foreign key (run_id) references ingestion.runs(run_id) on delete restrict,
  constraint items_unchanged_since_run_id_fkey foreign key (unchanged_since_run_id) references
    ingestion.runs(run_id) on delete restrict,
  constraint items_attempts_count_check check ((attempts_count >= 0)),
  constraint items_error_class_check check ((error_class in ('quota', 'throttled', 'auth', 'entitlement',
    'transient', 'malformed', 'truncated', 'conflict', 'internal'))),
  constraint items_failure_has_class check (((status <> 'failed') or (error_class is not null))),
  constraint items_rows_count_check check ((rows_count >= 0)),
  constraint items_status_check check ((status in ('pending', 'running', 'ok', 'empty', 'not_found',
    'failed', 'deferred')))
);
create index items_answered on ingestion.items using btree (job, item, start_date) where (status in ('ok',
  'empty', 'not_found'));
create index items_by_job_status on ingestion.items using btree (job, status);

-- Records of a source that became no row, each with its reason and its location.
create table ingestion.rejects (
  -- Identity of the rejected record.
  reject_id bigint generated always as identity not null,
  -- The run that read it.
  run_id uuid not null,
  -- The job that read it.
  job text not null,
  -- The item that the record would belong to, when known.
  item text,
  -- malformed: the record breaks its format. foreign: a valid record of another company, e.g. under a reused
  -- ticker. conflict: two records have one key and different values.
  kind text not null,
  -- What is wrong, in a sentence.
  reason text not null,
  -- File or archived response that contains it.
  file text not null,
  -- Line (files) or index (responses) in it, counted from 1.
  line bigint,
  -- The record as it was read.
  record jsonb not null,
  -- When it was rejected, UTC.
  rejected_at timestamp with time zone not null default now(),
  constraint rejects_pkey primary key (reject_id),
  constraint rejects_run_id_fkey foreign key (run_id) references ingestion.runs(run_id) on delete restrict,
  constraint rejects_kind_check check ((kind in ('malformed', 'foreign', 'conflict')))
);
create index rejects_by_run_job on ingestion.rejects using btree (run_id, job);

-- Stored rows that were missing from their source when it was last read over their days, counted for each
-- item. Rewritten whenever the item is read.
create table ingestion.withdrawals (
  -- Identity of the entry.
  withdrawal_id bigint generated always as identity not null,
  -- The run that read the source without them.
  run_id uuid not null,
  -- The job of the rows.
  job text not null,
  -- The adapter that read the source; another adapter may have loaded the rows.
  provider text not null,
  -- The subject: a source_id or a cik.
  item text not null,
  -- Number of rows.
  rows_count bigint not null,
  -- Day of the first row.
  first_date date not null,
  -- Day of the last row.
  last_date date not null,
  -- The first three rows, as stored.
  examples jsonb not null,
  -- When the entry was written, UTC.
  named_at timestamp with time zone not null default now(),
  constraint withdrawals_pkey primary key (withdrawal_id),
  constraint withdrawals_run_id_fkey foreign key (run_id) references ingestion.runs(run_id) on delete
    restrict,
  constraint withdrawals_dates_are_ordered check ((first_date <= last_date)),
  constraint withdrawals_rows_count_check check ((rows_count > 0))
);
create index withdrawals_by_item on ingestion.withdrawals using btree (job, item);

-- What each batch of files was last read from. A batch whose inputs are those of a complete run, and whose
-- table nobody changed since, is not read again.
create table ingestion.read_inputs (
  -- The job that reads, e.g. prices-daily.
  job text not null,
  -- The provider, e.g. flat-files.
  provider text not null,
  -- The label of the batch, e.g. prices_daily, 3 files.
  batch text not null,
  -- SHA-256 over the files by hash, the universe, the window, the known securities, the thresholds, the
  -- calendar, the migrations and the code.
  inputs_sha256 text not null,
  -- The newest row of ingestion.table_changes when the batch had been merged. A later change of the table is
  -- a reason to read.
  last_change_id bigint not null,
  -- The run that read it.
  run_id uuid not null,
  -- When it was read, UTC.
  read_at timestamp with time zone not null default now(),
  constraint read_inputs_pkey primary key (job, provider, batch),
  constraint read_inputs_run_id_fkey foreign key (run_id) references ingestion.runs(run_id) on delete
    restrict,
  constraint read_inputs_inputs_sha256_check check ((inputs_sha256 ~ '^[0-9a-f]{64}$'))
);

-- What each item was last derived from. An item whose inputs and output are unchanged is not derived again.
create table ingestion.derived_inputs (
  -- The job that derives, e.g. adjustment-factors.
  job text not null,
  -- The subject: a source_id or a cik.
  item text not null,
  -- SHA-256 over the rule (the text of its functions), the day, and the versions of the inputs, read before
  -- the rows were derived.
  inputs_sha256 text not null,
  -- Versions of the derived rows, read after they were written, so that a later change of them by anybody
  -- else is detected.
  output_versions text not null,
  -- Rows that were derived.
  rows_count bigint not null,
  -- The run that derived them.
  run_id uuid not null,
  -- When they were derived, UTC.
  derived_at timestamp with time zone not null default now(),
  constraint derived_inputs_pkey primary key (job, item),
  constraint derived_inputs_run_id_fkey foreign key (run_id) references ingestion.runs(run_id) on delete
    restrict,
  constraint derived_inputs_inputs_sha256_check check ((inputs_sha256 ~ '^[0-9a-f]{64}$')),
  constraint derived_inputs_rows_count_check check ((rows_count >= 0))
);

-- findings --------------------------------------------------------------------------------------------------

-- What the checks found: hard findings block the run, soft findings are listed for a person to judge.
create table ingestion.findings (
  -- Identity of the finding.
  finding_id bigint generated always as identity not null,
  -- SHA-256 of check, subject and evidence key: the same finding in a later run, or after a rebuild, is the
  -- same row.
  fingerprint text not null,
  -- The check that found it.
  check_name text not null,
  -- hard: the run does not continue. soft: the finding is listed.
  severity text not null,
  -- What it is about, e.g. a source_id or a cik.
  subject text not null,
  -- The row that breaks the check, as the check returned it.
  evidence jsonb not null,
  -- The run that found it first; null when it was found outside a run.
  first_run_id uuid,
  -- The run that found it last.
  last_run_id uuid,
  -- When it was found first, UTC.
  first_seen_at timestamp with time zone not null default now(),
  -- When it was found last, UTC.
  last_seen_at timestamp with time zone not null default now(),
  -- When a later validation no longer found it, UTC; null while it is found.
  resolved_at timestamp with time zone,
  -- Who accepted the data as it is; null when nobody did, or when the acceptance has expired.
  accepted_by text,
  -- Why the data is right, or why it must stay.
  accepted_reason text,
  -- Last day of the acceptance; null for one without end.
  accepted_until_date date,
  constraint findings_pkey primary key (finding_id),
  constraint findings_fingerprint_key unique (fingerprint),
  constraint findings_first_run_id_fkey foreign key (first_run_id) references ingestion.runs(run_id) on
    delete restrict,
  constraint findings_last_run_id_fkey foreign key (last_run_id) references ingestion.runs(run_id) on delete
    restrict,
  constraint findings_acceptance_is_whole check ((((accepted_by is null) = (accepted_reason is null)) and
    ((accepted_until_date is null) or (accepted_by is not null)))),
  constraint findings_fingerprint_check check ((fingerprint ~ '^[0-9a-f]{64}$')),
  constraint findings_severity_check check ((severity in ('hard', 'soft')))
);
create index findings_by_check on ingestion.findings using btree (check_name, severity);

-- changes ---------------------------------------------------------------------------------------------------

-- Every statement that changed a core table, written by triggers. A row without a recorded run or migration
-- is a manual edit.
create table ingestion.table_changes (
  -- Identity of the change.
  change_id bigint generated always as identity not null,
  -- The run that made the change (ingestion.runs), or the upgrade (ingestion.migrations), from the setting
  -- stocks_research.run_id of its session; null for a manual edit.
  run_id uuid,
  -- The table, with its schema.
  table_name text not null,
  -- INSERT, UPDATE, DELETE or TRUNCATE; UNSEEN for a change that no trigger recorded and that the next run
  -- found by hash. Then the other columns say who found it, and when.
  operation text not null,
  -- Rows that the statement changed; null for TRUNCATE.
  rows_count bigint,
  -- The session user.
  database_user text not null default SESSION_USER,
  -- application_name of the session.
  application text not null default current_setting('application_name', true),
  -- Start of its transaction, UTC.
  changed_at timestamp with time zone not null default now(),
  -- Of an UNSEEN change: rows and SHA-256 as recorded and as found, and the key ranges that differ. Null for
  -- all others.
  detail jsonb,
  constraint table_changes_pkey primary key (change_id),
  constraint table_changes_detail_of_unseen check (((operation = 'UNSEEN') = (detail is not null))),
  constraint table_changes_operation_check check ((operation in ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE',
    'UNSEEN')))
);
create index table_changes_by_run on ingestion.table_changes using btree (run_id);

-- Statement trigger: writes one row of ingestion.table_changes.
create function ingestion.record_change()
returns trigger
language plpgsql
security definer
set search_path to 'pg_catalog'
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

-- Attaches ingestion.record_change to a core table.
create function ingestion.watch_table(watched regclass)
returns void
language plpgsql
set search_path to 'pg_catalog'
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

-- Records a change that no trigger recorded: the table, and the detail of ingestion.table_changes.
create function ingestion.record_unseen_change(changed_table text, found jsonb)
returns void
language sql
security definer
set search_path to 'pg_catalog'
as $$
insert into ingestion.table_changes (run_id, table_name, operation, detail)
values (null, changed_table, 'UNSEEN', found)
$$;

-- How often the rows of a subject in a table have changed, counted by triggers. Shows whether what was
-- derived from them is up to date.
create table ingestion.subject_versions (
  -- The table, with its schema.
  table_name text not null,
  -- The security_id or the cik of the rows; "*" for the whole table, when it has no such column or was
  -- truncated.
  subject text not null,
  -- Statements that changed rows of the subject, counted from 1.
  version bigint not null,
  constraint subject_versions_pkey primary key (table_name, subject),
  constraint subject_versions_version_check check ((version >= 1))
);

-- Statement trigger: counts the change for each subject whose rows the statement touched. Its argument names
-- the column of the subject, or is "*".
create function ingestion.bump_versions()
returns trigger
language plpgsql
security definer
set search_path to 'pg_catalog'
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

-- Counts the changes of a table by subject from now on, see ingestion.bump_versions.
create function ingestion.version_table(versioned regclass, subject text)
returns void
language plpgsql
set search_path to 'pg_catalog'
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

-- The versions of a subject in these tables, and those of the whole tables, as one text.
create function ingestion.versions_of(table_names text[], subject text)
returns text
language sql
stable
set search_path to 'pg_catalog'
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

-- Content of each core table when a run that changed it ended. The newest row is what the table must contain
-- now. Only tables that a run changed are recorded again, so that a manual edit of another table stays
-- visible.
create table ingestion.content_hashes (
  -- Identity of the recording; the newest one of a table counts.
  recording_id bigint generated always as identity not null,
  -- The table, with its schema.
  table_name text not null,
  -- The run that had ended; null when an upgrade (npm run db:migrate) changed the table and recorded it.
  run_id uuid,
  -- Rows of the table.
  rows_count bigint not null,
  -- SHA-256 of its rows as COPY writes them, ordered by key.
  sha256 text not null,
  -- Hashes of sequences of rows (last_key, rows, sha256), which locate a difference by key range.
  segments jsonb not null,
  -- The newest row of ingestion.table_changes at that time; 0 when there was none. Later rows explain a
  -- difference.
  last_change_id bigint not null,
  -- When it was recorded, UTC.
  recorded_at timestamp with time zone not null default now(),
  -- The hashed columns, in order, quoted where needed. The comparison hashes the same columns, even when a
  -- later migration added others.
  columns text[],
  constraint content_hashes_pkey primary key (recording_id),
  constraint content_hashes_run_id_fkey foreign key (run_id) references ingestion.runs(run_id) on delete
    restrict,
  constraint content_hashes_rows_count_check check ((rows_count >= 0)),
  constraint content_hashes_sha256_check check ((sha256 ~ '^[0-9a-f]{64}$'))
);
create index content_hashes_by_table on ingestion.content_hashes using btree (table_name, recording_id desc);

-- Gathers the statistics of a core table, with the rights of its owner.
create function ingestion.analyze_table(filled regclass)
returns void
language plpgsql
security definer
set search_path to 'pg_catalog'
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

-- requests --------------------------------------------------------------------------------------------------

-- Every request to a provider, failed requests too, with the class of its response. Also the sliding window
-- of the short limits.
create table ingestion.requests (
  -- Identity of the request.
  request_id bigint generated always as identity not null,
  -- The run that made the request; null for a check outside a run.
  run_id uuid,
  -- The adapter, e.g. alpaca.
  provider text not null,
  -- The account whose budget it uses: "anonymous", or the first digits of a hash of the key. Never a key.
  account text not null,
  -- HTTP method.
  method text not null,
  -- Address without secrets.
  url text not null,
  -- SHA-256 of method, address without secrets and body: requests with equal fingerprints are the same
  -- request.
  fingerprint text not null,
  -- Number of the attempt, from 1.
  attempt integer not null,
  -- Its cost for limits of an hour and longer, in the provider's credits; 1 when the provider counts
  -- requests.
  cost_count integer not null default 1,
  -- When its slot begins, UTC; at most a second after the slot was taken.
  started_at timestamp with time zone not null,
  -- When it was sent, UTC; set when the response arrives.
  sent_at timestamp with time zone,
  -- Milliseconds from sent_at to the head of the response, or to the failure.
  latency_ms numeric,
  -- When the response was complete or failed, UTC; null while it is under way, or when its process died.
  answered_at timestamp with time zone,
  -- Class of the response, from the body classifier; cancelled: the product gave up.
  class text,
  -- Why it has that class, without secrets.
  reason text,
  -- HTTP status; null without a response.
  http_status integer,
  -- Bytes of the body after unpacking.
  body_bytes bigint,
  -- SHA-256 of the archived body, when the classifier accepted it.
  archive_sha256 text,
  -- Host and process id.
  process text not null,
  constraint requests_pkey primary key (request_id),
  constraint requests_run_id_fkey foreign key (run_id) references ingestion.runs(run_id) on delete restrict,
  constraint requests_answer_has_class check (((answered_at is null) = (class is null))),
  constraint requests_archive_sha256_check check ((archive_sha256 ~ '^[0-9a-f]{64}$')),
  constraint requests_attempt_check check ((attempt >= 1)),
  constraint requests_body_bytes_check check ((body_bytes >= 0)),
  constraint requests_class_check check ((class in ('ok', 'empty', 'not_found', 'quota', 'throttled', 'auth',
    'entitlement', 'transient', 'malformed', 'truncated', 'cancelled'))),
  constraint requests_cost_count_check check ((cost_count >= 0)),
  constraint requests_fingerprint_check check ((fingerprint ~ '^[0-9a-f]{64}$')),
  constraint requests_latency_ms_check check ((latency_ms >= (0)::numeric))
);
create index requests_by_account on ingestion.requests using btree (provider, account, started_at);
create index requests_by_run on ingestion.requests using btree (run_id);

-- What was spent in each minute, for the limits of an hour, a day and a month: their windows slide over
-- these sums.
create table ingestion.budgets (
  -- The adapter.
  provider text not null,
  -- As in ingestion.requests.
  account text not null,
  -- The minute, UTC.
  minute_at timestamp with time zone not null,
  -- Requests that started in the minute.
  requests_count integer not null,
  -- Their cost, in the provider's credits.
  cost_count bigint not null,
  constraint budgets_pkey primary key (provider, account, minute_at),
  constraint budgets_cost_count_check check ((cost_count >= 0)),
  constraint budgets_requests_count_check check ((requests_count >= 0))
);

-- Until when a provider asked for no requests. All processes wait for it.
create table ingestion.pauses (
  -- The adapter.
  provider text not null,
  -- As in ingestion.requests.
  account text not null,
  -- No request before this time, UTC.
  until_at timestamp with time zone not null,
  -- throttled: too many requests at once. quota: the quota is used up.
  class text not null,
  -- The provider's message, without secrets.
  reason text not null,
  constraint pauses_pkey primary key (provider, account),
  constraint pauses_class_check check ((class in ('throttled', 'quota')))
);

-- Takes a slot of a provider's budget for one request and writes its row, or returns after how many
-- milliseconds to ask again, and why.
create function ingestion.take_slot(in_provider text, in_account text, in_limits jsonb, in_run_id uuid,
  in_method text, in_url text, in_fingerprint text, in_attempt integer, in_cost integer, in_process text, out
  request_id bigint, out start_in_ms bigint, out wait_ms bigint, out because text, out because_class text)
returns record
language plpgsql
set search_path to 'pg_catalog'
as $$
declare
  now_at      timestamptz;
  start_at    timestamptz;
  ask_at      timestamptz;
  free_at     timestamptz;
  quickest_ms numeric;
  each        record;
  blocker     record;
begin
  perform pg_advisory_xact_lock(
    hashtextextended('ingestion.take_slot ' || in_provider || ' ' || in_account, 0)
  );
  now_at := clock_timestamp();
  start_at := now_at; -- The earliest start that every limit allows.
  ask_at := now_at;   -- The earliest time at which a further call can have another result.

  select p.until_at, p.reason, p.class
  into each
  from ingestion.pauses as p
  where p.provider = in_provider
    and p.account = in_account
    and p.until_at > now_at
    -- No pause is longer than a day: this one was set while the clock was wrong.
    and p.until_at < now_at + interval '2 days';
  if found then
    ask_at := each.until_at;
    because := each.reason;
    because_class := each.class;
  end if;

  -- A few responses, all of them delayed by one cold start, do not show the least latency: then nothing is
  -- deducted.
  select case when count(r.latency_ms) < 20 then 0 else min(r.latency_ms) end
  into quickest_ms
  from ingestion.requests as r
  where r.provider = in_provider
    and r.account = in_account
    and r.started_at > now_at - interval '1 min';

  for each in
    select l.requests_max, l.window_ms, l.jitter_ms, l.hold_ms
    from jsonb_to_recordset(in_limits)
      as l (requests_max bigint, window_ms bigint, jitter_ms bigint, hold_ms bigint)
  loop
    if each.window_ms < 3600000 then
      select r.started_at, r.sent_at,
        coalesce(
          r.sent_at + least(r.latency_ms - quickest_ms, each.jitter_ms) * interval '1 ms',
          r.started_at + each.hold_ms * interval '1 ms'
        ) + each.window_ms * interval '1 ms' as release_at
      into blocker
      from ingestion.requests as r
      where r.provider = in_provider
        and r.account = in_account
        -- A process may be delayed between its slot and its sending. After more than this time, the request
        -- is out of its window in any case.
        and r.started_at > now_at - (2 * each.window_ms + each.hold_ms) * interval '1 ms'
        -- A slot is given at most a second ahead. One that is further ahead was taken before the clock was
        -- set back.
        and r.started_at < now_at + interval '5 s'
      order by release_at desc
      offset each.requests_max - 1 limit 1;
      free_at := blocker.release_at;
      if free_at > now_at and blocker.sent_at is null then
        ask_at := greatest(ask_at, least(free_at, greatest(blocker.started_at, now_at) + interval '20 ms'));
      end if;
      start_at := greatest(start_at, free_at);
    else
      -- The minute after which enough spending has left the window.
      select min(s.minute_at) + (each.window_ms + 60000) * interval '1 ms'
      into free_at
      from (
        select b.minute_at,
          sum(b.cost_count) over (order by b.minute_at) as spent_until_then,
          sum(b.cost_count) over () as spent
        from ingestion.budgets as b
        where b.provider = in_provider
          and b.account = in_account
          and b.minute_at > now_at - (each.window_ms + 60000) * interval '1 ms'
          and b.minute_at <= now_at + each.window_ms * interval '1 ms'
      ) as s
      where s.spent + in_cost > each.requests_max
        and s.spent_until_then >= s.spent + in_cost - each.requests_max;
      ask_at := greatest(ask_at, free_at);
    end if;
    if free_at > now_at and free_at >= greatest(start_at, ask_at) then
      because := format('%s in %s ms', each.requests_max, each.window_ms);
      because_class := case when each.window_ms < 3600000 then 'throttled' else 'quota' end;
    end if;
  end loop;

  -- A process that takes a slot and dies wastes it. So no slot is given far ahead.
  ask_at := greatest(ask_at, start_at - interval '1 s');
  wait_ms := ceil(extract(epoch from ask_at - now_at) * 1000);
  if wait_ms > 0 then
    return;
  end if;
  start_in_ms := greatest(0, ceil(extract(epoch from start_at - clock_timestamp()) * 1000));

  insert into ingestion.requests as r (
    run_id, provider, account, method, url, fingerprint, attempt, cost_count, started_at, process
  )
  values (
    in_run_id, in_provider, in_account, in_method, in_url, in_fingerprint, in_attempt, in_cost,
    greatest(start_at, clock_timestamp()), in_process
  )
  returning r.request_id into request_id;
  insert into ingestion.budgets as b (provider, account, minute_at, requests_count, cost_count)
  values (in_provider, in_account, date_trunc('minute', now_at), 1, in_cost)
  on conflict (provider, account, minute_at) do update
    set requests_count = b.requests_count + 1,
      cost_count = b.cost_count + excluded.cost_count;
end
$$;

-- prices ----------------------------------------------------------------------------------------------------

-- Every value of a stored bar that was overwritten later, written by a trigger: it shows when a source
-- restates its history.
create table ingestion.price_revisions (
  -- Identity of the revision.
  revision_id bigint generated always as identity not null,
  -- The security of the bar.
  security_id bigint not null,
  -- The session of the bar.
  trade_date date not null,
  -- Which value of the bar.
  field text not null,
  -- The value before.
  old_value numeric,
  -- The value after.
  new_value numeric,
  -- The run that overwrote it; null for a manual edit.
  run_id uuid,
  -- When it was overwritten, UTC.
  revised_at timestamp with time zone not null default now(),
  constraint price_revisions_pkey primary key (revision_id),
  constraint price_revisions_differ check ((old_value is distinct from new_value)),
  constraint price_revisions_field_check check ((field in ('open', 'high', 'low', 'close', 'volume')))
);
create index price_revisions_by_bar on ingestion.price_revisions using btree (security_id, trade_date);

-- Statement trigger: writes one row of ingestion.price_revisions for each value of a bar that changes.
create function ingestion.record_price_revisions()
returns trigger
language plpgsql
security definer
set search_path to 'pg_catalog'
as $$
begin
  insert into ingestion.price_revisions (security_id, trade_date, field, old_value, new_value, run_id)
  select n.security_id, n.trade_date, f.field, f.old_value, f.new_value,
    nullif(current_setting('stocks_research.run_id', true), '')::uuid
  from new_rows n
  join old_rows o using (security_id, trade_date)
  cross join lateral (
    values
      ('open', o.open, n.open),
      ('high', o.high, n.high),
      ('low', o.low, n.low),
      ('close', o.close, n.close),
      ('volume', o.volume, n.volume)
  ) f (field, old_value, new_value)
  where f.old_value is distinct from f.new_value
  order by n.security_id, n.trade_date, f.field;
  return null;
end
$$;

-- listings --------------------------------------------------------------------------------------------------

-- Securities that were removed from the universe (npm run ingest -- universe remove). Their rows stay;
-- coverage and freshness do not count them. Adding one again deletes its row here.
create table ingestion.removed_securities (
  -- The security.
  security_id bigint not null,
  -- When it was removed, UTC.
  removed_at timestamp with time zone not null default now(),
  -- Why, as the person who removed it wrote.
  reason text not null,
  constraint removed_securities_pkey primary key (security_id),
  constraint removed_securities_security_id_fkey foreign key (security_id) references
    stocks_research.securities(security_id) on delete restrict,
  constraint removed_securities_reason_check check ((reason <> ''))
);

-- second source ---------------------------------------------------------------------------------------------

-- The second source in the tables second_*; a new one replaces the old one.
create table ingestion.second_source (
  -- Always true: the table has one row.
  is_only_row boolean not null default true,
  -- Where it was read, e.g. flat-files:<folder>.
  source text not null,
  -- SHA-256 over the hashes of its files.
  sha256 text not null,
  -- Whether it reports splits; otherwise none is missing in it.
  has_splits boolean not null,
  -- Whether it reports dividends; otherwise none is missing in it.
  has_dividends boolean not null,
  -- Bars and events that were read: kept, skipped, rejected, contradicted or repeated.
  rows_read bigint not null,
  -- Bars and events of securities of this database.
  rows_kept bigint not null,
  -- Bars and events of other securities, by id, or by ticker on the day.
  rows_skipped bigint not null,
  -- Records that break their format.
  rows_rejected bigint not null,
  -- Closes that the source reports twice with different values; none of them is compared.
  rows_contradicted bigint not null,
  -- When it was read, UTC.
  loaded_at timestamp with time zone not null default now(),
  constraint second_source_pkey primary key (is_only_row),
  constraint second_source_is_only_row_check check (is_only_row),
  constraint second_source_rows_contradicted_check check ((rows_contradicted >= 0)),
  constraint second_source_rows_kept_check check ((rows_kept >= 0)),
  constraint second_source_rows_read_check check ((rows_read >= 0)),
  constraint second_source_rows_rejected_check check ((rows_rejected >= 0)),
  constraint second_source_rows_skipped_check check ((rows_skipped >= 0)),
  constraint second_source_sha256_check check ((sha256 ~ '^[0-9a-f]{64}$'))
);

-- Raw closes of the second source.
create table ingestion.second_prices (
  -- The security of the close.
  security_id bigint not null,
  -- Exchange session, New York calendar day.
  trade_date date not null,
  -- Unadjusted close.
  close numeric not null,
  constraint second_prices_pkey primary key (security_id, trade_date),
  constraint second_prices_security_id_fkey foreign key (security_id) references
    stocks_research.securities(security_id) on delete cascade,
  constraint second_prices_close_check check ((close > (0)::numeric))
);

-- Payments and splits of the second source.
create table ingestion.second_events (
  -- Identity of the row.
  event_id bigint generated always as identity not null,
  -- The security of the event.
  security_id bigint not null,
  -- Ex-date.
  ex_date date not null,
  -- Cash per share as paid on the ex-date; null for a split.
  cash_amount numeric,
  -- New shares per old share; null for a payment.
  split_ratio numeric,
  constraint second_events_pkey primary key (event_id),
  constraint second_events_security_id_fkey foreign key (security_id) references
    stocks_research.securities(security_id) on delete cascade,
  constraint second_events_cash_amount_check check ((cash_amount >= (0)::numeric)),
  constraint second_events_one_term check (((cash_amount is null) <> (split_ratio is null))),
  constraint second_events_split_ratio_check check ((split_ratio > (0)::numeric))
);
create index second_events_by_security on ingestion.second_events using btree (security_id, ex_date);

-- How much of each security the second source covers. No row when no second source is loaded.
create view ingestion.second_source_coverage_v as
 select s.security_id,
    s.source_id,
    c.closes_count,
    c.compared_count,
    c.closes_count - c.compared_count as not_held_count,
    c.first_date,
    c.last_date
   from stocks_research.securities s
     cross join lateral ( select count(*) as closes_count,
            count(q.trade_date) as compared_count,
            min(q.trade_date) as first_date,
            max(q.trade_date) as last_date
           from stocks_research.prices_daily p
             left join ingestion.second_prices q using (security_id, trade_date)
          where p.security_id = s.security_id) c
  where (exists ( select
           from ingestion.second_source));

-- Each change from one provider to another (npm run ingest -- provider switch), with the report of what it
-- changed.
create table ingestion.provider_changes (
  -- Identity of the change; later ones are higher.
  change_id bigint generated always as identity not null,
  -- Source of the newest run before, as in runs.
  former_source text not null,
  -- The adapter that gave the bars before.
  former_provider text not null,
  -- Source of the run that changed the provider.
  new_source text not null,
  -- The adapter that gives the bars since then.
  new_provider text not null,
  -- Kinds of difference that the person who made the change accepted, e.g. closes, events.
  accepted text[] not null default '{}'::text[],
  -- What differed between the two providers, in counts and lists.
  report jsonb not null,
  -- When the change began, UTC.
  begun_at timestamp with time zone not null default now(),
  -- The run that loaded the new provider; null until it ended. Until then every other run is refused.
  run_id uuid,
  -- When that run ended, UTC; null until then.
  ended_at timestamp with time zone,
  constraint provider_changes_pkey primary key (change_id),
  constraint provider_changes_run_id_fkey foreign key (run_id) references ingestion.runs(run_id) on delete
    restrict,
  constraint provider_changes_end_has_run check (((run_id is null) = (ended_at is null)))
);

-- Spans of bars that only the former provider has. They stay as they were; every other bar of the window is
-- the new provider's.
create table ingestion.kept_bars (
  -- The change of provider.
  change_id bigint not null,
  -- The security.
  security_id bigint not null,
  -- First bar of the span.
  first_date date not null,
  -- Last bar of the span.
  last_date date not null,
  constraint kept_bars_pkey primary key (change_id, security_id, first_date),
  constraint kept_bars_change_id_fkey foreign key (change_id) references
    ingestion.provider_changes(change_id) on delete cascade,
  constraint kept_bars_security_id_fkey foreign key (security_id) references
    stocks_research.securities(security_id) on delete cascade,
  constraint kept_bars_dates_are_ordered check ((first_date <= last_date))
);

-- The adapter that gave a stored bar, through every change of provider; null when there is no bar.
create function ingestion.provider_of_bar(asked_security_id bigint, asked_date date)
returns text
language sql
stable
set search_path to 'pg_catalog'
begin atomic
select coalesce(( select c.new_provider
from ingestion.provider_changes c
where ((c.ended_at is not null) and (not (exists ( select
from ingestion.kept_bars k
where ((k.change_id = c.change_id) and (k.security_id = provider_of_bar.asked_security_id) and
  ((provider_of_bar.asked_date >= k.first_date) and (provider_of_bar.asked_date <= k.last_date)))))))
order by c.change_id desc
limit 1), ( select c.former_provider
from ingestion.provider_changes c
where (c.ended_at is not null)
order by c.change_id
limit 1), ( select i.provider
from (ingestion.items i
join stocks_research.securities s on ((s.source_id = i.item)))
where ((s.security_id = provider_of_bar.asked_security_id) and (i.job = 'prices-daily') and (i.status = 'ok')
  and ((provider_of_bar.asked_date >= i.start_date) and (provider_of_bar.asked_date <= i.end_date)))
order by i.item_id desc
limit 1)) as "coalesce"
from stocks_research.prices_daily p
where ((p.security_id = provider_of_bar.asked_security_id) and (p.trade_date = provider_of_bar.asked_date));
end;

-- findings by name ------------------------------------------------------------------------------------------

-- Open findings by name: what each check found, in which security, on which day.
create view ingestion.findings_v as
 select f.finding_id,
    f.fingerprint,
    f.check_name,
    f.severity,
    f.subject,
    s.security_id,
    s.ticker,
    e.day,
    e.evidence_text,
    f.first_seen_at,
    f.last_seen_at,
    f.accepted_by
   from ingestion.findings f
     left join lateral ( select n.security_id,
            n.ticker
           from ( select s_1.security_id,
                    s_1.ticker
                   from stocks_research.securities s_1
                  where s_1.source_id = f.subject
                union all
                 select s_1.security_id,
                    s_1.ticker
                   from stocks_research.securities s_1
                  where s_1.cik = f.subject
                union all
                 select s_1.security_id,
                    s_1.ticker
                   from stocks_research.securities s_1
                  where s_1.security_id =
                        case
                            when f.subject ~ '^[0-9]{1,18}$' then f.subject::bigint
                            else null::bigint
                        end) n
          order by n.security_id
         limit 1) s on true
     cross join lateral ( select string_agg((replace(v.key, '_', ' ') || ' ') || v.value, ', ' order by
       (length(v.key)), v.key) as evidence_text,
            (array_agg(v.value order by (array_position(d.names, v.key))) filter (where (v.key = any
              (d.names)) and v.value ~ '^\d{4}-\d\d-\d\d'))[1]::date as day
           from jsonb_each_text(f.evidence) v(key, value)
             cross join ( select array['trade_date', 'session_date', 'day', 'ex_date', 'again_date',
               'overlap_date', 'period_end', 'first_date', 'valid_from', 'known_from'] as names) d) e
  where f.resolved_at is null;

-- security quality ------------------------------------------------------------------------------------------

-- The newest day that the evidence of a finding names: before it nobody could know the finding. Where it
-- names none, the day on which this database found it first.
create function ingestion.finding_known_from(evidence jsonb, first_seen_at timestamp with time zone)
returns date
language sql
stable parallel safe
set search_path to 'pg_catalog'
as $$
select coalesce(
  (
    select max(left(v.value, 10))::date
    from jsonb_each_text($1) v
    where v.value ~ '^(18|19|20|21)\d\d-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])($|[ T])'
      and v.key not in ('list_date', 'delist_date', 'valid_to')
  ),
  ($2 at time zone 'UTC')::date
)
$$;

-- ===========================================================================================================
-- Schema stocks_research
-- ===========================================================================================================

-- calendar --------------------------------------------------------------------------------------------------

-- Sessions of the New York Stock Exchange (XNYS), from 1990 to the end of the year after next. A day without
-- a row is not a session.
create table stocks_research.trading_sessions (
  -- Calendar day in New York.
  session_date date not null,
  -- True when the session closes before 16:00 New York time.
  is_early_close boolean not null,
  -- Start of the session, UTC (09:30 New York time).
  open_at timestamp with time zone not null,
  -- Scheduled close, UTC.
  close_at timestamp with time zone not null,
  constraint trading_sessions_pkey primary key (session_date),
  constraint trading_sessions_on_weekdays check (((extract(isodow from session_date) >= (1)::numeric) and
    (extract(isodow from session_date) <= (5)::numeric))),
  constraint trading_sessions_open_before_close check ((open_at < close_at))
);
create trigger change_delete after delete on stocks_research.trading_sessions referencing old table as
  old_rows for each statement execute function ingestion.record_change();
create trigger change_insert after insert on stocks_research.trading_sessions referencing new table as
  new_rows for each statement execute function ingestion.record_change();
create trigger change_truncate after truncate on stocks_research.trading_sessions for each statement execute
  function ingestion.record_change();
create trigger change_update after update on stocks_research.trading_sessions referencing new table as
  new_rows for each statement execute function ingestion.record_change();
create trigger version_delete after delete on stocks_research.trading_sessions referencing old table as
  old_rows for each statement execute function ingestion.bump_versions('*');
create trigger version_insert after insert on stocks_research.trading_sessions referencing new table as
  new_rows for each statement execute function ingestion.bump_versions('*');
create trigger version_truncate after truncate on stocks_research.trading_sessions for each statement execute
  function ingestion.bump_versions('*');
create trigger version_update after update on stocks_research.trading_sessions referencing old table as
  old_rows new table as new_rows for each statement execute function ingestion.bump_versions('*');

-- securities ------------------------------------------------------------------------------------------------

-- The securities master: one row for each security of the universe, delisted securities included.
create table stocks_research.securities (
  -- Permanent identity: the first 48 bits of SHA-256 of the source_id under which the security was loaded
  -- first. The same on every rebuild, in any order of loading.
  security_id bigint not null,
  -- Permanent identifier of the security at its source. Never a ticker.
  source_id text not null,
  -- Last ticker. For another day, see ticker_history.
  ticker text not null,
  -- Name of the registrant or fund, as the source reports it today; null when not known.
  name text,
  -- ISO 10383 code of the listing exchange; null when not known.
  exchange_mic text,
  -- Kind of security in the source's words, e.g. stock, etf; null when not known.
  security_type text,
  -- ISO 4217 code of the trading currency.
  currency text,
  -- SEC Central Index Key of the filer, ten digits with leading zeros. One filer may have several
  -- securities.
  cik text,
  -- Composite FIGI, when known.
  figi text,
  -- Share class FIGI, when known.
  share_class_figi text,
  -- First day of listing; null when the source does not report it.
  list_date date,
  -- Last day of listing, inclusive; null while listed or when not known.
  delist_date date,
  -- Whether the source reports it as listed today. False with a null delist_date: the listing ended, and no
  -- source says when. Null when the source does not report it.
  is_listed boolean,
  constraint securities_pkey primary key (security_id),
  constraint securities_source_id_key unique (source_id),
  constraint securities_cik_check check ((cik ~ '^[0-9]{10}$')),
  constraint securities_currency_check check ((currency ~ '^[A-Z]{3}$')),
  constraint securities_exchange_mic_check check ((exchange_mic ~ '^[A-Z0-9]{4}$')),
  constraint securities_figi_check check ((figi ~ '^[A-Z0-9]{12}$')),
  constraint securities_listed_before_delisted check ((list_date <= delist_date)),
  constraint securities_security_id_check check ((security_id > 0)),
  constraint securities_share_class_figi_check check ((share_class_figi ~ '^[A-Z0-9]{12}$')),
  constraint securities_source_id_check check ((source_id <> '')),
  constraint securities_ticker_check check ((ticker <> ''))
);
create index securities_by_cik on stocks_research.securities using btree (cik);
create trigger change_delete after delete on stocks_research.securities referencing old table as old_rows for
  each statement execute function ingestion.record_change();
create trigger change_insert after insert on stocks_research.securities referencing new table as new_rows for
  each statement execute function ingestion.record_change();
create trigger change_truncate after truncate on stocks_research.securities for each statement execute
  function ingestion.record_change();
create trigger change_update after update on stocks_research.securities referencing new table as new_rows for
  each statement execute function ingestion.record_change();
create trigger version_delete after delete on stocks_research.securities referencing old table as old_rows
  for each statement execute function ingestion.bump_versions('security_id');
create trigger version_insert after insert on stocks_research.securities referencing new table as new_rows
  for each statement execute function ingestion.bump_versions('security_id');
create trigger version_truncate after truncate on stocks_research.securities for each statement execute
  function ingestion.bump_versions('security_id');
create trigger version_update after update on stocks_research.securities referencing old table as old_rows
  new table as new_rows for each statement execute function ingestion.bump_versions('security_id');

-- Which security had which ticker on which days. US tickers are unique across exchanges on any one day, so
-- the constraint ignores the exchange.
create table stocks_research.ticker_history (
  -- The security that had the ticker.
  security_id bigint not null,
  -- The ticker, as traded.
  ticker text not null,
  -- First calendar day on which the security had the ticker, inclusive.
  valid_from date not null,
  -- Last calendar day, inclusive; null while the security has the ticker.
  valid_to date,
  -- ISO 10383 code of the listing exchange in that interval; null when not known.
  exchange_mic text,
  -- Why the interval starts or ends, when the source reports it.
  reason text,
  constraint ticker_history_pkey primary key (security_id, valid_from),
  constraint ticker_history_security_id_fkey foreign key (security_id) references
    stocks_research.securities(security_id) on delete restrict,
  constraint ticker_history_exchange_mic_check check ((exchange_mic ~ '^[A-Z0-9]{4}$')),
  constraint ticker_history_from_before_to check ((valid_from <= valid_to)),
  constraint ticker_history_ticker_check check ((ticker <> '')),
  constraint ticker_history_one_security_a_day exclude using gist (ticker with =, daterange(valid_from,
    valid_to, '[]') with &&),
  constraint ticker_history_one_ticker_a_day exclude using gist (security_id with =, daterange(valid_from,
    valid_to, '[]') with &&)
);
create index ticker_history_by_key on stocks_research.ticker_history using btree
  (stocks_research.ticker_key(ticker), valid_from);
create trigger change_delete after delete on stocks_research.ticker_history referencing old table as old_rows
  for each statement execute function ingestion.record_change();
create trigger change_insert after insert on stocks_research.ticker_history referencing new table as new_rows
  for each statement execute function ingestion.record_change();
create trigger change_truncate after truncate on stocks_research.ticker_history for each statement execute
  function ingestion.record_change();
create trigger change_update after update on stocks_research.ticker_history referencing new table as new_rows
  for each statement execute function ingestion.record_change();
create trigger version_delete after delete on stocks_research.ticker_history referencing old table as
  old_rows for each statement execute function ingestion.bump_versions('security_id');
create trigger version_insert after insert on stocks_research.ticker_history referencing new table as
  new_rows for each statement execute function ingestion.bump_versions('security_id');
create trigger version_truncate after truncate on stocks_research.ticker_history for each statement execute
  function ingestion.bump_versions('security_id');
create trigger version_update after update on stocks_research.ticker_history referencing old table as
  old_rows new table as new_rows for each statement execute function ingestion.bump_versions('security_id');

-- The ticker of this security on this day; null when it had none.
create function stocks_research.ticker_as_of(security_id bigint, as_of date)
returns text
language sql
stable parallel safe
as $$
select h.ticker
from stocks_research.ticker_history h
where h.security_id = $1
  and h.valid_from <= $2
  and $2 <= coalesce(h.valid_to, 'infinity')
$$;

-- prices ----------------------------------------------------------------------------------------------------

-- Unadjusted daily bars, as traded. One row for each security and session. Adjusted values:
-- prices_daily_adjusted_v.
create table stocks_research.prices_daily (
  -- The security that traded. Stable across ticker changes.
  security_id bigint not null,
  -- Exchange session, New York calendar day.
  trade_date date not null,
  -- First trade of the session, trading currency per share, unadjusted; null when the source reports none.
  open numeric,
  -- Highest trade of the session, trading currency per share, unadjusted; null when the source reports none.
  high numeric,
  -- Lowest trade of the session, trading currency per share, unadjusted; null when the source reports none.
  low numeric,
  -- Last trade of the session, trading currency per share, unadjusted.
  close numeric not null,
  -- Shares traded in the session, unadjusted; a decimal, since some sources report fractional lots; null
  -- when the source reports none.
  volume numeric,
  constraint prices_daily_pkey primary key (security_id, trade_date),
  constraint prices_daily_security_id_fkey foreign key (security_id) references
    stocks_research.securities(security_id) on delete restrict,
  constraint prices_daily_close_check check ((close > (0)::numeric)),
  constraint prices_daily_high_check check ((high > (0)::numeric)),
  constraint prices_daily_high_is_highest check ((high >= greatest(open, close, low))),
  constraint prices_daily_low_check check ((low > (0)::numeric)),
  constraint prices_daily_low_is_lowest check ((low <= least(open, close, high))),
  constraint prices_daily_open_check check ((open > (0)::numeric)),
  constraint prices_daily_volume_check check ((volume >= (0)::numeric))
);
create index prices_daily_by_date on stocks_research.prices_daily using btree (trade_date);
create trigger change_delete after delete on stocks_research.prices_daily referencing old table as old_rows
  for each statement execute function ingestion.record_change();
create trigger change_insert after insert on stocks_research.prices_daily referencing new table as new_rows
  for each statement execute function ingestion.record_change();
create trigger change_truncate after truncate on stocks_research.prices_daily for each statement execute
  function ingestion.record_change();
create trigger change_update after update on stocks_research.prices_daily referencing new table as new_rows
  for each statement execute function ingestion.record_change();
create trigger price_revisions after update on stocks_research.prices_daily referencing old table as old_rows
  new table as new_rows for each statement execute function ingestion.record_price_revisions();
create trigger version_delete after delete on stocks_research.prices_daily referencing old table as old_rows
  for each statement execute function ingestion.bump_versions('security_id');
create trigger version_insert after insert on stocks_research.prices_daily referencing new table as new_rows
  for each statement execute function ingestion.bump_versions('security_id');
create trigger version_truncate after truncate on stocks_research.prices_daily for each statement execute
  function ingestion.bump_versions('security_id');
create trigger version_update after update on stocks_research.prices_daily referencing old table as old_rows
  new table as new_rows for each statement execute function ingestion.bump_versions('security_id');

-- corporate actions -----------------------------------------------------------------------------------------

-- True for the kinds of corporate action that pay cash per share.
create function stocks_research.is_cash_kind(kind text)
returns boolean
language sql
immutable parallel safe
return (kind in ('cash_dividend', 'special_dividend', 'return_of_capital', 'liquidation'));

-- True for the kinds of corporate action that change the number of shares.
create function stocks_research.is_split_kind(kind text)
returns boolean
language sql
immutable parallel safe
return (kind in ('split', 'stock_dividend'));

-- True for the kinds of corporate action that prices are adjusted for.
create function stocks_research.moves_price(kind text)
returns boolean
language sql
immutable parallel safe
return (stocks_research.is_cash_kind(kind) or stocks_research.is_split_kind(kind) or (kind = 'spin_off'));

-- Dividends, splits, delistings and other events, as their source reports them, unadjusted.
create table stocks_research.corporate_actions (
  -- The security of the event.
  security_id bigint not null,
  -- First day on which a buyer no longer receives the payment; for a delisting the last day of listing; for
  -- a change of name the day it takes effect.
  ex_date date not null,
  -- Kind of event.
  kind text not null,
  -- Distinguishes two events of one kind and day: the terms in canonical form (amount and currency, or
  -- ratio), or the security that was spun off.
  action_key text not null,
  -- Number of the event among events of one day with equal terms, from 1: three dividends of 0.06 on one
  -- ex-date are three events.
  occurrence integer not null,
  -- Cash per share as paid on the ex-date, not adjusted for later splits, in currency. Of a merger or
  -- delisting: what holders received per share when the listing ended.
  cash_amount numeric,
  -- ISO 4217 code of cash_amount.
  currency text,
  -- Old shares of the ratio split_from to split_to. Of a spin-off: 1, the price before.
  split_from numeric,
  -- New shares of the ratio: 20 to 1 is a reverse split; a stock dividend of 2 % is 1 to 1.02. Of a
  -- spin-off: the price before as a multiple of the price after; no share is added.
  split_to numeric,
  -- Day of declaration, when known.
  declared_date date,
  -- Record date, when known.
  record_date date,
  -- Pay date, when known.
  pay_date date,
  -- How a merger or delisting ended the listing, as far as the source reports it; null for other kinds and
  -- where the source reports none. delistings_v has the code that follows from all terms.
  delisting_code text,
  -- Shares of the acquirer that holders received for one share, at the end of a listing.
  shares_per_share numeric,
  -- source_id of the acquirer, when the source reports it.
  acquirer_source_id text,
  -- Ticker of the acquirer on the day of the event, when the source reports it.
  acquirer_ticker text,
  -- True when holders also received something that no column states: rights, notes, shares of several
  -- companies. The terms are in detail.
  has_other_proceeds boolean not null default false,
  -- Other terms as the source reports them, e.g. the reason of a delisting, old and new name.
  detail jsonb not null default '{}'::jsonb,
  -- The adapter that loaded it.
  source text not null,
  constraint corporate_actions_pkey primary key (security_id, ex_date, kind, action_key, occurrence),
  constraint corporate_actions_security_id_fkey foreign key (security_id) references
    stocks_research.securities(security_id) on delete restrict,
  constraint corporate_actions_cash_amount_check check ((cash_amount >= (0)::numeric)),
  constraint corporate_actions_cash_has_amount check (((not stocks_research.is_cash_kind(kind)) or
    (cash_amount is not null))),
  constraint corporate_actions_currency_check check ((currency ~ '^[A-Z]{3}$')),
  constraint corporate_actions_delisting_code_check check ((delisting_code in ('merger_cash', 'merger_stock',
    'merger_mixed', 'liquidation', 'worthless', 'moved_to_otc', 'moved_exchange', 'redeemed', 'expired',
    'not_known'))),
  constraint corporate_actions_kind_check check ((kind in ('cash_dividend', 'special_dividend',
    'return_of_capital', 'liquidation', 'stock_dividend', 'split', 'spin_off', 'merger', 'name_change',
    'delisting'))),
  constraint corporate_actions_occurrence_check check ((occurrence >= 1)),
  constraint corporate_actions_shares_per_share_check check ((shares_per_share > (0)::numeric)),
  constraint corporate_actions_split_from_check check ((split_from > (0)::numeric)),
  constraint corporate_actions_split_has_ratio check (((not stocks_research.is_split_kind(kind)) or
    ((split_from is not null) and (split_to is not null)))),
  constraint corporate_actions_split_to_check check ((split_to > (0)::numeric)),
  constraint corporate_actions_terms_end_a_listing check (((kind in ('merger', 'delisting')) or
    ((delisting_code is null) and (shares_per_share is null) and (acquirer_source_id is null) and
    (acquirer_ticker is null) and (not has_other_proceeds))))
);
create trigger change_delete after delete on stocks_research.corporate_actions referencing old table as
  old_rows for each statement execute function ingestion.record_change();
create trigger change_insert after insert on stocks_research.corporate_actions referencing new table as
  new_rows for each statement execute function ingestion.record_change();
create trigger change_truncate after truncate on stocks_research.corporate_actions for each statement execute
  function ingestion.record_change();
create trigger change_update after update on stocks_research.corporate_actions referencing new table as
  new_rows for each statement execute function ingestion.record_change();
create trigger version_delete after delete on stocks_research.corporate_actions referencing old table as
  old_rows for each statement execute function ingestion.bump_versions('security_id');
create trigger version_insert after insert on stocks_research.corporate_actions referencing new table as
  new_rows for each statement execute function ingestion.bump_versions('security_id');
create trigger version_truncate after truncate on stocks_research.corporate_actions for each statement
  execute function ingestion.bump_versions('security_id');
create trigger version_update after update on stocks_research.corporate_actions referencing old table as
  old_rows new table as new_rows for each statement execute function ingestion.bump_versions('security_id');

-- Events of a security that its source reported and that were rejected: malformed, or reported with
-- different values. Earlier adjusted values are null. Rewritten whenever the events of the security are
-- read.
create table stocks_research.refused_events (
  -- The security of the event.
  security_id bigint not null,
  -- As in corporate_actions; null when it cannot be read.
  ex_date date,
  -- As in corporate_actions; unknown when the source reports another kind.
  kind text not null,
  -- Declaration date, when it can be read.
  declared_date date,
  -- Why the event was rejected, in a sentence.
  reason text not null,
  constraint refused_events_stand_once unique nulls not distinct (security_id, ex_date, kind, declared_date,
    reason),
  constraint refused_events_security_id_fkey foreign key (security_id) references
    stocks_research.securities(security_id) on delete restrict,
  constraint refused_events_kind_check check ((kind in ('cash_dividend', 'special_dividend',
    'return_of_capital', 'liquidation', 'stock_dividend', 'split', 'spin_off', 'merger', 'name_change',
    'delisting', 'unknown')))
);
create trigger change_delete after delete on stocks_research.refused_events referencing old table as old_rows
  for each statement execute function ingestion.record_change();
create trigger change_insert after insert on stocks_research.refused_events referencing new table as new_rows
  for each statement execute function ingestion.record_change();
create trigger change_truncate after truncate on stocks_research.refused_events for each statement execute
  function ingestion.record_change();
create trigger change_update after update on stocks_research.refused_events referencing new table as new_rows
  for each statement execute function ingestion.record_change();
create trigger version_delete after delete on stocks_research.refused_events referencing old table as
  old_rows for each statement execute function ingestion.bump_versions('security_id');
create trigger version_insert after insert on stocks_research.refused_events referencing new table as
  new_rows for each statement execute function ingestion.bump_versions('security_id');
create trigger version_truncate after truncate on stocks_research.refused_events for each statement execute
  function ingestion.bump_versions('security_id');
create trigger version_update after update on stocks_research.refused_events referencing old table as
  old_rows new table as new_rows for each statement execute function ingestion.bump_versions('security_id');

-- Exchange rates of a day, as their source reports them. A rate that its source corrects is replaced.
create table stocks_research.fx_rates (
  -- The day of the rate, by its source.
  rate_date date not null,
  -- ISO 4217 code of the currency of which one unit is priced.
  from_currency text not null,
  -- ISO 4217 code of the currency of the rate.
  to_currency text not null,
  -- Who states the rate: ecb (European Central Bank), fed (Federal Reserve H.10), or the name that the
  -- delivery states, "delivery" by default.
  source text not null,
  -- Units of to_currency for one unit of from_currency, as stated.
  rate numeric not null,
  -- First day on which the rate was public: of the ECB its own day, of the Federal Reserve the Tuesday after
  -- its week.
  known_from date not null,
  constraint fx_rates_pkey primary key (rate_date, from_currency, to_currency, source),
  constraint fx_rates_from_currency_check check ((from_currency ~ '^[A-Z]{3}$')),
  constraint fx_rates_known_after_their_day check ((known_from >= rate_date)),
  constraint fx_rates_of_two_currencies check ((from_currency <> to_currency)),
  constraint fx_rates_rate_check check ((rate > (0)::numeric)),
  constraint fx_rates_to_currency_check check ((to_currency ~ '^[A-Z]{3}$'))
);
create trigger change_delete after delete on stocks_research.fx_rates referencing old table as old_rows for
  each statement execute function ingestion.record_change();
create trigger change_insert after insert on stocks_research.fx_rates referencing new table as new_rows for
  each statement execute function ingestion.record_change();
create trigger change_truncate after truncate on stocks_research.fx_rates for each statement execute function
  ingestion.record_change();
create trigger change_update after update on stocks_research.fx_rates referencing new table as new_rows for
  each statement execute function ingestion.record_change();
create trigger version_delete after delete on stocks_research.fx_rates referencing old table as old_rows for
  each statement execute function ingestion.bump_versions('source');
create trigger version_insert after insert on stocks_research.fx_rates referencing new table as new_rows for
  each statement execute function ingestion.bump_versions('source');
create trigger version_truncate after truncate on stocks_research.fx_rates for each statement execute
  function ingestion.bump_versions('source');
create trigger version_update after update on stocks_research.fx_rates referencing old table as old_rows new
  table as new_rows for each statement execute function ingestion.bump_versions('source');

-- How an amount of a day is converted, by the rates known on as_of: amount x numerator / denominator. The
-- rate is the newest of the day and of the seven days before it; of one day the stated pair, else its
-- reverse, else two rates of one source over one common currency. No row when there is none.
create function stocks_research.fx_conversion(from_currency text, to_currency text, day date, as_of date)
returns table(numerator numeric, denominator numeric, rate_date date, source text, rates text)
language sql
stable parallel safe
set search_path to 'pg_catalog'
as $$
with stated as (
  -- A rate of the day or of the seven days before it that was known on as_of.
  select r.rate_date, r.source, r.from_currency, r.to_currency, r.rate,
    '1 ' || r.from_currency || ' = ' || r.rate || ' ' || r.to_currency as rates
  from stocks_research.fx_rates r
  where r.rate_date >= $3 - 7
    and r.rate_date <= $3
    and r.known_from <= $4
), ways as (
  -- It and its reverse, as fractions: units of to_currency for one unit of from_currency.
  select s.rate_date, s.source, s.from_currency, s.to_currency,
    s.rate as numerator, 1::numeric as denominator, 1 as way, s.rates
  from stated s
  union all
  select s.rate_date, s.source, s.to_currency, s.from_currency, 1, s.rate, 2, s.rates
  from stated s
), conversions as (
  select w.numerator, w.denominator, w.rate_date, w.source, w.way, w.rates
  from ways w
  where w.from_currency = $1
    and w.to_currency = $2
  union all
  -- Over one common currency, by two rates of one source and day.
  select a.numerator * b.numerator, a.denominator * b.denominator, a.rate_date, a.source, 3,
    a.rates || ', ' || b.rates
  from ways a
  join ways b
    on b.rate_date = a.rate_date
    and b.source = a.source
    and b.from_currency = a.to_currency
  where a.from_currency = $1
    and b.to_currency = $2
)
select c.numerator, c.denominator, c.rate_date, c.source,
  c.rates || ' on ' || c.rate_date || ' (' || c.source || ')'
from conversions c
order by c.rate_date desc, c.way, c.source collate "C", c.rates collate "C"
limit 1
$$;

-- An amount in to_currency, by the rate of the day that was known on as_of (see fx_conversion); 60 decimals.
-- The amount itself when the currencies are equal or one of them is not known; null without a rate.
create function stocks_research.converted_cash(amount numeric, from_currency text, to_currency text, day
  date, as_of date)
returns numeric
language sql
stable parallel safe
set search_path to 'pg_catalog'
as $$
select case
  when $2 <> $3 then (
    select round($1 * c.numerator, 60) / c.denominator
    from stocks_research.fx_conversion($2, $3, $4, $5) c
  )
  else $1
end
$$;

-- The sources of exchange rates, for a security with an event that may be in another currency: when one of
-- them changes, its factors are derived again.
create function stocks_research.fx_sources(security_id text)
returns setof text
language sql
stable parallel safe
set search_path to 'pg_catalog'
as $$
select distinct v.subject
from ingestion.subject_versions v
where v.table_name = 'stocks_research.fx_rates'
  and exists (
    select
    from stocks_research.corporate_actions a
    join stocks_research.securities s on s.security_id = a.security_id
    where a.security_id = $1::bigint
      and (a.currency <> s.currency or (a.kind = 'spin_off' and a.cash_amount is null))
  )
$$;

-- adjustment factors ----------------------------------------------------------------------------------------

-- A product that is null when a factor is null; step of stocks_research.product_exact.
create function stocks_research.multiply_exactly(numeric, numeric)
returns numeric
language sql
immutable parallel safe
return ($1 * $2);

-- A product kept to 60 decimals, null when a factor is null; step of stocks_research.product_rounded.
create function stocks_research.multiply_rounded(numeric, numeric)
returns numeric
language sql
immutable parallel safe
return round(($1 * $2), 60);

-- Product of all values with every digit; null when one of them is null.
create aggregate stocks_research.product_exact(numeric) (
  sfunc = stocks_research.multiply_exactly, stype = numeric, initcond = '1'
);

-- Product of all values to 60 decimals, so that a hundred events do not give thousands of digits; null when
-- one of them is null.
create aggregate stocks_research.product_rounded(numeric) (
  sfunc = stocks_research.multiply_rounded, stype = numeric, initcond = '1'
);

-- What raw prices and volumes are multiplied with, for each security and each interval of days between two
-- events. Derived from prices_daily, corporate_actions, refused_events, fx_rates and trading_sessions.
create table stocks_research.adjustment_factors (
  -- The security.
  security_id bigint not null,
  -- First day of the interval, inclusive: the first bar, or the session on which the events before it took
  -- effect.
  first_date date not null,
  -- Last day of the interval, inclusive: the last bar, or the day before the next events took effect.
  last_date date not null,
  -- Definition A: product over all later ex-dates of (1 - D / C(prev)) x old / new shares. 60 decimals. Null
  -- when a later event cannot be applied.
  price_factor numeric,
  -- Definition B: product over all later ex-dates of C(ex) / (C(ex) x new / old + D). 60 decimals. Null when
  -- a later event cannot be applied.
  total_return_factor numeric,
  -- Old shares of all later splits and stock dividends: with split_denominator an exact ratio in lowest
  -- terms. Split-adjusted price = raw x numerator / denominator; adjusted volume = raw x denominator /
  -- numerator.
  split_numerator numeric,
  -- New shares of all later splits and stock dividends.
  split_denominator numeric,
  -- The events at the end of the interval, [] for the last one: with those of all later intervals they
  -- determine its factors. value_source says where the value of a spin-off comes from; fx_rates names the
  -- rate and the day by which a cash_amount in another currency (currency) was converted; refused says that
  -- the event is one of refused_events.
  events jsonb not null,
  -- The first later event that cannot be applied, and why; null when all can be applied.
  reason text,
  constraint adjustment_factors_pkey primary key (security_id, first_date),
  constraint adjustment_factors_security_id_fkey foreign key (security_id) references
    stocks_research.securities(security_id) on delete restrict,
  constraint adjustment_factors_first_before_last check ((first_date <= last_date)),
  constraint adjustment_factors_null_has_reason check (((reason is not null) = ((price_factor is null) or
    (total_return_factor is null) or (split_numerator is null) or (split_denominator is null)))),
  constraint adjustment_factors_price_factor_check check ((price_factor > (0)::numeric)),
  constraint adjustment_factors_split_denominator_check check ((split_denominator > (0)::numeric)),
  constraint adjustment_factors_split_numerator_check check ((split_numerator > (0)::numeric)),
  constraint adjustment_factors_total_return_factor_check check ((total_return_factor > (0)::numeric)),
  constraint adjustment_factors_one_a_day exclude using gist (security_id with =, daterange(first_date,
    last_date, '[]') with &&)
);
create trigger change_delete after delete on stocks_research.adjustment_factors referencing old table as
  old_rows for each statement execute function ingestion.record_change();
create trigger change_insert after insert on stocks_research.adjustment_factors referencing new table as
  new_rows for each statement execute function ingestion.record_change();
create trigger change_truncate after truncate on stocks_research.adjustment_factors for each statement
  execute function ingestion.record_change();
create trigger change_update after update on stocks_research.adjustment_factors referencing new table as
  new_rows for each statement execute function ingestion.record_change();
create trigger version_delete after delete on stocks_research.adjustment_factors referencing old table as
  old_rows for each statement execute function ingestion.bump_versions('security_id');
create trigger version_insert after insert on stocks_research.adjustment_factors referencing new table as
  new_rows for each statement execute function ingestion.bump_versions('security_id');
create trigger version_truncate after truncate on stocks_research.adjustment_factors for each statement
  execute function ingestion.bump_versions('security_id');
create trigger version_update after update on stocks_research.adjustment_factors referencing old table as
  old_rows new table as new_rows for each statement execute function ingestion.bump_versions('security_id');

-- The first close, within ten sessions from the ex-date and not after as_of, of the security that a spin-off
-- distributed: detail names it by new_source_id or by new_symbol on that day, and states new_rate shares of
-- it for source_rate old ones. No row when one of these is not known.
create function stocks_research.spun_off_first_close(parent_id bigint, ex_session date, detail jsonb, as_of
  date)
returns table(security_id bigint, source_id text, trade_date date, close numeric, currency text)
language sql
stable parallel safe
set search_path to 'pg_catalog'
as $$
select s.security_id, s.source_id, p.trade_date, p.close, s.currency
from (
  select c.session_date
  from stocks_research.trading_sessions c
  where c.session_date >= $2
    and c.session_date <= $4
  order by c.session_date
  limit 10
) d
cross join lateral (
  select x.security_id
  from stocks_research.securities x
  where x.source_id = $3 ->> 'new_source_id'
  union all
  select t.security_id
  from stocks_research.ticker_history t
  where $3 ->> 'new_source_id' is null
    and t.ticker = $3 ->> 'new_symbol'
    and d.session_date >= t.valid_from
    and d.session_date <= coalesce(t.valid_to, 'infinity')
) h
join stocks_research.securities s on s.security_id = h.security_id
join stocks_research.prices_daily p on p.security_id = s.security_id and p.trade_date = d.session_date
where s.security_id <> $1
  and case
    when $3 ->> 'new_rate' ~ '^\d{1,20}(\.\d{1,20})?$' and $3 ->> 'source_rate' ~ '^\d{1,20}(\.\d{1,20})?$'
      then ($3 ->> 'new_rate')::numeric > 0 and ($3 ->> 'source_rate')::numeric > 0
  end
order by p.trade_date
limit 1
$$;

-- The securities whose bars may value a spin-off of this one: when they change, its factors are derived
-- again.
create function stocks_research.spun_off_securities(parent_id text)
returns setof text
language sql
stable parallel safe
set search_path to 'pg_catalog'
as $$
select s.security_id::text
from stocks_research.corporate_actions a
join stocks_research.securities s
  on s.source_id = a.detail ->> 'new_source_id'
  or s.security_id in (
    select t.security_id
    from stocks_research.ticker_history t
    where t.ticker = a.detail ->> 'new_symbol'
  )
where a.security_id = $1::bigint
  and a.kind = 'spin_off'
  and a.cash_amount is null
  and a.split_to is null
  and s.security_id <> a.security_id
$$;

-- adjustment intervals --------------------------------------------------------------------------------------

-- The rows of adjustment_factors as they would have been computed at the end of the day as_of, from the bars
-- and events known on that day; of all securities, or of those with these source_ids (column item). An event
-- that cannot be applied, such as one of refused_events, gives null and a reason, never a factor of 1.
create function stocks_research.adjustment_intervals(as_of date, source_ids text[] default null::text[])
returns table(security_id bigint, item text, first_date date, last_date date, price_factor numeric,
  total_return_factor numeric, split_numerator numeric, split_denominator numeric, events jsonb, reason text)
language sql
stable parallel safe
set search_path to 'pg_catalog'
set jit to 'off'
as $$
with spans as materialized (
  -- A security, with its first and last bar until as_of.
  select s.security_id, s.source_id, s.currency, b.first_bar, b.last_bar,
    -- A listing ends with the delisting, or with the last ticker when no delisting is known.
    least(
      s.delist_date,
      (
        select max(coalesce(t.valid_to, 'infinity'))
        from stocks_research.ticker_history t
        where t.security_id = s.security_id
      )
    ) as last_listed
  from stocks_research.securities s
  cross join lateral (
    select min(p.trade_date) as first_bar, max(p.trade_date) as last_bar
    from stocks_research.prices_daily p
    where p.security_id = s.security_id
      and p.trade_date <= $1
  ) b
  where ($2 is null or s.source_id = any ($2))
    and b.first_bar is not null
), refused as not materialized (
  -- A refused event that would move the price, with the reason that its values carry.
  select r.security_id, r.ex_date, r.kind, r.declared_date,
    case when r.kind = 'unknown' then 'an event' else 'a ' || replace(r.kind, '_', ' ') end
      || ' of its source was refused: ' || r.reason as refused
  from stocks_research.refused_events r
  where r.kind = 'unknown'
    or stocks_research.moves_price(r.kind)
), reported as (
  -- An event that moves the price, stored or refused.
  select a.security_id, a.ex_date, a.kind, a.action_key, a.occurrence,
    a.split_from, a.split_to, a.cash_amount, a.currency, a.declared_date, a.detail,
    null::text as refused
  from stocks_research.corporate_actions a
  where stocks_research.moves_price(a.kind)
  union all
  select r.security_id, r.ex_date, r.kind, null, null,
    null, null, null, null, r.declared_date, null,
    r.refused
  from refused r
), actions as (
  -- An event inside the series that is known on as_of, with its value and the session on which it takes
  -- effect.
  select a.security_id, a.ex_date, a.kind, a.action_key, a.occurrence, a.split_from, a.split_to, a.refused,
    s.last_bar, s.last_listed, x.ex_session,
    a.kind = 'unknown' or stocks_research.is_split_kind(a.kind) as is_split,
    a.kind = 'spin_off' and a.cash_amount is null and a.split_to is not null as is_spin_off_ratio,
    coalesce(a.cash_amount, v.cash_amount) as stated_cash,
    -- In the currency of the prices; null when no rate is known.
    case
      when coalesce(v.currency, a.currency) <> s.currency
        then round(coalesce(a.cash_amount, v.cash_amount) * r.numerator, 60) / r.denominator
      else coalesce(a.cash_amount, v.cash_amount)
    end as cash_amount,
    case when r.rates is not null then coalesce(v.currency, a.currency) end as stated_currency,
    r.rates as fx_rates,
    case
      when a.kind = 'spin_off' then coalesce(
        v.value_source,
        case
          when a.cash_amount is not null then 'stated value'
          when a.split_to is not null then 'stated ratio'
        end
      )
    end as value_source,
    coalesce(v.currency, a.currency) <> s.currency and r.rates is null as is_foreign
  from spans s
  join reported a using (security_id)
  -- An ex-date on a day without trading takes effect on the next session.
  cross join lateral (
    select min(c.session_date) as ex_session
    from stocks_research.trading_sessions c
    where c.session_date >= a.ex_date
  ) x
  -- A spin-off without a stated value is valued at the first close of the security that was spun off. Here
  -- and below, `offset 0` keeps the condition in front of the function: else it is called for each event.
  left join lateral (
    select
      c.close * round((a.detail ->> 'new_rate')::numeric, 60) / (a.detail ->> 'source_rate')::numeric
        as cash_amount,
      c.currency,
      'first close of ' || c.source_id || ' on ' || c.trade_date
        || ' x ' || (a.detail ->> 'new_rate') || ' / ' || (a.detail ->> 'source_rate') as value_source
    from stocks_research.spun_off_first_close(a.security_id, x.ex_session, a.detail, $1) c
    where a.kind = 'spin_off'
      and a.cash_amount is null
      and a.split_to is null
      and a.refused is null
    offset 0
  ) v on true
  -- A payment in another currency counts with the rate of its ex-date.
  left join lateral (
    select c.numerator, c.denominator, c.rates
    from stocks_research.fx_conversion(coalesce(v.currency, a.currency), s.currency, a.ex_date, $1) c
    where coalesce(v.currency, a.currency) <> s.currency
      and a.refused is null
    offset 0
  ) r on true
  -- Known from the ex-date on, or from the declaration when that came later.
  where x.ex_session > s.first_bar
    and greatest(x.ex_session, a.declared_date) <= $1
    and x.ex_session <= coalesce(s.last_listed, 'infinity')
), days as materialized (
  -- All events of a security that take effect on one session. price_* moves the price, split_* moves the
  -- number of shares: a spin-off is not a split.
  select a.security_id, a.ex_session, a.ex_session > max(a.last_bar) as is_after_last_bar,
    -- After the last bar, a liquidation and whatever follows the end of the listing are proceeds, which
    -- delistings_v has. No price before them changes.
    -- Where the bars end long before the listing, bars are missing, and the event belongs between them.
    bool_and(a.kind = 'liquidation')
      or (max(a.last_listed) <= $1 and max(a.last_bar) >= max(a.last_listed) - 90) as is_proceeds,
    coalesce(sum(a.cash_amount) filter (where not a.is_split), 0) as cash,
    stocks_research.product_exact(a.split_from)
      filter (where a.is_split or a.is_spin_off_ratio) as price_from,
    stocks_research.product_exact(a.split_to)
      filter (where a.is_split or a.is_spin_off_ratio) as price_to,
    stocks_research.product_exact(a.split_from) filter (where a.is_split) as split_from,
    stocks_research.product_exact(a.split_to) filter (where a.is_split) as split_to,
    bool_or(a.is_split) as has_split,
    min(a.refused) as refused,
    case
      when min(a.refused) is not null
        then min(a.refused)
      when bool_or(not a.is_split and not a.is_spin_off_ratio and a.stated_cash is null)
        then 'the value of the spin-off is not known'
      when bool_or(not a.is_split and not a.is_spin_off_ratio and a.is_foreign)
        then 'the cash is not in the currency of the prices'
      when bool_or(a.is_spin_off_ratio and a.split_to <= a.split_from)
        then 'the ratio of the spin-off does not lower the price'
    end as fault,
    jsonb_agg(
      jsonb_strip_nulls(
        jsonb_build_object(
          'ex_date', a.ex_date,
          'kind', a.kind,
          'cash_amount', a.stated_cash,
          'currency', a.stated_currency,
          'fx_rates', a.fx_rates,
          'split_from', a.split_from,
          'split_to', a.split_to,
          'occurrence', a.occurrence,
          'value_source', a.value_source,
          'refused', a.refused
        )
      )
      order by a.ex_date, a.kind, a.action_key, a.occurrence, a.refused
    ) as events
  from actions a
  group by a.security_id, a.ex_session
), located as (
  -- Such a session, with the closes before and after it, and whether they are within 10 sessions.
  select d.*,
    before.trade_date as date_before,
    before.close as close_before,
    after.close as close_after,
    before.trade_date >= coalesce(
      (
        select c.session_date
        from stocks_research.trading_sessions c
        where c.session_date < d.ex_session
        order by c.session_date desc
        offset 9 limit 1
      ),
      '-infinity'
    ) as is_near_before,
    after.trade_date <= coalesce(
      (
        select c.session_date
        from stocks_research.trading_sessions c
        where c.session_date >= d.ex_session
        order by c.session_date
        offset 9 limit 1
      ),
      'infinity'
    ) as is_near_after
  from days d
  cross join lateral (
    select p.trade_date, p.close
    from stocks_research.prices_daily p
    where p.security_id = d.security_id
      and p.trade_date < d.ex_session
    order by p.trade_date desc
    limit 1
  ) before
  cross join lateral (
    select p.trade_date, p.close
    from stocks_research.prices_daily p
    where p.security_id = d.security_id
      and p.trade_date >= d.ex_session
      and p.trade_date <= $1
    order by p.trade_date
    limit 1
  ) after
  where not d.is_after_last_bar
), in_old_shares as (
  -- Events between two bars make one step. Cash paid after a split between them is converted to the shares of
  -- the bar before.
  select l.*,
    l.cash * round(stocks_research.product_exact(l.price_to) over earlier, 60)
      / stocks_research.product_exact(l.price_from) over earlier as old_cash
  from located l
  window earlier as (
    partition by l.security_id, l.date_before
    order by l.ex_session
    rows between unbounded preceding and 1 preceding
  )
), closes as (
  -- All events between two bars.
  select o.security_id, max(o.ex_session) as ex_session, o.close_before, o.close_after,
    sum(o.old_cash) as cash,
    stocks_research.product_exact(o.price_from) as price_from,
    stocks_research.product_exact(o.price_to) as price_to,
    stocks_research.product_exact(o.split_from) as split_from,
    stocks_research.product_exact(o.split_to) as split_to,
    jsonb_path_query_array(jsonb_agg(o.events order by o.ex_session), '$[*][*]') as events,
    min(
      o.ex_session || ': ' || coalesce(
        o.fault,
        case
          when o.cash > 0 and not o.is_near_before
            then 'no close within 10 sessions before the ex-date'
          when sum_of.cash >= o.close_before
            then 'the cash is not less than the close before the ex-date'
        end
      )
    ) as price_fault,
    min(o.ex_session || ': no close within 10 sessions from the ex-date, so no total return')
      filter (where o.cash > 0 and not o.is_near_after) as total_return_fault
  from in_old_shares o
  join (
    select i.security_id, i.date_before, sum(i.old_cash) as cash
    from in_old_shares i
    group by i.security_id, i.date_before
  ) sum_of using (security_id, date_before)
  group by o.security_id, o.date_before, o.close_before, o.close_after
), waiting as materialized (
  -- A security with an event after its last bar.
  select w.security_id, min(w.reason) as reason, bool_or(w.has_split) as has_split
  from (
    select d.security_id, d.has_split,
      d.ex_session || ': ' || coalesce(d.refused, 'no bar on or after the ex-date') as reason
    from days d
    where d.is_after_last_bar
      and d.is_proceeds is not true
    union all
    -- An event without a known day may belong after any bar.
    select r.security_id, r.kind = 'unknown' or stocks_research.is_split_kind(r.kind),
      'unknown ex-date: ' || r.refused
    from refused r
    where r.ex_date is null
      and coalesce(r.declared_date, '-infinity') <= $1
  ) w
  group by w.security_id
), steps as (
  -- One step of the chain: what prices before a session are multiplied with.
  select c.security_id, c.ex_session, c.events, c.split_from, c.split_to,
    case
      when c.price_fault is not null
        then null
      when c.cash = 0
        then round(c.price_from, 60) / c.price_to
      else round((c.close_before - c.cash) * c.price_from, 60) / (c.close_before * c.price_to)
    end as price_step,
    case
      when c.price_fault is not null or c.total_return_fault is not null
        then null
      when c.cash = 0
        then round(c.price_from, 60) / c.price_to
      else round(c.close_after * c.price_from, 60) / (c.close_after * c.price_to + c.cash * c.price_from)
    end as total_return_step,
    coalesce(c.price_fault, c.total_return_fault) as reason
  from closes c
  union all
  -- The end of the chain: 1, or null when an event waits after the last bar.
  select s.security_id, s.last_bar + 1, '[]'::jsonb,
    case when not coalesce(d.has_split, false) then 1 end,
    case when not coalesce(d.has_split, false) then 1 end,
    case when d.reason is null then 1 end,
    case when d.reason is null then 1 end,
    d.reason
  from spans s
  left join waiting d using (security_id)
), chain as (
  select t.security_id, t.ex_session, t.events,
    stocks_research.product_rounded(t.price_step) over later as price_factor,
    stocks_research.product_rounded(t.total_return_step) over later as total_return_factor,
    stocks_research.product_exact(t.split_from) over later as split_from,
    stocks_research.product_exact(t.split_to) over later as split_to,
    min(t.reason) over later as reason,
    lag(t.ex_session) over (partition by t.security_id order by t.ex_session) as previous_session
  from steps t
  window later as (
    partition by t.security_id
    order by t.ex_session desc
    rows between unbounded preceding and current row
  )
)
select c.security_id, s.source_id,
  coalesce(c.previous_session, s.first_bar), c.ex_session - 1,
  c.price_factor, c.total_return_factor,
  trim_scale(c.split_from / gcd(c.split_from, c.split_to)),
  trim_scale(c.split_to / gcd(c.split_from, c.split_to)),
  c.events, c.reason
from chain c
join spans s using (security_id)
$$;

-- adjusted prices -------------------------------------------------------------------------------------------

-- Daily prices, raw and adjusted. adj_* is price-adjusted (A: cash 1 - D / C(prev), splits);
-- total_return_close reinvests at the close of the ex-date (B). The two differ and must not be mixed. The
-- last bar has factor 1.
create view stocks_research.prices_daily_adjusted_v as
 select p.security_id,
    t.ticker,
    p.trade_date,
    p.open,
    p.high,
    p.low,
    p.close,
    p.volume,
    round(p.open * f.price_factor, 12) as adj_open,
    round(p.high * f.price_factor, 12) as adj_high,
    round(p.low * f.price_factor, 12) as adj_low,
    round(p.close * f.price_factor, 12) as adj_close,
    round(round(p.volume * f.split_denominator, 20) / f.split_numerator, 6) as adj_volume,
    round(p.close * f.total_return_factor, 12) as total_return_close,
        case
            when f.security_id is null then 'no factor computed for this day yet'
            else f.reason
        end as adjustment_reason
   from stocks_research.prices_daily p
     left join stocks_research.adjustment_factors f on f.security_id = p.security_id and p.trade_date >=
       f.first_date and (p.trade_date <= f.last_date) is true
     left join stocks_research.ticker_history t on t.security_id = p.security_id and p.trade_date >=
       t.valid_from and (p.trade_date <= coalesce(t.valid_to, 'infinity'::date)) is true;

-- prices_daily_adjusted_v as it would have been computed at the end of the day as_of: no later bar and no
-- later event is used. Of all securities, or of these.
create function stocks_research.prices_daily_adjusted_as_of(as_of date, security_ids bigint[] default
  null::bigint[])
returns table(security_id bigint, ticker text, trade_date date, open numeric, high numeric, low numeric,
  close numeric, volume numeric, adj_open numeric, adj_high numeric, adj_low numeric, adj_close numeric,
  adj_volume numeric, total_return_close numeric, adjustment_reason text)
language sql
stable parallel safe
set search_path to 'pg_catalog'
as $$
select p.security_id, t.ticker, p.trade_date,
  p.open, p.high, p.low, p.close, p.volume,
  round(p.open * f.price_factor, 12),
  round(p.high * f.price_factor, 12),
  round(p.low * f.price_factor, 12),
  round(p.close * f.price_factor, 12),
  round(round(p.volume * f.split_denominator, 20) / f.split_numerator, 6),
  round(p.close * f.total_return_factor, 12),
  f.reason
from stocks_research.adjustment_intervals(
  $1,
  case
    when $2 is not null then array(
      select s.source_id
      from stocks_research.securities s
      where s.security_id = any ($2)
    )
  end
) f
join stocks_research.prices_daily p
  on p.security_id = f.security_id
  and p.trade_date between f.first_date and f.last_date
left join stocks_research.ticker_history t
  on t.security_id = p.security_id
  and p.trade_date >= t.valid_from
  and (p.trade_date <= coalesce(t.valid_to, 'infinity')) is true
$$;

-- listings --------------------------------------------------------------------------------------------------

-- One row for each listing that ended, delisted securities only: how it ended, what holders received, and
-- the return from the last close to that. As known today. No average, such as -30 %, is ever filled in:
-- where the proceeds do not follow from the data, the return is null with a reason. Trap: a study that
-- leaves out null returns leaves out the worst ends; state your own assumption for them.
create view stocks_research.delistings_v as
 select s.security_id,
    s.source_id,
    s.ticker,
    coalesce(d.end_date, e.ex_date, b.trade_date) as end_date,
    coalesce(d.end_date, e.ex_date) is not null as has_stated_end,
    b.trade_date as last_trade_date,
    b.close as last_close,
    c.delisting_code,
    e.ex_date as event_date,
    nullif(c.cash, 0::numeric) as cash_per_share,
    e.shares_per_share,
    c.acquirer_ticker,
    x.security_id as acquirer_security_id,
    s.currency,
        case
            when c.reason is null then c.value_per_share
            else null::numeric
        end as value_per_share,
        case
            when c.reason is null then greatest(c.event_date, p.last_date)
            else null::date
        end as value_date,
        case
            when c.reason is null then round(c.value_per_share / b.close - 1::numeric, 12)
            else null::numeric
        end as delisting_return,
    c.reason as delisting_return_reason
   from stocks_research.securities s
     cross join lateral ( select coalesce(s.delist_date, ( select nullif(max(coalesce(t.valid_to,
       'infinity'::date)), 'infinity'::date) as "nullif"
                   from stocks_research.ticker_history t
                  where t.security_id = s.security_id)) as end_date) d
     left join lateral ( select p_1.trade_date,
            p_1.close
           from stocks_research.prices_daily p_1
          where p_1.security_id = s.security_id
          order by p_1.trade_date desc
         limit 1) b on true
     left join lateral ( select a.security_id,
            a.ex_date,
            a.kind,
            a.action_key,
            a.occurrence,
            a.cash_amount,
            a.currency,
            a.split_from,
            a.split_to,
            a.declared_date,
            a.record_date,
            a.pay_date,
            a.delisting_code,
            a.shares_per_share,
            a.acquirer_source_id,
            a.acquirer_ticker,
            a.has_other_proceeds,
            a.detail,
            a.source
           from stocks_research.corporate_actions a
          where a.security_id = s.security_id and (a.kind in ('merger', 'delisting')) and
                case
                    when d.end_date is null then a.kind = 'delisting' and a.ex_date >=
                      (coalesce(b.trade_date, a.ex_date) - 10)
                    else abs(a.ex_date - d.end_date) <= 10
                end
          order by a.kind desc, (coalesce(a.delisting_code, 'not_known') = 'not_known'), a.ex_date desc,
            a.action_key
         limit 1) e on true
     left join lateral ( select sum(a.cash_amount) filter (where stocks_research.is_cash_kind(a.kind)) as
       cash,
            max(a.ex_date) filter (where stocks_research.is_cash_kind(a.kind)) as last_date,
            bool_or(a.kind = 'liquidation') as has_liquidation,
            bool_or(stocks_research.is_split_kind(a.kind)) as has_split,
            bool_or(a.kind = 'spin_off') as has_spin_off,
            bool_or(stocks_research.is_cash_kind(a.kind) and coalesce(a.currency <> s.currency, false)) as
              is_foreign
           from stocks_research.corporate_actions a
          where a.security_id = s.security_id and stocks_research.moves_price(a.kind) and a.ex_date >
            b.trade_date) p on true
     left join lateral ( select q_1.security_id,
            q_1.currency
           from stocks_research.securities q_1
          where q_1.source_id = e.acquirer_source_id
        union all
         select q_1.security_id,
            q_1.currency
           from stocks_research.ticker_history t
             join stocks_research.securities q_1 on q_1.security_id = t.security_id
          where e.acquirer_source_id is null and t.ticker = e.acquirer_ticker and e.ex_date >= t.valid_from
            and e.ex_date <= coalesce(t.valid_to, 'infinity'::date)
 limit 1) x on true
     left join lateral ( select q_1.close
           from stocks_research.prices_daily q_1
          where q_1.security_id = x.security_id and q_1.trade_date <= e.ex_date and q_1.trade_date >=
            (e.ex_date - 15)
          order by q_1.trade_date desc
         limit 1) q on true
     cross join lateral ( select coalesce(e.cash_amount, 0::numeric) + coalesce(p.cash, 0::numeric) as cash,
            e.shares_per_share is not null or (coalesce(e.delisting_code, '') in ('merger_stock',
              'merger_mixed')) as has_stock_leg,
            coalesce(e.cash_amount > 0::numeric, false) or (coalesce(e.delisting_code, '') in ('merger_cash',
              'merger_mixed')) as has_cash_leg) l
     cross join lateral ( select
                case
                    when e.kind = 'merger' and l.has_stock_leg then
                    case
                        when l.has_cash_leg then 'merger_mixed'
                        else 'merger_stock'
                    end
                    when e.kind = 'merger' then
                    case
                        when l.has_cash_leg then 'merger_cash'
                        else coalesce(e.delisting_code, 'not_known')
                    end
                    when coalesce(e.delisting_code, 'not_known') <> all (array['not_known', 'liquidation'])
                      then e.delisting_code
                    when p.has_liquidation or e.delisting_code = 'liquidation' then
                    case
                        when s.security_type in ('preferred', 'note', 'bond', 'warrant', 'right') then
                          'redeemed'
                        else 'liquidation'
                    end
                    when e.cash_amount = 0::numeric and e.shares_per_share is null and not
                      e.has_other_proceeds then 'worthless'
                    else 'not_known'
                end as delisting_code) k
     cross join lateral ( select k.delisting_code,
            l.cash,
                case
                    when l.has_stock_leg or l.has_cash_leg or p.cash is null then e.ex_date
                    else null::date
                end as event_date,
            coalesce(e.acquirer_ticker, ( select q_1.ticker
                   from stocks_research.securities q_1
                  where q_1.security_id = x.security_id)) as acquirer_ticker,
            l.cash + coalesce(e.shares_per_share * q.close, 0::numeric) as value_per_share,
                case
                    when e.ex_date is null and p.cash is null then 'no_event_known'
                    when b.close is null then 'no_close'
                    when (exists ( select
                       from stocks_research.refused_events r
                      where r.security_id = s.security_id and r.kind <> 'name_change' and coalesce(r.ex_date,
                        'infinity'::date) >= b.trade_date)) then 'event_refused'
                    when coalesce(e.has_other_proceeds, false) or coalesce(p.has_spin_off, false) then
                      'other_proceeds'
                    when p.has_split then 'split_after_last_close'
                    when k.delisting_code in ('moved_to_otc', 'moved_exchange') then 'trades_elsewhere'
                    when l.has_cash_leg and coalesce(e.cash_amount, 0::numeric) = 0::numeric then
                      'terms_not_reported'
                    when l.has_stock_leg and e.shares_per_share is null then 'terms_not_reported'
                    when k.delisting_code <> 'worthless' and not l.has_stock_leg and l.cash = 0::numeric then
                      'terms_not_reported'
                    when k.delisting_code = 'not_known' and not (l.has_stock_leg or l.has_cash_leg) then
                      'terms_not_reported'
                    when b.trade_date < (coalesce(d.end_date, e.ex_date) - 90) then 'last_close_too_old'
                    when e.shares_per_share is not null and e.acquirer_source_id is null and
                      e.acquirer_ticker is null then 'acquirer_not_reported'
                    when e.shares_per_share is not null and x.security_id is null then
                      'acquirer_not_in_database'
                    when e.shares_per_share is not null and q.close is null then 'no_close_of_acquirer'
                    when not coalesce(e.cash_amount is null or e.currency is null or e.currency = s.currency,
                      false) or p.is_foreign or e.shares_per_share is not null and x.currency is distinct
                      from s.currency then 'other_currency'
                    else null::text
                end as reason) c
  where d.end_date is not null or e.ex_date is not null or s.is_listed is false;

-- Every security with the span of its listing, the evidence of both ends, and how it ended. A day outside
-- listed_from and listed_to is one on which nothing shows that the security was listed. Details of an end:
-- delistings_v.
create view stocks_research.securities_listing_v as
 select s.security_id,
    s.source_id,
    s.ticker,
    s.security_type,
    s.list_date,
    s.delist_date,
    f.first_trade_date,
    l.last_trade_date,
    coalesce(s.list_date, f.first_trade_date) as listed_from,
        case
            when s.list_date is not null then 'stated'
            when f.first_trade_date is null then 'not_known'
            when f.first_trade_date = w.first_date then 'window'
            else 'first_bar'
        end as listed_from_evidence,
    coalesce(d.end_date, l.last_trade_date) as listed_to,
        case
            when d.has_stated_end then 'stated'
            when l.last_trade_date is null then 'not_known'
            when l.last_trade_date >= w.recent_date and d.security_id is null then 'window'
            else 'last_bar'
        end as listed_to_evidence,
    d.delisting_code,
    d.delisting_return,
        case
            when d.security_id is null then 'listed'
            else d.delisting_return_reason
        end as delisting_return_reason
   from stocks_research.securities s
     cross join ( select b.first_date,
            ( select c.session_date
                   from stocks_research.trading_sessions c
                  where c.session_date <= b.last_date
                  order by c.session_date desc
                 offset 10
                 limit 1) as recent_date
           from ( select min(p.trade_date) as first_date,
                    max(p.trade_date) as last_date
                   from stocks_research.prices_daily p) b) w
     cross join lateral ( select min(p.trade_date) as first_trade_date
           from stocks_research.prices_daily p
          where p.security_id = s.security_id) f
     cross join lateral ( select max(p.trade_date) as last_trade_date
           from stocks_research.prices_daily p
          where p.security_id = s.security_id) l
     left join stocks_research.delistings_v d on d.security_id = s.security_id;

-- For each security the newest bar up to a day, its age in sessions (0: the last session up to that day),
-- and whether the security was listed on that day and is in the universe. Date and age are null without a
-- bar.
create function stocks_research.bar_ages(as_of date)
returns table(security_id bigint, newest_bar_date date, age_sessions bigint, is_listed boolean)
language sql
stable
as $$
with sessions as (
  select c.session_date, row_number() over (order by c.session_date) as session_no
  from stocks_research.trading_sessions c
  where c.session_date <= as_of
), newest as materialized (
  -- Materialized, so that sessions are joined once by a hash and not searched for each security.
  select s.security_id, s.list_date, s.delist_date, b.trade_date
  from stocks_research.securities s
  left join lateral (
    select p.trade_date
    from stocks_research.prices_daily p
    where p.security_id = s.security_id
      and p.trade_date <= as_of
    order by p.trade_date desc
    limit 1
  ) b on true
)
select
  n.security_id,
  n.trade_date,
  (select max(e.session_no) from sessions e) - c.session_no,
  coalesce(n.list_date <= as_of, true)
    and coalesce(n.delist_date > as_of, true)
    and not exists (select from ingestion.removed_securities r where r.security_id = n.security_id)
    and exists (
      select
      from stocks_research.ticker_history h
      where h.security_id = n.security_id
        and h.valid_from <= as_of
        and coalesce(h.valid_to >= as_of, true)
    )
from newest n
left join sessions c on c.session_date = n.trade_date
$$;

-- fundamentals ----------------------------------------------------------------------------------------------

-- XBRL facts as filed with the SEC, one row for each fact and filing. A fact belongs to a filer, which may
-- have several securities.
create table stocks_research.fundamentals_raw (
  -- SEC Central Index Key of the filer, ten digits.
  cik text not null,
  -- XBRL taxonomy, e.g. us-gaap, dei, ifrs-full.
  taxonomy text not null,
  -- XBRL element, e.g. NetIncomeLoss.
  tag text not null,
  -- Unit as filed, e.g. USD, shares, USD/shares, pure.
  unit text not null,
  -- First day of the period; null for an instant.
  period_start date,
  -- Last day of the period, or the instant.
  period_end date not null,
  -- The value as filed, in unit.
  value numeric not null,
  -- Accession number of the filing.
  accession text not null,
  -- Form type of the filing, e.g. 10-K, 10-Q/A, 20-F.
  form text,
  -- Fiscal year of the filing, not of the fact.
  fiscal_year integer,
  -- Fiscal period of the filing (FY, Q1 to Q3), not of the fact.
  fiscal_period text,
  -- Filing date: the fact is known from this day on.
  filed date not null,
  -- Calendar frame that the SEC assigned, when it did. It is unreliable across amendments and not used.
  frame text,
  constraint fundamentals_raw_key unique nulls not distinct (cik, taxonomy, tag, unit, period_end,
    period_start, accession),
  constraint fundamentals_raw_cik_check check ((cik ~ '^[0-9]{10}$')),
  constraint fundamentals_raw_start_before_end check ((period_start <= period_end))
);
create trigger change_delete after delete on stocks_research.fundamentals_raw referencing old table as
  old_rows for each statement execute function ingestion.record_change();
create trigger change_insert after insert on stocks_research.fundamentals_raw referencing new table as
  new_rows for each statement execute function ingestion.record_change();
create trigger change_truncate after truncate on stocks_research.fundamentals_raw for each statement execute
  function ingestion.record_change();
create trigger change_update after update on stocks_research.fundamentals_raw referencing new table as
  new_rows for each statement execute function ingestion.record_change();
create trigger version_delete after delete on stocks_research.fundamentals_raw referencing old table as
  old_rows for each statement execute function ingestion.bump_versions('cik');
create trigger version_insert after insert on stocks_research.fundamentals_raw referencing new table as
  new_rows for each statement execute function ingestion.bump_versions('cik');
create trigger version_truncate after truncate on stocks_research.fundamentals_raw for each statement execute
  function ingestion.bump_versions('cik');
create trigger version_update after update on stocks_research.fundamentals_raw referencing old table as
  old_rows new table as new_rows for each statement execute function ingestion.bump_versions('cik');

-- True for the forms whose facts are used: annual, interim and transition reports (10-K, 10-Q, 10-KT, 10-QT,
-- 20-F, 40-F, 6-K) and their amendments. Other forms repeat facts, sometimes wrongly.
create function stocks_research.is_periodic_report(form text)
returns boolean
language sql
immutable parallel safe
return (form in ('10-K', '10-K/A', '10-Q', '10-Q/A', '10-KT', '10-KT/A', '10-QT', '10-QT/A', '20-F',
  '20-F/A', '40-F', '40-F/A', '6-K', '6-K/A'));

-- True for reports about the months between two fiscal years, after a filer has changed its year.
create function stocks_research.is_transition_report(form text)
returns boolean
language sql
immutable parallel safe
return (form in ('10-KT', '10-KT/A', '10-QT', '10-QT/A'));

-- What a period of so many days is: quarter (12 to 14, 16 or 17 weeks), half, nine_months, year (52 or 53
-- weeks); null for any other length. The filing's own fiscal period is never used.
create function stocks_research.period_kind(days integer)
returns text
language sql
immutable parallel safe
return case when (((days >= 80) and (days <= 100)) or ((days >= 110) and (days <= 119))) then 'quarter' when
  ((days >= 166) and (days <= 203)) then 'half' when ((days >= 250) and (days <= 290)) then 'nine_months'
  when ((days >= 350) and (days <= 378)) then 'year' else null::text end;

-- amount: money of a period, which can be added over periods. per_share and shares: depend on splits, cannot
-- be added. other: ratios, averages, counts.
create function stocks_research.fact_kind(unit text, tag text)
returns text
language sql
immutable parallel safe
return case when (unit ~ '/shares$') then 'per_share' when (unit = 'shares') then 'shares' when ((unit ~
  '^[A-Z]{3}$') and (tag !~ '(Average|PerShare|PerUnit|Percent|Ratio|Rate$|Price$|Maximum|Minimum)')) then
  'amount' else 'other' end;

-- Every fact as it was known at the end of the day as_of: of several filings the newest on or before it.
-- Nothing that was filed later is used.
create function stocks_research.fundamentals_as_of(as_of date, ciks text[] default null::text[])
returns setof stocks_research.fundamentals_raw
language sql
stable parallel safe
as $$
(
  select distinct on (f.cik, f.taxonomy, f.tag, f.unit, f.period_end, f.period_start) f.*
  from stocks_research.fundamentals_raw f
  where $2 is null
    and f.filed <= $1
    and stocks_research.is_periodic_report(f.form)
  order by f.cik, f.taxonomy, f.tag, f.unit, f.period_end, f.period_start,
    f.filed desc, f.form like '%/A' desc, f.accession desc
)
union all
select n.cik, n.taxonomy, n.tag, n.unit, n.period_start, n.period_end, n.value, n.accession, n.form,
  n.fiscal_year, n.fiscal_period, n.filed, n.frame
from (select distinct unnest($2) as cik) k
cross join lateral (
  select f.*,
    row_number() over (
      partition by f.taxonomy, f.tag, f.unit, f.period_end, f.period_start
      order by f.filed desc, f.form like '%/A' desc, f.accession desc
    ) as place
  from stocks_research.fundamentals_raw f
  where f.cik = k.cik
    and f.filed <= $1
    and stocks_research.is_periodic_report(f.form)
) n
where n.place = 1
$$;

-- quarters --------------------------------------------------------------------------------------------------

-- Quarters of every duration fact, reported or derived, with year-over-year change and trailing twelve
-- months. One row a vintage: a row is valid from known_from until the next row of the same quarter. Derived
-- from fundamentals_raw.
create table stocks_research.fundamentals_derived (
  -- SEC Central Index Key of the filer, ten digits.
  cik text not null,
  -- XBRL taxonomy of the tag.
  taxonomy text not null,
  -- XBRL element, as filed.
  tag text not null,
  -- Unit as filed.
  unit text not null,
  -- First day of the quarter.
  period_start date not null,
  -- Last day of the quarter.
  period_end date not null,
  -- Day from which everything in this row was known: the latest filing that it uses.
  known_from date not null,
  -- Value of the quarter in unit; null with a reason when it is neither reported nor derivable.
  value numeric,
  -- reported: the filing reports the quarter. Otherwise the longer period less the shorter one with the same
  -- first day. A reported quarter is preferred from the day on which it is filed.
  method text not null,
  -- Why value is null. not_additive: per-share values, share counts, averages and ratios of periods cannot
  -- be subtracted.
  reason text,
  -- Filing of the reported value, or of the longer period.
  accession text not null,
  -- Filing of the shorter period that was subtracted; null when none was.
  subtracted_accession text,
  -- True when the quarter has 95 days or more, 14, 16 or 17 weeks: a comparison with a quarter of another
  -- length then includes the extra weeks.
  is_long_quarter boolean not null,
  -- True when a filing of the value is a transition report (10-KT, 10-QT): the quarter lies between two
  -- fiscal years of a filer that has changed its year.
  is_transition boolean not null,
  -- value / value of the quarter that ended a year (within 10 days) earlier - 1, both as known on
  -- known_from; 20 decimals.
  yoy_ratio numeric,
  -- Why yoy_ratio is null. basis_may_differ: one of the two quarters was restated, and the other one has not
  -- been reported since. share_basis_may_differ: per-share values and share counts of two filings are not
  -- compared, since a split may lie between them.
  yoy_reason text,
  -- Last day of the quarter that yoy_ratio compares with; null when there is none.
  yoy_base_period_end date,
  -- Sum of this and the three quarters before it, each ending the day before the next starts, all as known
  -- on known_from.
  ttm_value numeric,
  -- Why ttm_value is null. basis_may_differ: one of the quarters was restated, and another one has not been
  -- reported since.
  ttm_reason text,
  constraint fundamentals_derived_pkey primary key (cik, taxonomy, tag, unit, period_start, period_end,
    known_from),
  constraint fundamentals_derived_cik_check check ((cik ~ '^[0-9]{10}$')),
  constraint fundamentals_derived_is_a_quarter check ((not (stocks_research.period_kind(((period_end -
    period_start) + 1)) is distinct from 'quarter'))),
  constraint fundamentals_derived_method_check check ((method in ('reported', 'year_less_nine_months',
    'nine_months_less_half', 'half_less_quarter', 'none'))),
  constraint fundamentals_derived_null_has_reason check ((((value is null) = (reason is not null)) and
    ((value is null) = (method = 'none')))),
  constraint fundamentals_derived_reason_check check ((reason = 'not_additive')),
  constraint fundamentals_derived_ttm_null_has_reason check (((ttm_value is null) = (ttm_reason is not
    null))),
  constraint fundamentals_derived_ttm_reason_check check ((ttm_reason in ('not_additive',
    'fewer_than_four_quarters', 'a_quarter_has_no_value', 'basis_may_differ'))),
  constraint fundamentals_derived_yoy_null_has_reason check (((yoy_ratio is null) = (yoy_reason is not
    null))),
  constraint fundamentals_derived_yoy_reason_check check ((yoy_reason in ('no_value', 'no_base_quarter',
    'base_has_no_value', 'base_not_positive', 'basis_may_differ', 'share_basis_may_differ',
    'not_comparable')))
);
create trigger change_delete after delete on stocks_research.fundamentals_derived referencing old table as
  old_rows for each statement execute function ingestion.record_change();
create trigger change_insert after insert on stocks_research.fundamentals_derived referencing new table as
  new_rows for each statement execute function ingestion.record_change();
create trigger change_truncate after truncate on stocks_research.fundamentals_derived for each statement
  execute function ingestion.record_change();
create trigger change_update after update on stocks_research.fundamentals_derived referencing new table as
  new_rows for each statement execute function ingestion.record_change();
create trigger version_delete after delete on stocks_research.fundamentals_derived referencing old table as
  old_rows for each statement execute function ingestion.bump_versions('cik');
create trigger version_insert after insert on stocks_research.fundamentals_derived referencing new table as
  new_rows for each statement execute function ingestion.bump_versions('cik');
create trigger version_truncate after truncate on stocks_research.fundamentals_derived for each statement
  execute function ingestion.bump_versions('cik');
create trigger version_update after update on stocks_research.fundamentals_derived referencing old table as
  old_rows new table as new_rows for each statement execute function ingestion.bump_versions('cik');

-- Every quarter as it was known at the end of the day as_of, with its year-over-year change and trailing
-- twelve months of that day.
create function stocks_research.fundamentals_quarters_as_of(as_of date, ciks text[] default null::text[])
returns setof stocks_research.fundamentals_derived
language sql
stable parallel safe
as $$
select distinct on (d.cik, d.taxonomy, d.tag, d.unit, d.period_start, d.period_end) d.*
from stocks_research.fundamentals_derived d
where d.known_from <= $1
  and ($2 is null or d.cik = any ($2))
order by d.cik, d.taxonomy, d.tag, d.unit, d.period_start, d.period_end, d.known_from desc
$$;

-- derive quarters -------------------------------------------------------------------------------------------

-- True when a filing reports another value than the filing before it, and not the same value rounded to
-- thousands, to tenths of a million or to millions.
create function stocks_research.is_restatement(value_before numeric, value numeric)
returns boolean
language sql
immutable parallel safe
as $$
-- Not the same value rounded to thousands, to tenths of a million or to millions.
select case
  when value_before is null or value_before = value then false
  when abs(value - value_before) > 500000 then true
  when value % 1000000 = 0 or value_before % 1000000 = 0 then false
  when abs(value - value_before) > 50000 then true
  when value % 100000 = 0 or value_before % 100000 = 0 then false
  when abs(value - value_before) > 500 then true
  else value % 1000 <> 0 and value_before % 1000 <> 0
end
$$;

-- The rows of fundamentals_derived for these filers, computed from fundamentals_raw.
create function stocks_research.derive_fundamentals(ciks text[])
returns table(cik text, taxonomy text, tag text, unit text, period_start date, period_end date, known_from
  date, value numeric, method text, reason text, accession text, subtracted_accession text, is_long_quarter
  boolean, is_transition boolean, yoy_ratio numeric, yoy_reason text, yoy_base_period_end date, ttm_value
  numeric, ttm_reason text)
language sql
stable parallel safe
set search_path to 'pg_catalog'
set enable_nestloop to 'off'
set enable_mergejoin to 'off'
set join_collapse_limit to '1'
set jit to 'off'
set work_mem to '64MB'
as $$
with series as materialized (
  -- A tag of a filer in one unit. The kind is looked up by patterns, which is slow: once for a series.
  select t.*,
    row_number() over (order by t.cik, t.taxonomy, t.tag, t.unit) as series,
    stocks_research.fact_kind(t.unit, t.tag) as kind
  from (
    select distinct f.cik, f.taxonomy, f.tag, f.unit
    from stocks_research.fundamentals_raw f
    where f.cik = any ($1)
      and f.period_start is not null
  ) t
), facts as materialized (
  -- One fact of one filing.
  select s.series, s.kind, f.period_start, f.period_end, f.value, f.accession, f.form, f.filed,
    case d.period_kind
      when 'quarter' then 1
      when 'half' then 2
      when 'nine_months' then 3
      else 4
    end as quarters
  from stocks_research.fundamentals_raw f
  join series s using (cik, taxonomy, tag, unit)
  cross join lateral (
    select stocks_research.period_kind(f.period_end - f.period_start + 1) as period_kind
  ) d
  where f.cik = any ($1)
    and stocks_research.is_periodic_report(f.form)
    and f.filed >= f.period_end
    and d.period_kind is not null
), newest as materialized (
  -- Of several filings of one day the one that counts, with the value of the filing before, until the next.
  select n.*,
    lag(n.value) over by_day as value_before,
    lead(n.filed, 1, 'infinity') over by_day as stated_to
  from (
    select distinct on (f.series, f.period_end, f.period_start, f.filed) f.*
    from facts f
    order by f.series, f.period_end, f.period_start, f.filed, f.form like '%/A' desc, f.accession desc
  ) n
  window by_day as (partition by n.series, n.period_end, n.period_start order by n.filed)
), versions as materialized (
  -- A value of a period, valid from one filing until the next filing with another value.
  select n.series, n.kind, n.quarters, n.period_start, n.period_end, n.value, n.accession,
    stocks_research.is_transition_report(n.form) as is_transition,
    n.filed as known_from,
    lead(n.filed, 1, 'infinity') over by_day as known_to,
    min(n.filed) over by_day as first_known_from,
    max(
      case
        when stocks_research.is_restatement(n.value_before, n.value) then n.filed
        else '-infinity'
      end::date
    ) over by_day as restated_on
  from newest n
  where n.value is distinct from n.value_before
  window by_day as (partition by n.series, n.period_end, n.period_start order by n.filed)
), restated_series as materialized (
  -- Only in these series can values be on two bases.
  select distinct v.series
  from versions v
  where v.restated_on > '-infinity'
    and v.kind = 'amount'
), pairs as (
  -- A longer period less the shorter one with the same first day, while both are valid.
  select l.series, s.period_end + 1 as period_start, l.period_end, l.kind, l.quarters,
    l.value - s.value as value,
    l.accession, s.accession as subtracted_accession,
    l.is_transition or s.is_transition as is_transition,
    greatest(l.known_from, s.known_from) as known_from,
    l.period_start as longer_start,
    least(l.known_to, s.known_to) as known_to,
    case when l.kind = 'amount' then greatest(l.restated_on, s.restated_on) else '-infinity' end::date
      as restated_on
  from versions l
  join versions s
    on s.series = l.series and s.period_start = l.period_start and s.quarters = l.quarters - 1
    and s.known_from < l.known_to and l.known_from < s.known_to
  where stocks_research.period_kind(l.period_end - s.period_end) = 'quarter'
), near_restatements as materialized (
  -- The day from which a quarter may be compared with a restated one. A ratio looks back 376 days at most, a
  -- sum less; quarters without a restated one so near are on one basis.
  select n.*
  from (
    select r.series, r.period_start, r.period_end,
      min(min(r.known_from) filter (where r.restated_on > '-infinity')) over (
        partition by r.series
        order by r.period_end - date '1970-01-01'
        range between 376 preceding and 376 following
      ) as known_from
    from (
      select v.series, v.period_start, v.period_end, v.known_from, v.restated_on
      from versions v
      where v.quarters = 1
      union all
      select p.series, p.period_start, p.period_end, p.known_from, p.restated_on
      from pairs p
    ) r
    join restated_series using (series)
    group by r.series, r.period_start, r.period_end
  ) n
  where n.known_from is not null
), statements as materialized (
  -- A day on which a filing reports a period, until the next such day, with the last restatement until then:
  -- of quarters near a restatement, and of the periods that such a quarter is the difference of.
  select n.series, n.quarters, n.period_start, n.period_end, n.filed as stated_on, n.stated_to,
    max(
      case
        when stocks_research.is_restatement(n.value_before, n.value) then n.filed
        else '-infinity'
      end::date
    ) over by_day as restated_on
  from (
    select r.series, r.period_start, r.period_end
    from near_restatements r
    union
    select p.series, p.longer_start, unnest(array[p.period_end, p.period_start - 1])
    from pairs p
    join near_restatements r using (series, period_start, period_end)
  ) w
  join newest n using (series, period_start, period_end)
  window by_day as (partition by n.series, n.period_end, n.period_start order by n.filed)
), confirmations as (
  -- The first day on which both periods have been reported since the last restatement of one of them.
  select p.series, p.period_start, p.period_end, p.longer_start, p.known_from,
    greatest(min(l.stated_on), min(s.stated_on)) as confirmed_on
  from pairs p
  join statements l
    on l.series = p.series and l.period_start = p.longer_start and l.period_end = p.period_end
    and l.stated_on >= p.restated_on
  join statements s
    on s.series = p.series and s.period_start = p.longer_start and s.period_end = p.period_start - 1
    and s.stated_on >= p.restated_on
  where p.restated_on > '-infinity'
  group by p.series, p.period_start, p.period_end, p.longer_start, p.known_from
), on_one_basis as (
  select p.*, greatest(p.known_from, c.confirmed_on) as one_basis_from
  from pairs p
  left join confirmations c using (series, period_start, period_end, longer_start, known_from)
  where p.restated_on = '-infinity'
    or c.confirmed_on < p.known_to
), alternatives as (
  -- A difference is valid until another one on one basis replaces it.
  select o.series, o.period_start, o.period_end, o.kind, o.quarters, o.value,
    o.accession, o.subtracted_accession, o.is_transition, o.longer_start,
    o.one_basis_from as known_from,
    lead(o.one_basis_from, 1, 'infinity') over (
      partition by o.series, o.period_start, o.period_end, o.longer_start
      order by o.one_basis_from
    ) as known_to
  from on_one_basis o
), differences as (
  -- When two years lead to one quarter (a change of fiscal year): the later one, from the day on which it is
  -- known.
  select a.*,
    min(a.known_from) over (
      partition by a.series, a.period_start, a.period_end
      order by a.longer_start desc
      groups between unbounded preceding and 1 preceding
    ) as replaced_from
  from alternatives a
), known as materialized (
  -- A quarter with its value, reported or derived, from known_from until known_to.
  select u.*,
    dense_rank() over (order by u.series, u.period_start, u.period_end) as quarter
  from (
    select r.series, r.period_start, r.period_end, r.kind, r.value,
      'reported' as method, null as reason, r.accession, null as subtracted_accession,
      r.is_transition, r.period_start as longer_start, r.known_from, r.known_to
    from versions r
    where r.quarters = 1
    union all
    select d.series, d.period_start, d.period_end, d.kind,
      case when d.kind = 'amount' then d.value end,
      case
        when d.kind <> 'amount' then 'none'
        when d.quarters = 4 then 'year_less_nine_months'
        when d.quarters = 3 then 'nine_months_less_half'
        else 'half_less_quarter'
      end,
      case when d.kind <> 'amount' then 'not_additive' end,
      d.accession, d.subtracted_accession, d.is_transition,
      d.longer_start, d.known_from, least(d.known_to, d.replaced_from, r.known_from)
    from differences d
    left join versions r
      on r.series = d.series and r.period_start = d.period_start and r.period_end = d.period_end
      and r.quarters = 1 and r.known_from = r.first_known_from
    where d.known_from < least(d.known_to, d.replaced_from, r.known_from)
  ) u
), basis as materialized (
  -- A quarter near a restated one, from each day on: when its parts were restated last, and since when all of
  -- them have been reported. Before the restatement nothing depends on these days.
  select b.series, b.period_start, b.period_end, b.longer_start, b.restated_on, b.stated_on,
    case when b.known_from >= n.known_from then b.known_from else '-infinity' end as known_from,
    b.known_to
  from (
    select s.series, s.period_start, s.period_end, s.period_start as longer_start,
      s.restated_on, s.stated_on, s.stated_on as known_from, s.stated_to as known_to
    from statements s
    where s.quarters = 1
    union all
    select p.series, p.period_start, p.period_end, p.longer_start,
      greatest(l.restated_on, s.restated_on), least(l.stated_on, s.stated_on),
      greatest(l.stated_on, s.stated_on), least(l.stated_to, s.stated_to)
    from (select distinct series, period_start, period_end, longer_start from pairs) p
    join statements l
      on l.series = p.series and l.period_start = p.longer_start and l.period_end = p.period_end
    join statements s
      on s.series = p.series and s.period_start = p.longer_start and s.period_end = p.period_start - 1
      and s.stated_on < l.stated_to and l.stated_on < s.stated_to
  ) b
  join near_restatements n using (series, period_start, period_end)
  where b.known_to >= n.known_from
), states as materialized (
  -- A quarter with its value and basis, from state_from until state_to. Far from restatements there is no
  -- basis.
  select k.*, b.restated_on, b.stated_on,
    greatest(k.known_from, b.known_from) as state_from,
    least(k.known_to, b.known_to) as state_to
  from known k
  left join basis b
    on b.series = k.series and b.period_start = k.period_start and b.period_end = k.period_end
    and b.longer_start = k.longer_start
    and b.known_from < k.known_to and k.known_from < b.known_to
), periods as materialized (
  select k.quarter, k.series, k.period_start, k.period_end, min(k.known_from) as known_from
  from known k
  group by k.quarter, k.series, k.period_start, k.period_end
), chosen as materialized (
  -- Some filers report one quarter with two first days. Its neighbours use the one nearest to 13 weeks, of
  -- those known on the day.
  select c.*
  from (
    select p.quarter, p.series, p.period_start, p.period_end, p.known_from,
      coalesce(
        min(p.known_from) over (
          partition by p.series, p.period_end
          order by abs(p.period_end - p.period_start - 90), p.period_start desc
          rows between unbounded preceding and 1 preceding
        ),
        'infinity'
      ) as known_to
    from periods p
  ) c
  where c.known_from < c.known_to
), ends as (
  select p.series, p.period_end, min(p.known_from) as known_from
  from periods p
  group by p.series, p.period_end
), ends_before as (
  -- A last day, with the last days of about a year before.
  select e.series, e.period_end,
    array_agg(e.period_end) over a_year_before as ends,
    array_agg(e.known_from) over a_year_before as knowns
  from ends e
  window a_year_before as (
    partition by e.series
    order by e.period_end - date '1970-01-01'
    range between 376 preceding and 354 preceding
  )
), bases as materialized (
  -- The last day nearest to a year before, of those known on the day.
  select b.*
  from (
    select e.series, e.period_end, n.base_end, n.known_from,
      coalesce(
        min(n.known_from) over (
          partition by e.series, e.period_end
          order by abs(n.base_end - (e.period_end - interval '1 year')::date), n.base_end
          rows between unbounded preceding and 1 preceding
        ),
        'infinity'
      ) as known_to
    from ends_before e
    cross join lateral unnest(e.ends, e.knowns) n (base_end, known_from)
    where abs(n.base_end - (e.period_end - interval '1 year')::date) <= 10
  ) b
  where b.known_from < b.known_to
), base_quarters as materialized (
  select p.quarter, p.series, p.period_start, p.period_end,
    c.quarter as base_quarter, c.period_start as base_start, c.period_end as base_end,
    p.known_from as first_known_from,
    greatest(b.known_from, c.known_from) as known_from,
    least(b.known_to, c.known_to) as known_to
  from periods p
  join bases b on b.series = p.series and b.period_end = p.period_end
  join chosen c on c.series = p.series and c.period_end = b.base_end
  where greatest(b.known_from, c.known_from) < least(b.known_to, c.known_to)
), before_1 as materialized (
  select p.quarter, p.series, p.known_from, c.quarter as other, c.period_start as s
  from periods p
  join chosen c on c.series = p.series and c.period_end = p.period_start - 1
), before_2 as materialized (
  select p.quarter, p.series, p.known_from, c.quarter as other, c.period_start as s
  from before_1 p
  join chosen c on c.series = p.series and c.period_end = p.s - 1
), before_3 as (
  select p.quarter, p.known_from, c.quarter as other
  from before_2 p
  join chosen c on c.series = p.series and c.period_end = p.s - 1
), share_facts as materialized (
  -- Facts whose comparison needs one share basis.
  select f.series, f.period_start, f.period_end, f.value, f.accession, f.filed
  from facts f
  where f.kind in ('per_share', 'shares')
), reported_together as materialized (
  -- Two quarters in one filing are on one share basis.
  select q.quarter, q.base_quarter, c.value, b.value as base_value, min(c.filed) as known_from
  from base_quarters q
  join share_facts c
    on c.series = q.series and c.period_start = q.period_start and c.period_end = q.period_end
  join share_facts b
    on b.series = q.series and b.period_start = q.base_start and b.period_end = q.base_end
    and b.accession = c.accession
  group by q.quarter, q.base_quarter, c.value, b.value
), moments as (
  -- Every day on which a row may change: by its own value, its base, or one of the three quarters before it.
  select s.quarter, s.state_from as known_from
  from states s
  union
  select n.quarter, t.state_from
  from (
    select quarter, first_known_from as known_from, base_quarter as other from base_quarters
    union all
    select quarter, known_from, other from before_1
    union all
    select quarter, known_from, other from before_2
    union all
    select quarter, known_from, other from before_3
  ) n
  join states t on t.quarter = n.other and t.state_from > n.known_from
  union
  select t.quarter, t.known_from
  from reported_together t
  union
  select q.quarter, q.known_from
  from base_quarters q
  where q.known_from > q.first_known_from
), base_states as (
  -- The base of a quarter with its value, from state_from until state_to.
  select q.quarter, q.base_quarter, q.base_end, b.value, b.restated_on, b.stated_on,
    greatest(q.known_from, b.state_from) as state_from,
    least(q.known_to, b.state_to) as state_to
  from base_quarters q
  join states b
    on b.quarter = q.base_quarter and b.state_from < q.known_to and q.known_from < b.state_to
), chosen_states as materialized (
  -- The quarter that ends on a day, as its neighbours use it, from state_from until state_to.
  select c.series, c.period_end, c.period_start, k.value, k.restated_on, k.stated_on,
    greatest(c.known_from, k.state_from) as state_from,
    least(c.known_to, k.state_to) as state_to
  from chosen c
  join states k
    on k.quarter = c.quarter and k.state_from < c.known_to and c.known_from < k.state_to
), rows as (
  -- A quarter on such a day, with its base and the three quarters before it as known on that day.
  select m.quarter, k.series, k.period_start, k.period_end, m.known_from,
    k.kind, k.value, k.method, k.reason, k.accession, k.subtracted_accession, k.is_transition,
    b.base_end, b.value as base_value,
    t.quarter is not null as is_reported_together,
    three.series is not null as are_four,
    k.value + one.value + two.value + three.value as sum_of_four,
    -- Values are on one basis when each was reported on or after the last restatement of any of them.
    greatest(k.restated_on, b.restated_on) > least(k.stated_on, b.stated_on) as is_base_on_another,
    greatest(k.restated_on, one.restated_on, two.restated_on, three.restated_on)
      > least(k.stated_on, one.stated_on, two.stated_on, three.stated_on) as are_four_on_more
  from moments m
  join states k
    on k.quarter = m.quarter and m.known_from >= k.state_from and m.known_from < k.state_to
  left join base_states b
    on b.quarter = m.quarter and m.known_from >= b.state_from and m.known_from < b.state_to
  left join chosen_states one
    on one.series = k.series and one.period_end = k.period_start - 1
    and m.known_from >= one.state_from and m.known_from < one.state_to
  left join chosen_states two
    on two.series = k.series and two.period_end = one.period_start - 1
    and m.known_from >= two.state_from and m.known_from < two.state_to
  left join chosen_states three
    on three.series = k.series and three.period_end = two.period_start - 1
    and m.known_from >= three.state_from and m.known_from < three.state_to
  left join reported_together t
    on t.quarter = m.quarter and t.base_quarter = b.base_quarter
    and t.value = k.value and t.base_value = b.value and t.known_from <= m.known_from
), judged as (
  select r.*,
    case
      when r.kind = 'other' then 'not_comparable'
      when r.value is null then 'no_value'
      when r.base_end is null then 'no_base_quarter'
      when r.base_value is null then 'base_has_no_value'
      when r.base_value <= 0 then 'base_not_positive'
      when r.kind in ('per_share', 'shares') and not r.is_reported_together then 'share_basis_may_differ'
      when r.kind = 'amount' and r.is_base_on_another then 'basis_may_differ'
    end as yoy_reason,
    case
      when r.kind <> 'amount' then 'not_additive'
      when not r.are_four then 'fewer_than_four_quarters'
      when r.sum_of_four is null then 'a_quarter_has_no_value'
      when r.are_four_on_more then 'basis_may_differ'
    end as ttm_reason
  from rows r
  offset 0
), results as (
  select j.quarter, j.series, j.period_start, j.period_end, j.known_from,
    j.value, j.method, j.reason, j.accession, j.subtracted_accession, j.is_transition,
    case when j.yoy_reason is null then round(round(j.value - j.base_value, 24) / j.base_value, 20) end
      as yoy_ratio,
    j.yoy_reason,
    j.base_end as yoy_base_period_end,
    case when j.ttm_reason is null then j.sum_of_four end as ttm_value,
    j.ttm_reason
  from judged j
  offset 0
), compared as (
  select r.*,
    row (r.value, r.method, r.yoy_ratio, r.yoy_reason, r.yoy_base_period_end, r.ttm_value, r.ttm_reason)
      as now,
    lag(row (r.value, r.method, r.yoy_ratio, r.yoy_reason, r.yoy_base_period_end, r.ttm_value, r.ttm_reason))
      over (partition by r.quarter order by r.known_from) as before
  from results r
)
select s.cik, s.taxonomy, s.tag, s.unit,
  c.period_start, c.period_end, c.known_from,
  c.value, c.method, c.reason, c.accession, c.subtracted_accession,
  c.period_end - c.period_start + 1 >= 95, c.is_transition,
  c.yoy_ratio, c.yoy_reason, c.yoy_base_period_end,
  c.ttm_value, c.ttm_reason
from compared c
join series s using (series)
where c.now is distinct from c.before
order by c.quarter, c.known_from
$$;

-- standard items --------------------------------------------------------------------------------------------

-- Which XBRL tags mean which standard item: reviewed by hand, part of the schema, changed by migrations
-- only.
create table stocks_research.standard_item_tags (
  -- The standard item, e.g. revenue.
  item text not null,
  -- XBRL taxonomy of the tag; us-gaap and dei are used before ifrs-full.
  taxonomy text not null,
  -- XBRL element that reports the item for the whole filer.
  tag text not null,
  -- Of several tags of a tier in one filing, the lowest number is used.
  priority integer not null,
  -- amount: money. per_share: money per share. shares: a count of shares. The unit of a fact must fit.
  value_kind text not null,
  -- True for a balance at the end of a day, false for a flow over a period.
  is_instant boolean not null,
  -- The filed value is multiplied with it: -1 when the tag has the opposite sign of the item.
  sign integer not null default 1,
  -- Why the tag means the item, and what it includes.
  note text,
  -- Tags of one tier name the same thing, and the newest filing decides among them. Tags of a higher number
  -- mean something similar, and are used only when no filing until then reports the item for the period with
  -- a lower one.
  tier integer not null default 1,
  -- Tags that show this tag to be a part of the total, when the same filing reports one of them for the
  -- period. The item is then null, unless the lines of the filing add up to it.
  part_beside text[],
  constraint standard_item_tags_pkey primary key (item, taxonomy, tag),
  constraint standard_item_tags_one_priority_a_tag unique (item, taxonomy, priority),
  constraint standard_item_tags_item_check check ((item ~ '^[a-z_]+$')),
  constraint standard_item_tags_priority_check check ((priority >= 1)),
  constraint standard_item_tags_sign_check check ((sign in ('-1'::integer, 1))),
  constraint standard_item_tags_taxonomy_check check ((taxonomy in ('us-gaap', 'ifrs-full', 'dei'))),
  constraint standard_item_tags_tier_check check ((tier >= 1)),
  constraint standard_item_tags_value_kind_check check ((value_kind in ('amount', 'per_share', 'shares')))
);

-- Tags whose sums show which tag of revenue is the total of a filing's own lines.
create function stocks_research.standard_sum_tags()
returns table(tag text)
language sql
immutable parallel safe
as $$
select unnest(array[
  'GrossProfit',
  'CostOfRevenue',
  'CostOfGoodsAndServicesSold',
  'CostOfGoodsSold',
  'CostOfSales',
  'OperatingIncomeLoss',
  'CostsAndExpenses',
  'BenefitsLossesAndExpenses',
  'IncomeLossFromContinuingOperationsBeforeIncomeTaxesExtraordinaryItemsNoncontrollingInterest'
])
$$;

-- True when one value is about a thousand or a million times the other, of the same sign.
create function stocks_research.is_scale_apart(value numeric, other numeric)
returns boolean
language sql
immutable parallel safe
as $$
select case
  when $1 * $2 > 0 and (abs($1) > 900 * abs($2) or abs($2) > 900 * abs($1))
    then abs(abs(log($1 / $2)) - 3) < 0.02 or abs(abs(log($1 / $2)) - 6) < 0.02
  else false
end
$$;

-- Counts of shares of these filers that are in doubt, by the filing that states them, from day_from until
-- the day before day_to, by what was known then. shares_in_thousands: income by earnings per share is about
-- 1000 or 1,000,000 times the average shares of the filing. shares_placeholder: less than a hundredth of
-- another count of the same filing. shares_out_of_scale: less than a hundredth of the counts of other
-- filings within 400 days, or, alone, more than a hundred times them.
create function stocks_research.doubtful_counts(ciks text[])
returns table(cik text, accession text, value numeric, day_from date, day_to date, reason text)
language sql
stable parallel safe
set search_path to 'pg_catalog'
set enable_nestloop to 'off'
set enable_mergejoin to 'off'
set jit to 'off'
as $$
with counts as materialized (
  select distinct f.cik, f.accession, f.filed, f.value
  from stocks_research.fundamentals_raw f
  where f.cik = any ($1)
    and f.unit = 'shares'
    and f.tag in (select m.tag from stocks_research.standard_item_tags m where m.value_kind = 'shares')
    and stocks_research.is_periodic_report(f.form)
), largest as materialized (
  select c.cik, c.accession, c.filed, max(c.value) as value
  from counts c
  group by c.cik, c.accession, c.filed
), periods as (
  -- Income, earnings per share and shares of a period in one filing.
  select f.cik, f.accession,
    array_agg(f.value) filter (where f.tag = 'EarningsPerShareDiluted' and abs(f.value) >= 0.02) as earnings,
    array_agg(f.value) filter (
      where f.tag = 'WeightedAverageNumberOfDilutedSharesOutstanding' and f.value > 0) as shares,
    array_agg(f.value) filter (where f.tag = 'NetIncomeLoss') as income
  from stocks_research.fundamentals_raw f
  where f.cik = any ($1)
    and f.taxonomy = 'us-gaap'
    and f.period_start is not null
    and f.tag in (
      'EarningsPerShareDiluted', 'WeightedAverageNumberOfDilutedSharesOutstanding', 'NetIncomeLoss')
    and stocks_research.is_periodic_report(f.form)
  group by f.cik, f.accession, f.period_start, f.period_end
), too_small as (
  -- The largest average of a filing that is a thousandth or a millionth of income by earnings per share. As
  -- in the check shares-in-thousands.
  select p.cik, p.accession, max(w) as value
  from periods p
  cross join unnest(p.earnings) e
  cross join unnest(p.shares) w
  cross join unnest(p.income) n
  where case
    when n * e > 0 and abs(n) > 500 * abs(e) * w
      then abs(log(n / e / w) - 3) < 0.2 or abs(log(n / e / w) - 6) < 0.2
    else false
  end
  group by p.cik, p.accession
), looks as (
  -- How many filings are above, below and alike, by the day from which both filings are known.
  select c.cik, c.accession, c.value, greatest(c.filed, o.filed) as day,
    count(*) filter (where o.value > 100 * c.value and o.accession = c.accession) as own_above,
    count(*) filter (where o.value > 100 * c.value) as above,
    count(*) filter (where 100 * o.value < c.value) as below,
    count(*) filter (where o.value <= 100 * c.value and 100 * o.value >= c.value) as alike
  from counts c
  join largest o on o.cik = c.cik and o.filed between c.filed - 400 and c.filed + 400
  group by c.cik, c.accession, c.value, greatest(c.filed, o.filed)
), known as (
  select l.cik, l.accession, l.value, l.day,
    sum(l.own_above) over by_day as own_above,
    sum(l.above) over by_day as above,
    sum(l.below) over by_day as below,
    sum(l.alike) over by_day as alike
  from looks l
  window by_day as (partition by l.cik, l.accession, l.value order by l.day)
), judged as (
  select k.cik, k.accession, k.value, k.day,
    case
      when t.value is not null then 'shares_in_thousands'
      when k.own_above > 0 then 'shares_placeholder'
      when k.above >= 2 or (k.above = 1 and k.alike < 3) then 'shares_out_of_scale'
      when k.below >= 3 and k.alike = 1 then 'shares_out_of_scale'
    end as reason
  from known k
  left join too_small t on t.cik = k.cik and t.accession = k.accession and k.value < 100 * t.value
), compared as (
  select j.*, lag(j.reason) over (partition by j.cik, j.accession, j.value order by j.day) as reason_before
  from judged j
), turns as (
  select c.*,
    lead(c.day, 1, 'infinity') over (partition by c.cik, c.accession, c.value order by c.day) as day_to
  from compared c
  where c.reason is distinct from c.reason_before
)
select t.cik, t.accession, t.value, t.day, t.day_to, t.reason
from turns t
where t.reason is not null
$$;

-- standard items as of --------------------------------------------------------------------------------------

-- Standard items by filer, item, period and vintage. A row is what was known from known_from until the day
-- before known_to. Derived from fundamentals_raw and fundamentals_derived. As of a day d: known_from <= d
-- and (known_to is null or known_to > d).
create table stocks_research.fundamentals_standard (
  -- SEC Central Index Key of the filer, ten digits.
  cik text not null,
  -- The standard item, see standard_item_tags.
  item text not null,
  -- quarter, half, nine_months or year by its days; instant for a balance.
  period_kind text not null,
  -- First day of the period; null for an instant.
  period_start date,
  -- Last day of the period, or the instant.
  period_end date not null,
  -- Unit as filed.
  unit text not null,
  -- First day on which this vintage was known. A later filing that repeats the value begins a new vintage:
  -- the day on which a value was first known is first_known_on.
  known_from date not null,
  -- First day on which it was no longer valid; null when it still is.
  known_to date,
  -- The value in unit; null with a reason.
  value numeric,
  -- Why value is null: not_additive (only longer periods report it), share_basis_may_differ (a split may lie
  -- between the filing and the newest one that reports the period per share), may_be_a_part (the only tags
  -- that report it may omit a part of the total); or the doubt about the filed value: out_of_scale (about a
  -- thousand or a million times, or a part of, what the filing before states for the period),
  -- shares_in_thousands, shares_placeholder and shares_out_of_scale (see doubtful_counts). A doubt that only
  -- later filings raise begins a vintage of its own.
  reason text,
  -- Taxonomy of the tag that was used.
  taxonomy text not null,
  -- The tag that was used.
  tag text not null,
  -- reported, or how the quarter was derived, as in fundamentals_derived; none when it cannot be.
  method text not null,
  -- Filing of the value, or of the longer period.
  accession text not null,
  -- Filing date of accession.
  filed date not null,
  -- First day on which any value of this item and period was known, as known on known_from; null when none
  -- was.
  first_known_on date,
  -- The value of first_known_on, on the share basis of that day.
  first_value numeric,
  constraint fundamentals_standard_key unique nulls not distinct (cik, item, period_end, period_start, unit,
    known_from),
  constraint fundamentals_standard_cik_check check ((cik ~ '^[0-9]{10}$')),
  constraint fundamentals_standard_first_before_now check (((first_known_on <= known_from) and
    ((first_known_on is null) = (first_value is null)))),
  constraint fundamentals_standard_instant_has_no_start check (((period_kind = 'instant') = (period_start is
    null))),
  constraint fundamentals_standard_item_check check ((item ~ '^[a-z_]+$')),
  constraint fundamentals_standard_method_check check ((method in ('reported', 'year_less_nine_months',
    'nine_months_less_half', 'half_less_quarter', 'none'))),
  constraint fundamentals_standard_null_has_reason check (((value is null) = (reason is not null))),
  constraint fundamentals_standard_period_kind_check check ((period_kind in ('quarter', 'half',
    'nine_months', 'year', 'instant'))),
  constraint fundamentals_standard_reason_check check ((reason in ('not_additive', 'share_basis_may_differ',
    'may_be_a_part', 'out_of_scale', 'shares_in_thousands', 'shares_placeholder', 'shares_out_of_scale'))),
  constraint fundamentals_standard_valid_for_a_day check ((known_from < known_to))
);
create index fundamentals_standard_by_item on stocks_research.fundamentals_standard using btree (item, cik);
create trigger change_delete after delete on stocks_research.fundamentals_standard referencing old table as
  old_rows for each statement execute function ingestion.record_change();
create trigger change_insert after insert on stocks_research.fundamentals_standard referencing new table as
  new_rows for each statement execute function ingestion.record_change();
create trigger change_truncate after truncate on stocks_research.fundamentals_standard for each statement
  execute function ingestion.record_change();
create trigger change_update after update on stocks_research.fundamentals_standard referencing new table as
  new_rows for each statement execute function ingestion.record_change();
create trigger version_delete after delete on stocks_research.fundamentals_standard referencing old table as
  old_rows for each statement execute function ingestion.bump_versions('cik');
create trigger version_insert after insert on stocks_research.fundamentals_standard referencing new table as
  new_rows for each statement execute function ingestion.bump_versions('cik');
create trigger version_truncate after truncate on stocks_research.fundamentals_standard for each statement
  execute function ingestion.bump_versions('cik');
create trigger version_update after update on stocks_research.fundamentals_standard referencing old table as
  old_rows new table as new_rows for each statement execute function ingestion.bump_versions('cik');

-- Standard items as they were known at the end of the day as_of, one row for each filer, item and period,
-- with the tag used. Columns as in fundamentals_standard; besides, value is null with the reason not_filed
-- where no filing until then reports the item for a period of which it reports results or a balance.
create function stocks_research.fundamentals_standard_as_of(as_of date, ciks text[] default null::text[])
returns table(cik text, item text, period_kind text, period_start date, period_end date, unit text, value
  numeric, taxonomy text, tag text, method text, accession text, known_from date, reason text, filed date,
  first_known_on date, first_value numeric)
language sql
stable parallel safe
as $$
select s.cik, s.item, s.period_kind, s.period_start, s.period_end, s.unit, s.value,
  s.taxonomy, s.tag, s.method, s.accession, s.known_from, s.reason,
  s.filed, s.first_known_on, s.first_value
from stocks_research.fundamentals_standard s
where s.known_from <= $1
  and (s.known_to is null or s.known_to > $1)
  and ($2 is null or s.cik = any ($2))
union all
-- A period or day for which a filer reports results or a balance: for these every item has a row.
select p.cik, i.item, p.period_kind, p.period_start, p.period_end, null, null,
  null, null, 'none', null, null, 'not_filed',
  null, null, null
from (
  select distinct s.cik, s.period_kind, s.period_start, s.period_end
  from stocks_research.fundamentals_standard s
  where s.known_from <= $1
    and (s.known_to is null or s.known_to > $1)
    and ($2 is null or s.cik = any ($2))
    and s.item in ('net_income', 'assets')
    and s.period_kind in ('quarter', 'year', 'instant')
    and s.value is not null
) p
join (
  select distinct m.item, m.is_instant
  from stocks_research.standard_item_tags m
  where m.item <> 'shares_outstanding'
) i on i.is_instant = (p.period_kind = 'instant')
where not exists (
  select
  from stocks_research.fundamentals_standard s
  where s.known_from <= $1
    and (s.known_to is null or s.known_to > $1)
    -- Also where the planner reads the table once for all periods, it reads these filers alone.
    and ($2 is null or s.cik = any ($2))
    and s.cik = p.cik
    and s.item = i.item
    and s.period_end = p.period_end
    and coalesce(s.period_start, '-infinity') = coalesce(p.period_start, '-infinity')
)
$$;

-- Standard items as known today. known_from is the day of the newest vintage, first_known_on the day on
-- which the item was first known: a filter on either does not replace fundamentals_standard_as_of.
create view stocks_research.fundamentals_standard_v as
 select cik,
    item,
    period_kind,
    period_start,
    period_end,
    unit,
    value,
    taxonomy,
    tag,
    method,
    accession,
    known_from,
    reason,
    filed,
    first_known_on,
    first_value
   from stocks_research.fundamentals_standard_as_of('infinity'::date) s(cik, item, period_kind, period_start,
     period_end, unit, value, taxonomy, tag, method, accession, known_from, reason, filed, first_known_on,
     first_value);

-- derive standard items -------------------------------------------------------------------------------------

-- The rows of fundamentals_standard for these filers, computed from fundamentals_raw and
-- fundamentals_derived.
create function stocks_research.derive_standard_items(ciks text[])
returns table(cik text, item text, period_kind text, period_start date, period_end date, unit text,
  known_from date, known_to date, value numeric, reason text, taxonomy text, tag text, method text, accession
  text, filed date, first_known_on date, first_value numeric)
language sql
stable parallel safe
set search_path to 'pg_catalog'
set enable_nestloop to 'off'
set enable_mergejoin to 'off'
set join_collapse_limit to '1'
set jit to 'off'
set work_mem to '64MB'
as $$
with tags as materialized (
  select m.*, row_number() over () as tag_no, i.item_no,
    m.priority + case m.taxonomy when 'ifrs-full' then 100 else 0 end as rank,
    m.value_kind <> 'amount' and not m.is_instant as has_share_basis,
    m.value_kind = 'shares' as is_count,
    case m.value_kind
      when 'amount' then '^[A-Z]{3}$'
      when 'per_share' then '^[A-Z]{3}/shares$'
      else '^shares$'
    end as unit_pattern
  from stocks_research.standard_item_tags m
  join (
    select s.item, row_number() over () as item_no
    from stocks_research.standard_item_tags s
    group by s.item
  ) i using (item)
), stated as materialized (
  -- A fact whose tag means a standard item.
  select row_number() over () as fact_no,
    f.cik, m.tag_no, m.item_no, m.tier, m.rank, m.has_share_basis, m.is_count,
    f.unit, f.value * m.sign as value, f.accession, f.form, f.filed,
    f.period_start, f.period_end, coalesce(f.period_start, '-infinity') as first_date
  from tags m
  join stocks_research.fundamentals_raw f using (taxonomy, tag)
  where f.cik = any ($1)
    and stocks_research.is_periodic_report(f.form)
    and f.filed >= f.period_end
    and m.is_instant = (f.period_start is null)
    and f.unit ~ m.unit_pattern
    and (m.is_instant or stocks_research.period_kind(f.period_end - f.period_start + 1) is not null)
), restated as (
  -- A period with several values: these are few.
  select s.cik, s.tag_no, s.unit, s.first_date, s.period_end
  from stated s
  group by s.cik, s.tag_no, s.unit, s.first_date, s.period_end
  having min(s.value) <> max(s.value)
), rescaled as materialized (
  -- A fact that restates the filing before by about a thousand or a million, as in the check
  -- fact-out-of-scale.
  select v.fact_no
  from (
    select s.fact_no, s.value,
      lag(s.value) over (
        partition by s.cik, s.tag_no, s.unit, s.first_date, s.period_end
        order by s.filed, s.accession
      ) as value_before
    from restated r
    join stated s using (cik, tag_no, unit, first_date, period_end)
  ) v
  where stocks_research.is_scale_apart(v.value, v.value_before)
), count_doubts as materialized (
  select d.*
  from stocks_research.doubtful_counts($1) d
), quarters as materialized (
  -- A vintage of a quarter, for each item that its tag means.
  select d.*, m.tag_no, m.item_no, m.sign, m.tier, m.rank,
    lead(d.known_from, 1, 'infinity') over (
      partition by d.cik, m.tag_no, d.unit, d.period_end, d.period_start
      order by d.known_from
    ) as known_to
  from tags m
  join stocks_research.fundamentals_derived d using (taxonomy, tag)
  where d.cik = any ($1)
    and not m.is_instant
    and d.unit ~ m.unit_pattern
), filings as materialized (
  -- A filing; of two, the one with the higher number counts: the newer one, then the amendment.
  select f.*,
    row_number() over (order by f.filed, f.form like '%/A', f.accession, f.cik) as filing
  from (select distinct s.cik, s.accession, s.form, s.filed from stated s) f
), periods as materialized (
  select p.*, row_number() over () as period
  from (
    select s.cik, s.first_date, s.period_end from stated s
    union
    select q.cik, q.period_start, q.period_end from quarters q where q.method <> 'reported'
  ) p
), lines as materialized (
  -- An item of a period in one unit.
  select l.*, row_number() over () as line
  from (
    select p.period, s.item_no, s.unit
    from stated s
    join periods p using (cik, first_date, period_end)
    union
    select p.period, q.item_no, q.unit
    from quarters q
    join periods p on p.cik = q.cik and p.first_date = q.period_start and p.period_end = q.period_end
    where q.method <> 'reported'
  ) l
), facts as materialized (
  select s.fact_no, s.cik, s.accession, l.line, p.period, f.filing, s.filed, s.tag_no, s.item_no, s.tier,
    s.rank, s.has_share_basis, s.is_count, s.unit, s.value, s.first_date, s.period_end,
    r.fact_no is not null as is_rescaled
  from stated s
  join filings f using (cik, accession)
  join periods p using (cik, first_date, period_end)
  join lines l on l.period = p.period and l.item_no = s.item_no and l.unit = s.unit
  left join rescaled r using (fact_no)
), sides as materialized (
  -- Lines that show whether a revenue is the total or a part of it. They are compared by filing and period.
  select g.filing, f.tag, f.unit, p.period, f.value
  from stocks_research.fundamentals_raw f
  join filings g using (cik, accession)
  join periods p
    on p.cik = f.cik
    and p.first_date = coalesce(f.period_start, '-infinity')
    and p.period_end = f.period_end
  where f.taxonomy in ('us-gaap', 'ifrs-full')
    and f.cik = any ($1)
    and f.value <> 0
    and f.tag in (
      select s.tag from stocks_research.standard_sum_tags() s
      union
      select unnest(t.part_beside) from stocks_research.standard_item_tags t
    )
), totals as (
  -- What two lines of a filing add up to: gross profit and cost, or income and all costs.
  select distinct a.filing, a.period, a.unit, a.value + b.value as value
  from (
    values
      ('GrossProfit', 'CostOfRevenue'),
      ('GrossProfit', 'CostOfGoodsAndServicesSold'),
      ('GrossProfit', 'CostOfGoodsSold'),
      ('GrossProfit', 'CostOfSales'),
      ('OperatingIncomeLoss', 'CostsAndExpenses'),
      (
        'IncomeLossFromContinuingOperationsBeforeIncomeTaxesExtraordinaryItemsNoncontrollingInterest',
        'CostsAndExpenses'
      ),
      (
        'IncomeLossFromContinuingOperationsBeforeIncomeTaxesExtraordinaryItemsNoncontrollingInterest',
        'BenefitsLossesAndExpenses'
      )
  ) p (one, other)
  join sides a on a.tag = p.one
  join sides b on b.tag = p.other and b.filing = a.filing and b.period = a.period and b.unit = a.unit
), parts as (
  -- A tag that is a part of the total in a filing. Found from the other parts, which are few.
  select distinct s.filing, s.period, s.unit, t.tag_no
  from (select m.tag_no, unnest(m.part_beside) as beside from tags m) t
  join sides s on s.tag = t.beside
), largest as (
  -- The largest revenue of a filing for a period.
  select f.filing, f.line, max(f.value) as value
  from facts f
  join tags m using (tag_no)
  where m.item = 'revenue'
    and m.tag <> 'RevenueFromContractWithCustomerIncludingAssessedTax'
  group by f.filing, f.line
), weighed as (
  -- A fact, with whether it is the total that other lines add up to, and whether it may be a part.
  select f.*,
    t.filing is not null as is_total,
    t.filing is null and (p.filing is not null or coalesce(f.value < 0.9 * n.value, false)) as may_be_part
  from facts f
  left join largest n on n.filing = f.filing and n.line = f.line
  left join totals t
    on t.filing = f.filing and t.period = f.period and t.unit = f.unit and t.value = f.value
    and f.item_no = (select distinct m.item_no from tags m where m.item = 'revenue')
  left join parts p
    on p.filing = f.filing and p.period = f.period and p.unit = f.unit and p.tag_no = f.tag_no
), of_filings as materialized (
  -- The fact that a filing gives for an item and period: the tier decides, then the priority, unless the
  -- other lines add up to another tag of revenue.
  select distinct on (w.line, w.filing) w.*
  from weighed w
  order by w.line, w.filing, w.tier, w.is_total desc, w.rank
), longer as materialized (
  -- A quarter that is the difference of two periods, and what the filing of the longer one gives. The filer
  -- is in the condition since filers share their days: each step joins within a filer.
  select q.*, o.filed, o.first_date, o.may_be_part, o.is_rescaled
  from quarters q
  join of_filings o
    on o.cik = q.cik and o.accession = q.accession and o.tag_no = q.tag_no and o.unit = q.unit
    and o.period_end = q.period_end and o.first_date < q.period_start
  where q.method <> 'reported'
), differences as materialized (
  -- Its tag is the one that both of its filings give.
  select q.tag_no, q.tier, q.rank, q.known_from, q.known_to, q.value * q.sign as value, q.reason,
    q.method, q.accession, q.filed, q.may_be_part or s.may_be_part as may_be_part,
    q.is_rescaled or s.is_rescaled as is_rescaled,
    p.period, l.line,
    - dense_rank() over (order by l.line, q.tag_no, q.accession, q.method) as source
  from longer q
  join of_filings s
    on s.cik = q.cik and s.accession = q.subtracted_accession and s.tag_no = q.tag_no and s.unit = q.unit
    and s.period_end = q.period_start - 1 and s.first_date = q.first_date
  join periods p on p.cik = q.cik and p.first_date = q.period_start and p.period_end = q.period_end
  join lines l on l.period = p.period and l.item_no = q.item_no and l.unit = q.unit
), days as materialized (
  -- A day on which an item of a period may change, until the next such day.
  select d.period, d.day, lead(d.day, 1, 'infinity') over (partition by d.period order by d.day) as day_to
  from (
    select o.period, o.filed as day from of_filings o
    union
    select q.period, q.known_from from differences q
    union
    select q.period, q.known_to from differences q where q.known_to < 'infinity'
    union
    select o.period, t.day
    from of_filings o
    join count_doubts c on c.cik = o.cik and c.accession = o.accession and c.value = o.value
    cross join unnest(array[c.day_from, c.day_to]) t (day)
    where o.is_count
      and t.day < 'infinity'
  ) d
), choices as materialized (
  -- On each day the fact of the newest filing of the best tier. A fact that may be a part of the total comes
  -- last.
  select distinct on (o.line, d.day)
    o.line, d.day, d.day_to, o.fact_no, o.period, o.filing, o.tier, o.may_be_part, o.has_share_basis, o.value,
    o.cik, o.accession, o.is_count, o.is_rescaled
  from days d
  join of_filings o on o.period = d.period and o.filed <= d.day
  order by o.line, d.day, o.tier, o.may_be_part, o.filing desc
), bases as (
  -- Values per share and share counts of a period are on the basis of the newest filing that reports any of
  -- them …
  select c.period, c.day, max(c.filing) as filing
  from choices c
  where c.has_share_basis
  group by c.period, c.day
), alike as (
  -- … and a value of an older filing is used only when both filings report some such value alike: then no
  -- split lies between them.
  select distinct o.period, o.filing, n.filing as basis_filing
  from facts n
  join facts o
    on o.period = n.period and o.tag_no = n.tag_no and o.unit = n.unit and o.value = n.value
  where n.has_share_basis
    and n.value <> 0
), based as (
  select c.*,
    not c.has_share_basis or c.filing = b.filing or o.filing is not null as is_on_basis,
    case when c.is_rescaled then 'out_of_scale' else x.reason end as doubt
  from choices c
  left join bases b on c.has_share_basis and b.period = c.period and b.day = c.day
  left join alike o on o.period = c.period and o.filing = c.filing and o.basis_filing = b.filing
  left join count_doubts x
    on c.is_count and x.cik = c.cik and x.accession = c.accession and x.value = c.value
    and c.day >= x.day_from and c.day < x.day_to
), derived as (
  -- On each day the best difference for a quarter.
  select distinct on (q.line, d.day) q.*, d.day, d.day_to
  from differences q
  join days d on d.period = q.period and d.day >= q.known_from and d.day < q.known_to
  order by q.line, d.day, q.value is null, q.tier, q.may_be_part, q.known_from desc, q.rank
), better as materialized (
  -- A difference for a quarter that no filing reports, or only with a tag of a lower tier.
  select d.*, c.line is not null as replaces
  from derived d
  left join choices c on c.line = d.line and c.day = d.day
  where c.line is null
    or (d.value is not null and not d.may_be_part and (d.tier < c.tier or c.may_be_part))
), rows as (
  -- An item of a period on a day.
  select b.line, b.day, b.day_to, b.fact_no as source,
    case when b.is_on_basis and not b.may_be_part and b.doubt is null then b.value end as value,
    case
      when b.may_be_part then 'may_be_a_part'
      when not b.is_on_basis then 'share_basis_may_differ'
      else b.doubt
    end as reason
  from based b
  where not exists (
    select
    from better d
    where d.replaces
      and d.line = b.line
      and d.day = b.day
  )
  union all
  select d.line, d.day, d.day_to, d.source,
    case when not d.may_be_part and not d.is_rescaled then d.value end,
    case
      when d.value is null then d.reason
      when d.may_be_part then 'may_be_a_part'
      when d.is_rescaled then 'out_of_scale'
    end
  from better d
), compared as (
  select r.*,
    lag(r.day_to) over by_day as ended_on,
    max(r.day_to) over (partition by r.line) as last_day_to,
    lag(r.day_to) over by_day is not distinct from r.day
      and lag(r.source) over by_day = r.source
      and lag(r.value) over by_day is not distinct from r.value
      and lag(r.reason) over by_day is not distinct from r.reason as is_same
  from rows r
  window by_day as (partition by r.line order by r.day)
), vintages as (
  select c.line, c.day as known_from, c.source, c.value, c.reason,
    lead(c.ended_on, 1, c.last_day_to) over by_day as known_to,
    min(c.day) filter (where c.value is not null) over by_day as first_known_on
  from compared c
  where not c.is_same
  window by_day as (partition by c.line order by c.day)
), sources as (
  select s.fact_no as source, s.tag_no, 'reported' as method, s.accession, s.filed
  from stated s
  union all
  select distinct d.source, d.tag_no, d.method, d.accession, d.filed
  from differences d
)
select p.cik, m.item,
  case
    when m.is_instant then 'instant'
    else stocks_research.period_kind(p.period_end - p.first_date + 1)
  end,
  nullif(p.first_date, '-infinity'), p.period_end, l.unit,
  v.known_from, nullif(v.known_to, 'infinity'),
  v.value, v.reason, m.taxonomy, m.tag, s.method, s.accession, s.filed,
  v.first_known_on,
  max(v.value) filter (where v.known_from = v.first_known_on) over (partition by v.line order by v.known_from)
from vintages v
join sources s using (source)
join tags m using (tag_no)
join lines l using (line)
join periods p using (period)
$$;

-- filings ---------------------------------------------------------------------------------------------------

-- Filings of the filers of the universe: annual, quarterly and current reports, what registers or ends a
-- listing, and every filing with XBRL. Others, such as the reports of insiders, are not kept. Loaded with
-- fundamentals_raw, whose accession is that of the filing. Empty where the source of the facts has no
-- filings.
create table stocks_research.filings (
  -- SEC Central Index Key of the filer, ten digits.
  cik text not null,
  -- Accession number, as in fundamentals_raw. Filers that file together share one.
  accession text not null,
  -- Form type, e.g. 10-K, 10-Q/A, 8-K.
  form text not null,
  -- Filing date, by the SEC: what is accepted after 17:30 in New York is filed on the next business day.
  filed date not null,
  -- When EDGAR accepted it, UTC: it is public from then on. Null where the source does not report it. Trap:
  -- of the reports of large filers most are accepted after the close, so the close of the day filed did not
  -- know them; first_session_after says which one did.
  accepted_at timestamp with time zone,
  -- False where the SEC's text may be UTC or New York time, and nothing decides: accepted_at is then the
  -- later of the two. Null without accepted_at.
  is_accepted_at_certain boolean,
  -- Last day of the period that a report is about; of an 8-K the day of the event.
  report_date date,
  -- Items of an 8-K, e.g. 2.02 (results of operations), 9.01; null for other forms.
  items text[],
  -- Standard Industrial Classification of the filer on the day on which the source was read, four digits.
  -- Trap: it is today's, repeated in each filing, not that of the day filed.
  sic text,
  -- True when it has XBRL data.
  is_xbrl boolean,
  -- Size of the submission.
  size_bytes bigint,
  -- File name of its main document on EDGAR.
  primary_document text,
  constraint filings_pkey primary key (cik, accession),
  constraint filings_accession_check check ((accession <> '')),
  constraint filings_certainty_of_acceptance check (((accepted_at is null) = (is_accepted_at_certain is
    null))),
  constraint filings_cik_check check ((cik ~ '^[0-9]{10}$')),
  constraint filings_form_check check ((form <> '')),
  constraint filings_items_are_named check ((cardinality(items) > 0)),
  constraint filings_sic_check check ((sic ~ '^[0-9]{4}$')),
  constraint filings_size_bytes_check check ((size_bytes >= 0))
);
create index filings_by_cik_filed on stocks_research.filings using btree (cik, filed);
create trigger change_delete after delete on stocks_research.filings referencing old table as old_rows for
  each statement execute function ingestion.record_change();
create trigger change_insert after insert on stocks_research.filings referencing new table as new_rows for
  each statement execute function ingestion.record_change();
create trigger change_truncate after truncate on stocks_research.filings for each statement execute function
  ingestion.record_change();
create trigger change_update after update on stocks_research.filings referencing new table as new_rows for
  each statement execute function ingestion.record_change();
create trigger version_delete after delete on stocks_research.filings referencing old table as old_rows for
  each statement execute function ingestion.bump_versions('cik');
create trigger version_insert after insert on stocks_research.filings referencing new table as new_rows for
  each statement execute function ingestion.bump_versions('cik');
create trigger version_truncate after truncate on stocks_research.filings for each statement execute function
  ingestion.bump_versions('cik');
create trigger version_update after update on stocks_research.filings referencing old table as old_rows new
  table as new_rows for each statement execute function ingestion.bump_versions('cik');

-- The first session that could trade on a filing: the first one whose close comes after its acceptance. What
-- is accepted at or after the close (16:00 in New York, 13:00 on short days) counts for the next session.
-- Without accepted_at it is the session after the filing date. A close of that session or a later one may
-- use the filing; its open may not, unless the acceptance was before 9:30.
create function stocks_research.first_session_after(accepted_at timestamp with time zone, filed date)
returns date
language sql
stable parallel safe
as $$
select c.session_date
from stocks_research.trading_sessions c
where c.session_date >= coalesce(($1 at time zone 'America/New_York')::date, $2 + 1)
  and coalesce(c.close_at > $1, true)
order by c.session_date
limit 1
$$;

-- When the results of each period became public: with the first 8-K that reports results (item 2.02), or
-- else with the annual or quarterly report. One row for each period of which a report was filed. Trap: the
-- figures themselves are those of the report; before it, only the text of the announcement is public, and no
-- fact of fundamentals_raw is known.
create view stocks_research.earnings_dates_v as
 with reports as (
         select distinct on (f.cik, f.report_date) f.cik,
            f.report_date as period_end,
            f.accession,
            f.form,
            f.filed,
            f.accepted_at
           from stocks_research.filings f
          where (f.form in ('10-K', '10-KT', '10-Q', '10-QT', '20-F', '40-F')) and f.report_date is not null
          order by f.cik, f.report_date, f.filed, f.accepted_at, f.accession
        ), in_order as (
         select r_1.cik,
            r_1.period_end,
            r_1.accession,
            r_1.form,
            r_1.filed,
            r_1.accepted_at,
            lead(r_1.period_end) over (partition by r_1.cik order by r_1.period_end) as next_period_end
           from reports r_1
        ), announced as (
         select r_1.cik,
            r_1.period_end,
            r_1.accession,
            r_1.form,
            r_1.filed,
            r_1.accepted_at,
            r_1.next_period_end,
            a_1.accession as announcement,
            a_1.form as announcement_form,
            a_1.filed as announced_on,
            a_1.accepted_at as announced_at
           from in_order r_1
             left join lateral ( select f.accession,
                    f.form,
                    f.filed,
                    f.accepted_at
                   from stocks_research.filings f
                  where f.cik = r_1.cik and f.filed > r_1.period_end and f.filed <= least(r_1.filed,
                    r_1.next_period_end) and (f.accepted_at > r_1.accepted_at) is not true and f.form = '8-K'
                    and ('2.02' = any (f.items))
                  order by f.filed, f.accepted_at, f.accession
                 limit 1) a_1 on true
        )
 select a.cik,
    a.period_end,
    a.announcement is not null as is_announced,
    coalesce(a.announcement, a.accession) as accession,
    coalesce(a.announcement_form, a.form) as form,
    coalesce(a.announced_on, a.filed) as filed,
        case
            when a.announcement is null then a.accepted_at
            else a.announced_at
        end as accepted_at,
        case
            when a.announcement is null then r.first_session
            else stocks_research.first_session_after(a.announced_at, a.announced_on)
        end as first_session,
    a.accession as report_accession,
    a.form as report_form,
    a.filed as report_filed,
    a.accepted_at as report_accepted_at,
    r.first_session as report_first_session
   from announced a
     cross join lateral ( select stocks_research.first_session_after(a.accepted_at, a.filed) as first_session
         offset 0) r;

-- daily returns ---------------------------------------------------------------------------------------------

-- Daily returns as CRSP defines them, from the bar before to this one. The last return of a delisted
-- security is (1 + return) x (1 + delisting return) - 1. A security whose delisting return is not known ends
-- with its last bar: see delistings_v. Trap: after a gap in the bars the return covers the gap.
create view stocks_research.returns_daily_v as
 with bars as (
         select p.security_id,
            p.trade_date,
            p.close,
            f.total_return_factor,
            f.split_numerator,
            f.split_denominator,
            f.first_date is distinct from lag(f.first_date) over before as is_after_event,
            lag(p.close) over before as close_before,
            lag(f.total_return_factor) over before as total_return_factor_before,
            lag(f.split_numerator) over before as split_numerator_before,
            lag(f.split_denominator) over before as split_denominator_before
           from stocks_research.prices_daily p
             left join stocks_research.adjustment_factors f on f.security_id = p.security_id and p.trade_date
               >= f.first_date and (p.trade_date <= f.last_date) is true
          window before as (partition by p.security_id order by p.trade_date)
        ), growths as (
         select b.security_id,
            b.trade_date,
                case
                    when b.total_return_factor is null then null::numeric
                    when b.is_after_event then b.close * b.total_return_factor / (b.close_before *
                      b.total_return_factor_before)
                    else b.close / b.close_before
                end as total_growth,
                case
                    when b.split_numerator is null then null::numeric
                    when b.is_after_event then b.close * b.split_numerator * b.split_denominator_before /
                      (b.close_before * b.split_denominator * b.split_numerator_before)
                    else b.close / b.close_before
                end as price_growth
           from bars b
        )
 select g.security_id,
    g.trade_date,
    round(g.total_growth * (1::numeric + coalesce(d.delisting_return, 0::numeric)) - 1::numeric, 12) as
      return,
    round(g.price_growth * (1::numeric + coalesce(d.delisting_return, 0::numeric)) - 1::numeric, 12) as
      return_without_dividends,
    d.delisting_return is not null as is_delisting_return
   from growths g
     left join stocks_research.delistings_v d on d.security_id = g.security_id and d.last_trade_date =
       g.trade_date and d.delisting_return is not null;

-- listed on a day -------------------------------------------------------------------------------------------

-- Every security that is known to have been listed on this day, with its ticker of that day; those that were
-- delisted later included, so the universe has no survivorship bias. certainty: traded (a bar within ten
-- sessions up to the day), stated (its first day is stated, and it has no bar yet). With include_unknown
-- also no_recent_bar and before_first_evidence: a source states the ticker, and nothing shows that it was
-- listed. Known as of the day, but for security_type, and exchange_mic where the source reports none for the
-- interval: these are today's. Trap: counting unknown ones puts companies into the universe before they came
-- to the market.
create function stocks_research.securities_as_of(as_of date, include_unknown boolean default false)
returns table(security_id bigint, source_id text, ticker text, exchange_mic text, security_type text,
  certainty text)
language sql
stable parallel safe
as $$
select s.security_id, s.source_id, h.ticker, coalesce(h.exchange_mic, s.exchange_mic), s.security_type,
  e.certainty
from stocks_research.ticker_history h
join stocks_research.securities s on s.security_id = h.security_id
left join lateral (
  select p.trade_date
  from stocks_research.prices_daily p
  where p.security_id = h.security_id
    and p.trade_date <= $1
  order by p.trade_date desc
  limit 1
) b on true
cross join lateral (
  select
    case
      when b.trade_date >= (
        select c.session_date
        from stocks_research.trading_sessions c
        where c.session_date <= $1
        order by c.session_date desc
        offset 9 limit 1
      ) then 'traded'
      when b.trade_date is not null then 'no_recent_bar'
      when s.list_date is not null then 'stated'
      else 'before_first_evidence'
    end as certainty
) e
where h.valid_from <= $1
  and $1 <= coalesce(h.valid_to, 'infinity')
  and $1 >= coalesce(s.list_date, '-infinity')
  and $1 <= coalesce(s.delist_date, 'infinity')
  and ($2 or e.certainty in ('traded', 'stated'))
$$;

-- The security that was listed under this ticker on this day; null when none of this database was: then the
-- ticker was unused, another company's, or not known to be listed (include_unknown, as in securities_as_of).
-- resolve_ticker says which. Trap: a ticker without a day does not identify a security.
create function stocks_research.security_as_of(ticker text, as_of date, include_unknown boolean default
  false)
returns bigint
language sql
stable parallel safe
as $$
select s.security_id
from stocks_research.securities_as_of($2, $3) s
where s.ticker = $1
$$;

-- A ticker without its notation: brk-b, BRK/B, BRK B and BRK.B have one key, BRK.B. BRKB is another one.
create function stocks_research.ticker_key(ticker text)
returns text
language sql
immutable parallel safe
return regexp_replace(upper(btrim(ticker)), '[^A-Z0-9]+', '.', 'g');

-- The security of a ticker in any notation (BRK-B, brk/b, BRK.B) on a day, always one row. reason: exact,
-- other_notation; without a security: unknown (no security of this database had it until the day),
-- not_held_on_day (held before), listing_not_known (held, and no evidence of a listing on the day),
-- ambiguous.
create function stocks_research.resolve_ticker(ticker text, as_of date)
returns table(security_id bigint, listed_ticker text, reason text)
language sql
stable parallel safe
as $$
with held as (
  -- Intervals of this ticker in any notation that began until the day, and whether they cover it.
  select h.security_id, h.ticker, h.ticker = $1 as is_exact,
    $2 <= coalesce(h.valid_to, 'infinity') as is_of_day
  from stocks_research.ticker_history h
  where stocks_research.ticker_key(h.ticker) = stocks_research.ticker_key($1)
    and h.valid_from <= $2
), of_day as (
  -- Those of the day, the exact ones before the others.
  select h.security_id, h.ticker, h.is_exact, rank() over (order by h.is_exact desc) as place
  from held h
  where h.is_of_day
), best as (
  select count(*) as candidates_count, min(d.security_id) as security_id, min(d.ticker) as ticker,
    bool_and(d.is_exact) as is_exact
  from of_day d
  where d.place = 1
)
select
  case when b.candidates_count = 1 then l.security_id end,
  case when b.candidates_count = 1 and l.security_id is not null then b.ticker end,
  case
    when not exists (select from held) then 'unknown'
    when b.candidates_count = 0 then 'not_held_on_day'
    when b.candidates_count > 1 then 'ambiguous'
    when l.security_id is null then 'listing_not_known'
    when b.is_exact then 'exact'
    else 'other_notation'
  end
from best b
left join lateral (
  select s.security_id
  from stocks_research.securities_as_of($2) s
  where s.ticker = b.ticker
    and s.security_id = b.security_id
) l on true
$$;

-- What a security was, by interval of its ticker; kept when it is delisted. Ticker and exchange are those of
-- the interval. Name, type, filer and FIGI are known as of today, or as of the delisting:
-- is_of_later_interval says that they may not have been true then. Trap: filtering a past universe on
-- today's type or filer without looking at the flag.
create view stocks_research.security_history_v as
 select h.security_id,
    h.valid_from,
    h.valid_to,
    h.ticker,
    coalesce(h.exchange_mic, s.exchange_mic) as exchange_mic,
    s.name,
    s.security_type,
    s.cik,
    s.share_class_figi,
    lead(h.valid_from) over (partition by h.security_id order by h.valid_from) is not null as
      is_of_later_interval
   from stocks_research.ticker_history h
     join stocks_research.securities s on s.security_id = h.security_id;

-- research functions ----------------------------------------------------------------------------------------

-- Daily prices of a security from first_date to last_date, raw and adjusted as of today, through its changes
-- of name. The security is a source_id, a ticker in any notation (the last security that had it up to
-- last_date, with all of its history), or a security_id. Trap: `where ticker = …` in prices_daily_adjusted_v
-- loses the years before a change of name, and mixes companies that had one ticker.
create function stocks_research.prices_of(security text, first_date date, last_date date)
returns setof stocks_research.prices_daily_adjusted_v
language sql
stable parallel safe
as $$
select v.*
from stocks_research.prices_daily_adjusted_v v
where v.security_id = coalesce(
    (
      select s.security_id
      from stocks_research.securities s
      where s.source_id = $1
    ),
    (
      select h.security_id
      from stocks_research.ticker_history h
      where stocks_research.ticker_key(h.ticker) = stocks_research.ticker_key($1)
        and h.valid_from <= $3
      order by h.valid_from desc, h.ticker = $1 desc
      limit 1
    ),
    case when $1 ~ '^[0-9]{1,18}$' then $1::bigint end
  )
  and v.trade_date between $2 and $3
$$;

-- Total return from the close of first_date to that of last_date, dividends reinvested: 0.05 is 5 %. After
-- the last bar of a delisted security the delisting return is in it, and the result is null where that is
-- not known: nobody then knows what holders had. with_delisting = false stops at the last bar. Null without
-- a close within ten sessions up to first_date. Trap: leaving out the nulls is survivorship bias.
create function stocks_research.total_return(security_id bigint, first_date date, last_date date,
  with_delisting boolean default true)
returns numeric
language sql
stable parallel safe
as $$
select round(
  z.close * z.total_return_factor / (a.close * a.total_return_factor)
    * case when d.security_id is null then 1 else 1 + d.delisting_return end - 1,
  12
)
from (
  -- The close at which it is bought: at most ten sessions before first_date.
  select p.close, f.total_return_factor
  from stocks_research.prices_daily p
  join stocks_research.adjustment_factors f
    on f.security_id = p.security_id
    and p.trade_date >= f.first_date
    and (p.trade_date <= f.last_date) is true
  where p.security_id = $1
    and p.trade_date <= $2
    and p.trade_date >= (
      select c.session_date
      from stocks_research.trading_sessions c
      where c.session_date <= $2
      order by c.session_date desc
      offset 9 limit 1
    )
  order by p.trade_date desc
  limit 1
) a
cross join (
  -- The close at which it is sold: the last one up to last_date.
  select p.trade_date, p.close, f.total_return_factor
  from stocks_research.prices_daily p
  join stocks_research.adjustment_factors f
    on f.security_id = p.security_id
    and p.trade_date >= f.first_date
    and (p.trade_date <= f.last_date) is true
  where p.security_id = $1
    and p.trade_date <= $3
  order by p.trade_date desc
  limit 1
) z
left join stocks_research.delistings_v d
  on $4
  and d.security_id = $1
  and d.last_trade_date = z.trade_date
  and d.last_trade_date < $3
where $2 <= $3
$$;

-- Shares on last_date for one share of first_date, from splits and stock dividends with an ex-date after
-- first_date and up to last_date: 4 after a split of 1 to 4, 1 without one. Exact; a quotient that does not
-- end has 60 decimals. A price of first_date in shares of last_date is price / split_ratio.
create function stocks_research.split_ratio(security_id bigint, first_date date, last_date date)
returns numeric
language sql
stable parallel safe
as $$
select case
  when count(*) = 0 then 1
  else trim_scale(
    round(stocks_research.product_exact(a.split_to), 60) / stocks_research.product_exact(a.split_from)
  )
end
from stocks_research.corporate_actions a
where a.security_id = $1
  and stocks_research.is_split_kind(a.kind)
  and a.ex_date > $2
  and a.ex_date <= $3
$$;

-- The session so many sessions after a day (negative: before it). 0 is the day itself, or the next session
-- when the exchange was closed. Null outside the calendar.
create function stocks_research.session_shift(day date, sessions integer)
returns date
language sql
stable parallel safe
as $$
select case
  when $2 >= 0 then (
    select c.session_date
    from stocks_research.trading_sessions c
    where c.session_date >= $1
    order by c.session_date
    offset greatest($2, 0) limit 1
  )
  else (
    select c.session_date
    from stocks_research.trading_sessions c
    where c.session_date < $1
    order by c.session_date desc
    offset greatest(-$2 - 1, 0) limit 1
  )
end
$$;

-- Sessions with a running number, from 1 for the first one of the calendar: differences of numbers count
-- sessions. The numbers stay the same when the calendar grows.
create view stocks_research.sessions_numbered_v as
 select session_date,
    row_number() over (order by session_date) as session_number
   from stocks_research.trading_sessions c;

-- The last sessions of the months between two days, in order, for the panels; with days_before so many days
-- before each: the filings of 1 day before were known at the close of the month. Trap: the last calendar day
-- of a month is often no session, and a month that has not ended by last_date is not in it.
create function stocks_research.month_ends(first_date date, last_date date, days_before integer default 0)
returns date[]
language sql
stable parallel safe
as $$
select coalesce(array_agg(m.month_end - $3 order by m.month_end), '{}')
from (
  select max(c.session_date) as month_end
  from stocks_research.trading_sessions c
  where c.session_date >= date_trunc('month', $1)::date
    and c.session_date < (date_trunc('month', $2) + interval '1 month')::date
  group by date_trunc('month', c.session_date)
) m
where m.month_end between $1 and $2
$$;

-- For each day and security the last bar within ten sessions up to the day, raw and adjusted as of today:
-- one call for all month ends. Securities without such a bar are not in it; delisted ones are, as long as
-- they traded. Closes are those of the day; the adjusted columns change with later events, and only their
-- ratio between two days is a return.
create function stocks_research.prices_panel(days date[], security_ids bigint[] default null::bigint[])
returns table(day date, security_id bigint, ticker text, trade_date date, close numeric, volume numeric,
  adj_close numeric, total_return_close numeric)
language sql
stable parallel safe rows 100000
as $$
select d.day, s.security_id, t.ticker, p.trade_date,
  p.close, p.volume,
  round(p.close * f.price_factor, 12),
  round(p.close * f.total_return_factor, 12)
from (
  -- Each day, with the tenth session before it.
  select u.day, (
    select c.session_date
    from stocks_research.trading_sessions c
    where c.session_date <= u.day
    order by c.session_date desc
    offset 9 limit 1
  ) as oldest_date
  from unnest($1) u (day)
) d
cross join stocks_research.securities s
cross join lateral (
  select q.trade_date, q.close, q.volume
  from stocks_research.prices_daily q
  where q.security_id = s.security_id
    and q.trade_date <= d.day
    and q.trade_date >= d.oldest_date
  order by q.trade_date desc
  limit 1
) p
left join stocks_research.adjustment_factors f
  on f.security_id = s.security_id
  and p.trade_date >= f.first_date
  and (p.trade_date <= f.last_date) is true
left join stocks_research.ticker_history t
  on t.security_id = s.security_id
  and p.trade_date >= t.valid_from
  and (p.trade_date <= coalesce(t.valid_to, 'infinity')) is true
where $2 is null
  or s.security_id = any ($2)
$$;

-- market cap ------------------------------------------------------------------------------------------------

-- split_ratio from the splits that were known at the end of as_of; last_date may be before first_date: then
-- the shares at the end of last_date for one share of first_date.
create function stocks_research.split_ratio_as_of(security_id bigint, first_date date, last_date date, as_of
  date)
returns numeric
language sql
stable parallel safe
as $$
select case
  when count(*) = 0 then 1
  when $2 <= $3
    then round(stocks_research.product_exact(a.split_to), 60) / stocks_research.product_exact(a.split_from)
  else round(stocks_research.product_exact(a.split_from), 60) / stocks_research.product_exact(a.split_to)
end
from stocks_research.corporate_actions a
where a.security_id = $1
  and a.ex_date > least($2, $3)
  and a.ex_date <= greatest($2, $3)
  and greatest(a.ex_date, a.declared_date) <= $4
  and stocks_research.is_split_kind(a.kind)
$$;

-- Shares and capitalisation of each share of a filer on each of the days, as known on it: the last close
-- within a week, times the newest count of shares, brought to the share basis of the close. A filer of
-- several classes reports one count for all: shares and market_cap of a class are then null with
-- counted_for_all_classes, and filer_market_cap is the count times the mean close where the closes differ by
-- a tenth at most. Other reasons: no_count_of_shares (none within 550 days, or only counts in doubt, see
-- doubtful_counts), may_be_depositary_shares (the count is of ordinary shares, and the shares behind one
-- listed security are not known), share_basis_not_known (a split between the day of the count and its
-- filing, and no count before). share_basis: as_counted or as_filed, the day on whose shares the count is.
-- The filer and the type of a security are those of today. Trap: filer_market_cap repeats in each row of the
-- filer.
create function stocks_research.market_cap_panel(days date[], ciks text[] default null::text[])
returns table(as_of date, cik text, security_id bigint, trade_date date, close numeric, currency text, shares
  numeric, market_cap numeric, reason text, filer_shares numeric, filer_market_cap numeric, filer_reason
  text, shares_counted_on date, shares_filed date, shares_accession text, share_basis text)
language sql
stable parallel safe
as $$
with closes as (
  -- The last close of each share of a filer within a week before a day.
  select d.day, s.cik, s.security_id, s.security_type, s.currency, p.trade_date, p.close,
    count(*) over of_filer as classes_count,
    avg(p.close) over of_filer as mean_close,
    max(p.close) over of_filer <= 1.1 * min(p.close) over of_filer as are_alike,
    min(s.security_id) over of_filer as first_security_id
  from (select distinct day from unnest($1) u (day)) d
  cross join stocks_research.securities s
  cross join lateral (
    select b.trade_date, b.close
    from stocks_research.prices_daily b
    where b.security_id = s.security_id
      and b.trade_date <= d.day
      and b.trade_date > d.day - 7
    order by b.trade_date desc
    limit 1
  ) p
  where s.cik is not null
    and ($2 is null or s.cik = any ($2))
    and (s.security_type is null or s.security_type in ('stock', 'common', 'adr', 'reit'))
  window of_filer as (partition by d.day, s.cik)
), counts as materialized (
  -- The newest count of the filer that was known on the day, and the split between its day and its filing.
  select c.*, n.counted_on, n.filed, n.accession, n.taxonomy, n.tag, n.value,
    case
      -- Most securities were never split, and for them no ratio needs to be computed.
      when exists (
        select
        from stocks_research.corporate_actions x
        where x.security_id = c.first_security_id
          and stocks_research.is_split_kind(x.kind)
      )
        then stocks_research.split_ratio_as_of(c.first_security_id, n.counted_on, n.filed, c.day)
      else 1
    end as ratio_until_filed
  from closes c
  left join lateral (
    select s.period_end as counted_on, s.filed, s.accession, s.taxonomy, s.tag, s.value
    from stocks_research.fundamentals_standard s
    where s.cik = c.cik
      and s.item = 'shares_outstanding'
      and s.known_from <= c.day
      and (s.known_to is null or s.known_to > c.day)
      and s.period_end > c.day - 550
      and s.value > 0
    order by s.period_end desc, s.filed desc
    limit 1
  ) n on true
), judged as materialized (
  select c.*, o.value as value_before,
    c.security_type = 'adr' or (c.security_type is distinct from 'common' and i.is_of_foreign_filer)
      as may_be_depositary,
    case
      when c.ratio_until_filed = 1 then 'as_counted'
      when abs(ln(c.value / o.value)) <= abs(ln(c.value / (o.value * c.ratio_until_filed)))
        then 'as_counted'
      when o.value is not null then 'as_filed'
    end as share_basis
  from counts c
  left join lateral (
    -- The newest count that was filed before the split.
    select s.value
    from stocks_research.fundamentals_standard s
    where c.ratio_until_filed <> 1
      and s.cik = c.cik
      and s.item = 'shares_outstanding'
      and s.value > 0
      and s.known_from <= c.day
      and s.filed < (
        select min(x.ex_date)
        from stocks_research.corporate_actions x
        where x.security_id = c.first_security_id
          and x.ex_date > c.counted_on
          and x.ex_date <= c.filed
          and greatest(x.ex_date, x.declared_date) <= c.day
          and stocks_research.is_split_kind(x.kind)
      )
    order by s.period_end desc, s.filed desc
    limit 1
  ) o on true
  cross join lateral (
    -- A filer outside the United States counts ordinary shares; what trades here may be depositary shares.
    select exists (
      select
      from stocks_research.fundamentals_raw f
      where f.cik = c.cik
        and f.taxonomy = c.taxonomy
        and f.tag = c.tag
        and f.unit = 'shares'
        and f.period_end = c.counted_on
        and f.period_start is null
        and f.accession = c.accession
        and f.form in ('20-F', '20-F/A', '6-K', '6-K/A')
    ) as is_of_foreign_filer
  ) i
), based as materialized (
  select j.*,
    case
      when j.value is null then 'no_count_of_shares'
      when j.may_be_depositary then 'may_be_depositary_shares'
      when j.share_basis is null then 'share_basis_not_known'
    end as count_reason,
    j.value * case
      when exists (
        select
        from stocks_research.corporate_actions x
        where x.security_id = j.first_security_id
          and stocks_research.is_split_kind(x.kind)
      )
        then stocks_research.split_ratio_as_of(j.first_security_id, d.basis_day, j.trade_date, j.day)
      else 1
    end as shares_now
  from judged j
  cross join lateral (
    select case j.share_basis when 'as_filed' then j.filed else j.counted_on end as basis_day
  ) d
), whole as (
  select b.*,
    case when b.count_reason is null then b.shares_now end as filer_shares,
    coalesce(
      b.count_reason,
      case when b.classes_count > 1 and not b.are_alike then 'counted_for_all_classes' end
    ) as filer_reason,
    coalesce(
      b.count_reason,
      case when b.classes_count > 1 then 'counted_for_all_classes' end
    ) as class_reason
  from based b
)
select w.day, w.cik, w.security_id, w.trade_date, w.close, w.currency,
  case when w.class_reason is null then w.filer_shares end,
  case when w.class_reason is null then w.filer_shares * w.close end,
  w.class_reason,
  w.filer_shares,
  case when w.filer_reason is null then round(w.filer_shares * w.mean_close, 2) end,
  w.filer_reason,
  w.counted_on, w.filed, w.accession,
  case when w.value is not null then w.share_basis end
from whole w
$$;

-- market_cap_panel for one day.
create function stocks_research.market_cap_as_of(as_of date, ciks text[] default null::text[])
returns table(as_of date, cik text, security_id bigint, trade_date date, close numeric, currency text, shares
  numeric, market_cap numeric, reason text, filer_shares numeric, filer_market_cap numeric, filer_reason
  text, shares_counted_on date, shares_filed date, shares_accession text, share_basis text)
language sql
stable parallel safe
as $$
select * from stocks_research.market_cap_panel(array[$1], $2)
$$;

-- Cash dividends per share with an ex-date in the year until each of the days, in shares of that day,
-- ordinary and special ones apart, in the currency of its prices where the rate of the ex-date was known
-- (fx_rates), else in a row of their own currency. A security without dividends in the year has no row.
-- Return of capital and liquidations are not included.
create function stocks_research.trailing_dividends_panel(days date[], security_ids bigint[] default
  null::bigint[])
returns table(as_of date, security_id bigint, currency text, ordinary numeric, special numeric)
language sql
stable parallel safe
as $$
select d.day, a.security_id, c.currency,
  coalesce(sum(c.cash_amount / n.new_shares) filter (where a.kind = 'cash_dividend'), 0),
  coalesce(sum(c.cash_amount / n.new_shares) filter (where a.kind = 'special_dividend'), 0)
from (select distinct day from unnest($1) u (day)) d
join stocks_research.corporate_actions a
  on greatest(a.ex_date, a.declared_date) <= d.day
  and a.ex_date > (d.day - interval '1 year')::date
  and a.kind in ('cash_dividend', 'special_dividend')
cross join lateral (
  -- A dividend is paid on the shares of the day before its ex-date.
  select case
    when exists (
      select
      from stocks_research.corporate_actions x
      where x.security_id = a.security_id
        and stocks_research.is_split_kind(x.kind)
    )
      then stocks_research.split_ratio_as_of(a.security_id, a.ex_date - 1, d.day, d.day)
    else 1
  end as new_shares
) n
cross join lateral (
  -- In the currency of the prices, where the rate of the ex-date was known on the day.
  select coalesce(v.cash_amount, a.cash_amount) as cash_amount,
    case when a.currency <> s.currency and v.cash_amount is not null then s.currency else a.currency end
      as currency
  from stocks_research.securities s
  cross join lateral (
    select case
      when a.currency <> s.currency
        then stocks_research.converted_cash(a.cash_amount, a.currency, s.currency, a.ex_date, d.day)
      else a.cash_amount
    end as cash_amount
  ) v
  where s.security_id = a.security_id
) c
where $2 is null or a.security_id = any ($2)
group by d.day, a.security_id, c.currency
$$;

-- standard items panel --------------------------------------------------------------------------------------

-- fundamentals_panel for standard items alone.
create function stocks_research.standard_items_panel(days date[], items text[], ciks text[] default
  null::text[], currency text default null::text)
returns table(as_of date, cik text, item text, period_kind text, period_start date, period_end date, unit
  text, value numeric, reason text, ttm_value numeric, ttm_reason text, tag text, accession text, known_from
  date, first_known_on date)
language sql
stable parallel safe
as $$
with units as (
  -- A unit that a filer uses for an item, with the day on which it was first known, and the first period of
  -- that day: a convenience translation of one year begins later than the currency of the statements.
  select s.cik, s.item, s.unit,
    min(array[s.known_from, s.period_end]) as first_used,
    coalesce(bool_or(s.reason = 'out_of_scale'), false) as has_doubts,
    $4 is not null and s.unit ~ '^[A-Z]{3}(/shares)?$' and left(s.unit, 3) <> $4 as is_other_currency
  from (
    -- In two parts, so that filers are read from an index whether or not the plan knows that there are any.
    select f.cik, f.item, f.unit, f.known_from, f.period_end, f.reason
    from stocks_research.fundamentals_standard f
    where f.item = any ($2)
      and f.cik = any ($3)
    union all
    select f.cik, f.item, f.unit, f.known_from, f.period_end, f.reason
    from stocks_research.fundamentals_standard f
    where f.item = any ($2)
      and $3 is null
  ) s
  group by s.cik, s.item, s.unit
), newest_of_units as (
  -- The newest quarter or balance of each item that was known on the day, also when its value is null.
  select d.day, u.first_used, u.has_doubts, u.is_other_currency, s.*
  from units u
  cross join (select distinct day from unnest($1) u (day)) d
  cross join lateral (
    -- The index gives the newest end of a period at once; a sort by more would read all periods.
    select s.period_end
    from stocks_research.fundamentals_standard s
    where s.cik = u.cik
      and s.item = u.item
      and s.unit = u.unit
      and s.period_end <= d.day
      and s.known_from <= d.day
      and (s.known_to is null or s.known_to > d.day)
      and s.period_kind in ('quarter', 'instant')
    order by s.period_end desc
    limit 1
  ) e
  cross join lateral (
    select s.*
    from stocks_research.fundamentals_standard s
    where s.cik = u.cik
      and s.item = u.item
      and s.unit = u.unit
      and s.period_end = e.period_end
      and s.known_from <= d.day
      and (s.known_to is null or s.known_to > d.day)
      and s.period_kind in ('quarter', 'instant')
    order by s.value is null, s.period_start desc
    limit 1
  ) s
), newest as (
  -- Of several units the one of the currency that is asked for, then of the newest period.
  select distinct on (n.day, n.cik, n.item) n.*
  from newest_of_units n
  order by n.day, n.cik, n.item, n.is_other_currency, n.period_end desc, n.value is null,
    n.period_start desc, n.first_used, n.unit
)
select n.day, n.cik, n.item, n.period_kind, n.period_start, n.period_end, n.unit,
  case when not n.is_other_currency then n.value end,
  case when n.is_other_currency then 'other_currency' else n.reason end,
  case
    when d.is_in_doubt then null
    when y.is_on_one_basis then y.ttm_value
    else t.ttm_value * m.sign
  end,
  case
    when n.is_other_currency then 'other_currency'
    when n.period_kind = 'instant' then 'not_additive'
    when d.is_in_doubt then 'a_quarter_has_no_value'
    when y.is_on_one_basis then null
    when not y.is_on_one_basis then 'basis_may_differ'
    when t.cik is null then 'fewer_than_four_quarters'
    else t.ttm_reason
  end,
  n.tag, n.accession, n.known_from, n.first_known_on
from newest n
join stocks_research.standard_item_tags m
  on m.item = n.item and m.taxonomy = n.taxonomy and m.tag = n.tag
left join lateral (
  select q.*
  from stocks_research.fundamentals_derived q
  where n.period_kind = 'quarter'
    and not n.is_other_currency
    and n.value is not null
    and q.cik = n.cik and q.taxonomy = n.taxonomy and q.tag = n.tag and q.unit = n.unit
    and q.period_start = n.period_start and q.period_end = n.period_end
    and q.known_from <= n.day
  order by q.known_from desc
  limit 1
) t on true
left join lateral (
  -- A filer that has changed the tag has no four quarters of one tag. With tags of one tier, which mean the
  -- same, they are the year before, plus the year to date, less the same months of the year before. Neither
  -- may have been restated: then the rest of the year may be on another basis.
  select u.value + e.value - l.value as ttm_value,
    u.value = u.first_value and l.value = l.first_value as is_on_one_basis
  from stocks_research.fundamentals_standard e
  join stocks_research.standard_item_tags em
    on em.item = e.item and em.taxonomy = e.taxonomy and em.tag = e.tag
  join stocks_research.fundamentals_standard u
    on u.cik = e.cik and u.item = e.item and u.unit = e.unit and u.period_end = e.period_start - 1
  join stocks_research.standard_item_tags um
    on um.item = u.item and um.taxonomy = u.taxonomy and um.tag = u.tag
  join stocks_research.fundamentals_standard l
    on l.cik = e.cik and l.item = e.item and l.unit = e.unit and l.period_kind = e.period_kind
    and l.period_start = u.period_start
    and l.period_end between (e.period_end - interval '1 year')::date - 10
      and (e.period_end - interval '1 year')::date + 10
  join stocks_research.standard_item_tags lm
    on lm.item = l.item and lm.taxonomy = l.taxonomy and lm.tag = l.tag
  where n.period_kind = 'quarter'
    and not n.is_other_currency
    and n.value is not null
    and m.value_kind = 'amount'
    and coalesce(t.ttm_reason, 'fewer_than_four_quarters') = 'fewer_than_four_quarters'
    and t.ttm_value is null
    and e.cik = n.cik
    and e.item = n.item
    and e.unit = n.unit
    and e.period_end = n.period_end
    and e.period_kind in ('quarter', 'half', 'nine_months')
    and u.period_kind = 'year'
    and u.tag <> n.tag
    and (em.taxonomy, em.tier) = (m.taxonomy, m.tier)
    and (um.taxonomy, um.tier) = (m.taxonomy, m.tier)
    and (lm.taxonomy, lm.tier) = (m.taxonomy, m.tier)
    and e.value is not null
    and u.value is not null
    and l.value is not null
    and e.known_from <= n.day
    and u.known_from <= n.day
    and l.known_from <= n.day
    and (e.known_to is null or e.known_to > n.day)
    and (u.known_to is null or u.known_to > n.day)
    and (l.known_to is null or l.known_to > n.day)
  order by e.period_start, u.period_start desc, l.period_end desc
  limit 1
) y on true
cross join lateral (
  -- Quarters are summed as filed; standard items know that one of them is out of scale. Few filers have such
  -- a quarter. `offset 0` keeps PostgreSQL from asking once for each column that uses the answer.
  select n.has_doubts and n.period_kind = 'quarter' and exists (
    select
    from stocks_research.fundamentals_standard s
    where s.cik = n.cik
      and s.item = n.item
      and s.unit = n.unit
      and s.period_kind = 'quarter'
      and s.reason = 'out_of_scale'
      and s.period_end between n.period_end - 300 and n.period_end
      and s.known_from <= n.day
      and (s.known_to is null or s.known_to > n.day)
  ) as is_in_doubt
  offset 0
) d
$$;

-- monthly returns -------------------------------------------------------------------------------------------

-- One row for each security and month with a bar, for the months from first_date to last_date. return: total
-- return from the last bar of the month before to the last one of the month, with the delisting return when
-- the listing ended (is_delisting_return), 12 decimals; null in the first month, after a month without a
-- bar, and where an event cannot be applied. market_cap: at the end of the month; market_cap_before: a month
-- earlier, the weight of a portfolio; both as known then, in the terms of market_cap_panel. Ticker and
-- exchange are of the last bar, security_type is today's. Trap: weights of the same month look ahead; a
-- listing whose delisting return is not known ends with its last bar (delistings_v).
create function stocks_research.returns_monthly(first_date date, last_date date, security_ids bigint[]
  default null::bigint[])
returns table(month date, security_id bigint, ticker text, exchange_mic text, security_type text, trade_date
  date, close numeric, return numeric, is_delisting_return boolean, market_cap numeric, market_cap_before
  numeric, filer_market_cap numeric, market_cap_reason text)
language sql
stable parallel safe rows 100000
as $$
with months as (
  -- A month, from the one before the first, with its last session up to last_date.
  select date_trunc('month', c.session_date)::date as month, max(c.session_date) as month_end
  from stocks_research.trading_sessions c
  where c.session_date >= (date_trunc('month', $1) - interval '1 month')::date
    and c.session_date <= $2
  group by 1
), last_bars as (
  -- The last bar of a security in a month, with its factor.
  select m.month, s.security_id, s.exchange_mic, s.security_type, p.trade_date, p.close,
    f.first_date, f.total_return_factor
  from months m
  cross join stocks_research.securities s
  cross join lateral (
    select b.trade_date, b.close
    from stocks_research.prices_daily b
    where b.security_id = s.security_id
      and b.trade_date >= m.month
      and b.trade_date <= m.month_end
    order by b.trade_date desc
    limit 1
  ) p
  left join stocks_research.adjustment_factors f
    on f.security_id = s.security_id
    and p.trade_date >= f.first_date
    and (p.trade_date <= f.last_date) is true
  where $3 is null
    or s.security_id = any ($3)
), changes as (
  -- Beside it the bar of the month before, where there is one.
  select b.*,
    lag(b.month) over before = (b.month - interval '1 month')::date as is_next_month,
    lag(b.close) over before as close_before,
    lag(b.first_date) over before as first_date_before,
    lag(b.total_return_factor) over before as total_return_factor_before
  from last_bars b
  window before as (partition by b.security_id order by b.month)
), growths as (
  select c.*,
    case
      when c.is_next_month is not true or c.total_return_factor is null then null
      when c.first_date = c.first_date_before then c.close / c.close_before
      else c.close * c.total_return_factor / (c.close_before * c.total_return_factor_before)
    end as growth
  from changes c
), ends as materialized (
  select d.security_id, d.last_trade_date, d.delisting_return
  from stocks_research.delistings_v d
  where d.delisting_return is not null
    and ($3 is null or d.security_id = any ($3))
), capitalisations as materialized (
  select date_trunc('month', c.as_of)::date as month, c.security_id,
    c.market_cap, c.filer_market_cap, c.reason
  from stocks_research.market_cap_panel(
    array(select m.month_end from months m),
    case
      when $3 is not null then array(
        select distinct s.cik
        from stocks_research.securities s
        where s.security_id = any ($3)
          and s.cik is not null
      )
    end
  ) c
)
select g.month, g.security_id, t.ticker, coalesce(t.exchange_mic, g.exchange_mic), g.security_type,
  g.trade_date, g.close,
  round(g.growth * (1 + coalesce(e.delisting_return, 0)) - 1, 12),
  e.security_id is not null,
  c.market_cap, b.market_cap, c.filer_market_cap, c.reason
from growths g
left join ends e
  on e.security_id = g.security_id
  and e.last_trade_date = g.trade_date
left join capitalisations c on c.security_id = g.security_id and c.month = g.month
left join capitalisations b
  on b.security_id = g.security_id
  and b.month = (g.month - interval '1 month')::date
left join stocks_research.ticker_history t
  on t.security_id = g.security_id
  and g.trade_date >= t.valid_from
  and (g.trade_date <= coalesce(t.valid_to, 'infinity')) is true
where g.month >= date_trunc('month', $1)
$$;

-- security quality ------------------------------------------------------------------------------------------

-- How far each security can be trusted, from bars, filings and events up to as_of, and findings about days
-- up to it; see security_quality_v for the columns. One row for each security that was listed by then.
-- Limits: findings and acceptances are those of today, and a check that reads later bars than the day that
-- it names knows more than the day did (docs/methods.md lists them).
create function stocks_research.security_quality_as_of(as_of date)
returns table(security_id bigint, source_id text, ticker text, sessions_expected bigint, sessions_with_bar
  bigint, coverage_ratio numeric, gaps_count bigint, longest_gap_sessions bigint, hard_findings bigint,
  soft_findings bigint, accepted_findings bigint, refused_events bigint, closes_compared bigint,
  closes_agreeing bigint, agreement_ratio numeric, quarters_count bigint, quarters_on_one_basis bigint,
  one_basis_ratio numeric, grade text, grade_reasons text[])
language sql
stable parallel safe
set search_path to 'pg_catalog'
set jit to 'off'
as $$
with sessions as materialized (
  -- All sessions, numbered in order.
  select c.session_date, row_number() over (order by c.session_date) as session_no
  from stocks_research.trading_sessions c
), spans as materialized (
  -- An interval on which a security is known to have been listed, up to as_of. Materialized, so that the
  -- first bar is searched once for each interval and not for each session.
  select s.security_id,
    greatest(
      h.valid_from, s.list_date,
      -- Without a listing day the first bar is all that is known of the beginning.
      case when s.list_date is null then (
        select min(p.trade_date)
        from stocks_research.prices_daily p
        where p.security_id = s.security_id
          and p.trade_date <= $1
      ) end
    ) as first_date,
    least(h.valid_to, s.delist_date, $1) as last_date
  from stocks_research.securities s
  join stocks_research.ticker_history h using (security_id)
  where not exists (select from ingestion.removed_securities r where r.security_id = s.security_id)
), bounds as (
  -- The number of the last session before such an interval, and of the first one after it. Both ends are
  -- searched by the index: a join by the interval would read each session for each security.
  select distinct n.security_id, n.first_date, n.last_date, f.session_no - 1 as before_no,
    l.session_no + 1 as after_no
  from spans n
  join sessions f on f.session_date = (
    select min(c.session_date)
    from stocks_research.trading_sessions c
    where c.session_date >= n.first_date
  )
  join sessions l on l.session_date = (
    select max(c.session_date)
    from stocks_research.trading_sessions c
    where c.session_date <= n.last_date
  )
  where f.session_no <= l.session_no
), places as (
  -- The beginning of an interval, and each bar in it.
  select b.security_id, b.first_date, b.before_no as session_no, b.after_no, false as is_bar
  from bounds b
  union all
  select b.security_id, b.first_date, c.session_no, b.after_no, true
  from bounds b
  join stocks_research.prices_daily p
    on p.security_id = b.security_id
    and p.trade_date between b.first_date and b.last_date
  join sessions c on c.session_date = p.trade_date
), runs as (
  -- The sessions without a bar that follow a place.
  select p.security_id, p.is_bar,
    lead(p.session_no, 1, p.after_no) over (
      partition by p.security_id, p.first_date
      order by p.session_no
    ) - p.session_no - 1 as missing
  from places p
), coverage as (
  select r.security_id,
    count(*) filter (where r.is_bar) as present,
    count(*) filter (where r.is_bar) + sum(r.missing) as expected,
    count(*) filter (where r.missing > 0) as gaps,
    max(r.missing) as longest
  from runs r
  group by r.security_id
), open_findings as (
  select f.subject, f.severity, f.accepted_by is not null as is_accepted
  from ingestion.findings f
  where f.resolved_at is null
    and ingestion.finding_known_from(f.evidence, f.first_seen_at) <= $1
), found as (
  -- A check names a security by its source_id or security_id, or its filer by the CIK.
  select n.security_id,
    count(*) filter (where f.severity = 'hard' and not f.is_accepted) as hard,
    count(*) filter (where f.severity = 'soft' and not f.is_accepted) as soft,
    count(*) filter (where f.is_accepted) as accepted
  from open_findings f
  join (
    select s.security_id, s.source_id as subject
    from stocks_research.securities s
    union
    select s.security_id, s.security_id::text
    from stocks_research.securities s
    union
    select s.security_id, s.cik
    from stocks_research.securities s
    where s.cik is not null
  ) n using (subject)
  group by n.security_id
), refused as (
  select r.security_id, count(*) as refused
  from stocks_research.refused_events r
  where coalesce(greatest(r.ex_date, r.declared_date), '-infinity') <= $1
  group by r.security_id
), compared as (
  -- Closes that a second source has too; half a per cent is rounding.
  select q.security_id, count(*) as compared,
    count(*) filter (where abs(p.close / q.close - 1) <= 0.005) as agreeing
  from ingestion.second_prices q
  join stocks_research.prices_daily p using (security_id, trade_date)
  where q.trade_date <= $1
  group by q.security_id
), quarters as (
  -- Quarters of revenue and net income with a value, as known on as_of.
  select d.cik, count(*) as quarters,
    count(*) filter (
      where d.yoy_reason is distinct from 'basis_may_differ'
        and d.ttm_reason is distinct from 'basis_may_differ'
    ) as on_one_basis
  from (
    select distinct on (q.cik, q.taxonomy, q.tag, q.unit, q.period_start, q.period_end) q.*
    from stocks_research.fundamentals_derived q
    join stocks_research.standard_item_tags t using (taxonomy, tag)
    where t.item in ('revenue', 'net_income')
      and q.known_from <= $1
    order by q.cik, q.taxonomy, q.tag, q.unit, q.period_start, q.period_end, q.known_from desc
  ) d
  where d.value is not null
  group by d.cik
), figures as (
  select s.security_id, s.source_id, s.ticker,
    c.expected::bigint as expected, c.present,
    round(c.present::numeric / nullif(c.expected, 0), 6) as coverage,
    c.gaps, c.longest::bigint as longest,
    coalesce(f.hard, 0) as hard, coalesce(f.soft, 0) as soft, coalesce(f.accepted, 0) as accepted,
    coalesce(r.refused, 0) as refused,
    m.compared, m.agreeing, round(m.agreeing::numeric / m.compared, 6) as agreement,
    q.quarters, q.on_one_basis, round(q.on_one_basis::numeric / q.quarters, 6) as one_basis
  from coverage c
  join stocks_research.securities s using (security_id)
  left join found f using (security_id)
  left join refused r using (security_id)
  left join compared m using (security_id)
  left join quarters q on q.cik = s.cik
)
select g.security_id, g.source_id, g.ticker,
  g.expected, g.present, g.coverage, g.gaps, g.longest,
  g.hard, g.soft, g.accepted, g.refused,
  g.compared, g.agreeing, g.agreement,
  g.quarters, g.on_one_basis, g.one_basis,
  w.grade,
  case when w.grade = 'A' then '{}' else w.reasons end
from figures g
cross join lateral (
  -- Each figure has a grade; the worst one counts.
  select max(e.grade) as grade,
    array_agg(e.name order by e.position) filter (where e.grade = e.worst) as reasons
  from (
    select v.*, max(v.grade) over () as worst
    from (
      values
        (1, 'coverage', case
          when g.coverage >= 0.999 then 'A' when g.coverage >= 0.99 then 'B'
          when g.coverage >= 0.95 then 'C' else 'D' end),
        (2, 'gap', case
          when g.longest <= 5 then 'A' when g.longest <= 10 then 'B' when g.longest <= 63 then 'C'
          else 'D' end),
        (3, 'hard_findings', case when g.hard = 0 then 'A' else 'D' end),
        (4, 'soft_findings', case
          when g.soft = 0 then 'A' when g.soft <= 3 then 'B' else 'C' end),
        (5, 'refused_events', case when g.refused = 0 then 'A' else 'C' end),
        (6, 'second_source', case
          when g.agreement is null or g.agreement >= 0.999 then 'A' when g.agreement >= 0.99 then 'B'
          when g.agreement >= 0.95 then 'C' else 'D' end),
        (7, 'one_basis', case
          when g.one_basis is null or g.one_basis >= 0.95 then 'A' when g.one_basis >= 0.8 then 'B'
          else 'C' end)
    ) v (position, name, grade)
  ) e
) w
$$;

-- How far each security can be trusted, today: coverage, gaps, open findings, refused events, agreement with
-- a second source, quarters on one basis, and a grade. Trap: a backtest that filters by it looks ahead; use
-- security_quality_as_of(day).
create view stocks_research.security_quality_v as
 select q.security_id,
    q.source_id,
    q.ticker,
    q.sessions_expected,
    q.sessions_with_bar,
    q.coverage_ratio,
    q.gaps_count,
    q.longest_gap_sessions,
    q.hard_findings,
    q.soft_findings,
    q.accepted_findings,
    q.refused_events,
    q.closes_compared,
    q.closes_agreeing,
    q.agreement_ratio,
    q.quarters_count,
    q.quarters_on_one_basis,
    q.one_basis_ratio,
    q.grade,
    q.grade_reasons
   from stocks_research.security_quality_as_of(( select max(p.trade_date) as max
           from stocks_research.prices_daily p)) q(security_id, source_id, ticker, sessions_expected,
             sessions_with_bar, coverage_ratio, gaps_count, longest_gap_sessions, hard_findings,
             soft_findings, accepted_findings, refused_events, closes_compared, closes_agreeing,
             agreement_ratio, quarters_count, quarters_on_one_basis, one_basis_ratio, grade, grade_reasons);

-- calculated items ------------------------------------------------------------------------------------------

-- How each calculated item is computed from standard items: the sum of its components, each the first of its
-- choices whose parts are all reported for the period; a choice is the sum of factor times part.
create table stocks_research.calculated_item_terms (
  -- The calculated item, e.g. total_debt.
  item text not null,
  -- A summand of the item; every one is needed.
  component text not null,
  -- Of several ways to the component the lowest number is used that has all of its parts.
  choice integer not null,
  -- A standard item.
  part text not null,
  -- 1 is added, -1 is subtracted, 0 is only part of the proof.
  factor integer not null,
  -- Lines of the balance sheet with these factors must add up to zero; 0 is not part of a proof.
  proof_factor integer not null,
  -- The proof may miss zero by this ratio of the part.
  proof_tolerance numeric not null,
  -- needed: the choice has no value without the part. optional: it has. absent: it has none with the part.
  presence text not null,
  -- Only a value of one of these tags is the part; null for any.
  part_tags text[],
  -- Why the choice gives the component.
  note text,
  constraint calculated_item_terms_pkey primary key (item, component, choice, part),
  constraint calculated_item_terms_choice_check check ((choice >= 1)),
  constraint calculated_item_terms_factor_check check ((factor in ('-1'::integer, 0, 1))),
  constraint calculated_item_terms_item_check check ((item ~ '^[a-z_]+$')),
  constraint calculated_item_terms_part_check check ((part ~ '^[a-z_]+$')),
  constraint calculated_item_terms_presence_check check ((presence in ('needed', 'optional', 'absent'))),
  constraint calculated_item_terms_proof_factor_check check ((proof_factor in ('-1'::integer, 0, 1))),
  constraint calculated_item_terms_proof_tolerance_check check (((proof_tolerance >= (0)::numeric) and
    (proof_tolerance < (1)::numeric)))
);

-- Calculated items as known at the end of each day: of the newest quarter or balance with the sum of four
-- quarters (fundamentals_panel), or of every period (calculated_items_as_of). Null items or filers: all.
create function stocks_research.calculated_items_of(days date[], items text[], ciks text[], currency text,
  is_newest_only boolean)
returns table(as_of date, cik text, item text, period_kind text, period_start date, period_end date, unit
  text, value numeric, reason text, ttm_value numeric, ttm_reason text, accession text, known_from date,
  first_known_on date)
language sql
stable parallel safe
set search_path to 'pg_catalog'
set jit to 'off'
as $$
with terms as materialized (
  select t.*
  from stocks_research.calculated_item_terms t
  where $2 is null or t.item = any ($2)
), parts as materialized (
  -- The newest quarter or balance of each part on each day, or all of its periods.
  select p.as_of as day, p.cik, p.item as part, p.period_kind, p.period_start, p.period_end, p.unit, p.value,
    p.reason, p.ttm_value, p.ttm_reason, p.tag, p.accession, p.known_from, p.first_known_on
  from stocks_research.standard_items_panel($1, array(select distinct t.part from terms t), $3, $4) p
  where $5
  union all
  select d.day, s.cik, s.item, s.period_kind, s.period_start, s.period_end, s.unit, s.value,
    s.reason, null, null, s.tag, s.accession, s.known_from, s.first_known_on
  from (select distinct day from unnest($1) u (day)) d
  join (
    -- In two parts, so that filers are read from an index.
    select f.*
    from stocks_research.fundamentals_standard f
    where f.cik = any ($3)
      and not $5
    union all
    select f.*
    from stocks_research.fundamentals_standard f
    where $3 is null
      and not $5
  ) s
    on s.known_from <= d.day
    and (s.known_to is null or s.known_to > d.day)
  where s.item = any (array(select distinct t.part from terms t))
), items as materialized (
  -- An item of a period and unit of which a part is reported.
  select row_number() over () as no, i.*
  from (
    select distinct p.day, p.cik, t.item, p.period_kind, p.period_start, p.period_end, p.unit
    from parts p
    join (select distinct item, part from terms) t using (part)
  ) i
), newest as materialized (
  -- A part of an older period is not a part of the newest one.
  select n.*
  from (
    select i.*,
      dense_rank() over (
        partition by i.day, i.cik, i.item order by i.period_end desc, i.period_start desc
      ) as age
    from items i
  ) n
  where n.age = 1 or not $5
), choices as (
  select n.no, t.component, t.choice,
    bool_and(
      case t.presence
        when 'needed' then p.cik is not null
        when 'absent' then p.cik is null
        else true
      end
    ) as is_reported,
    coalesce(bool_and(p.value is not null) filter (where p.cik is not null), false) as has_values,
    coalesce(abs(sum(t.proof_factor * p.value)) <= sum(t.proof_tolerance * abs(p.value)), false) as is_proved,
    coalesce(sum(t.factor * p.value), 0) as value,
    min(p.reason) as reason,
    bool_and(p.ttm_value is not null) filter (where p.cik is not null) as is_ttm_known,
    sum(t.factor * p.ttm_value) as ttm_value,
    min(p.ttm_reason) as ttm_reason,
    max(array[p.known_from::text, p.accession]) filter (where p.cik is not null) as newest_filing,
    max(p.known_from) as known_from,
    max(p.first_known_on) as first_known_on
  from newest n
  join terms t using (item)
  left join parts p
    on p.day = n.day
    and p.cik = n.cik
    and p.part = t.part
    and p.unit = n.unit
    and p.period_end = n.period_end
    and coalesce(p.period_start, '-infinity') = coalesce(n.period_start, '-infinity')
    and (t.part_tags is null or p.tag = any (t.part_tags))
  group by n.no, t.component, t.choice
), judged as (
  select c.*, c.is_reported and c.has_values and c.is_proved as has_value,
    case
      when c.is_reported and not c.has_values then c.reason
      when not (c.is_reported and c.is_proved) then 'part_not_filed'
    end as reason_of_null
  from choices c
), components as (
  -- The first choice that has a value; without one, the reason of one whose parts are reported.
  select distinct on (j.no, j.component) j.*
  from judged j
  order by j.no, j.component, j.has_value desc, j.reason_of_null = 'part_not_filed', j.choice
), sums as (
  select c.no,
    bool_and(c.has_value) as has_value,
    sum(c.value) as value,
    (array_agg(c.reason_of_null order by c.component) filter (where not c.has_value))[1] as reason,
    bool_and(c.is_ttm_known) as is_ttm_known,
    sum(c.ttm_value) as ttm_value,
    min(c.ttm_reason) as ttm_reason,
    max(c.newest_filing) as newest_filing,
    max(c.known_from) as known_from,
    max(c.first_known_on) as first_known_on
  from components c
  group by c.no
), chosen as (
  -- A newest period in several units: the one with a value.
  select distinct on (n.day, n.cik, n.item, case when not $5 then n.no end)
    n.day, n.cik, n.item, n.period_kind, n.period_start, n.period_end, n.unit, s.*
  from newest n
  join sums s using (no)
  order by n.day, n.cik, n.item, case when not $5 then n.no end, s.has_value desc, n.unit
)
select c.day, c.cik, c.item, c.period_kind, c.period_start, c.period_end, c.unit,
  case when c.has_value then c.value end,
  case when not c.has_value then c.reason end,
  case when c.has_value and c.period_kind = 'quarter' and c.is_ttm_known then c.ttm_value end,
  case
    when c.period_kind <> 'quarter' then 'not_additive'
    when not c.has_value then 'a_quarter_has_no_value'
    when not c.is_ttm_known then c.ttm_reason
  end,
  c.newest_filing[2], c.known_from, c.first_known_on
from chosen c
$$;

-- Calculated items (calculated_item_terms) of every period of which a part was reported, as known at the end
-- of the day as_of. value is null with a reason: part_not_filed (no choice has all of its parts; a part is
-- not taken for zero), or the reason of the part. accession is the newest filing of a part, known_from its
-- day, and first_known_on the first day on which every part of the value was known.
create function stocks_research.calculated_items_as_of(as_of date, ciks text[] default null::text[])
returns table(cik text, item text, period_kind text, period_start date, period_end date, unit text, value
  numeric, reason text, accession text, known_from date, first_known_on date)
language sql
stable parallel safe
as $$
select c.cik, c.item, c.period_kind, c.period_start, c.period_end, c.unit, c.value, c.reason,
  c.accession, c.known_from, c.first_known_on
from stocks_research.calculated_items_of(array[$1], null, $2, null, false) c
$$;

-- fundamentals panel ----------------------------------------------------------------------------------------

-- Earnings per share of four quarters (eps_basic_ttm, eps_diluted_ttm) on each of the days, as known on it,
-- in shares of that day. At the end of a fiscal year it is the stated figure of the year; else the year
-- before, plus the fiscal year to date, less the same months of the year before: no quarter is derived. Each
-- stated figure is on the shares of its filing, and is brought to the day by the splits of the first
-- security of the filer. Null with part_not_filed, the reason of a part (fundamentals_standard), or
-- share_basis_may_differ: the filer now reports the months of the year before 20 per cent apart from what it
-- first reported, so that a split may be missing here. Trap: the price-earnings ratio of a filer is its
-- capitalisation by its net income; this one uses average shares of the periods.
create function stocks_research.eps_panel(days date[], ciks text[] default null::text[], items text[] default
  array['eps_basic_ttm', 'eps_diluted_ttm'])
returns table(as_of date, cik text, item text, period_start date, period_end date, unit text, value numeric,
  reason text, accession text, known_from date, first_known_on date)
language sql
stable parallel safe
set search_path to 'pg_catalog'
set jit to 'off'
as $$
with asked as (
  select e.item
  from (values ('eps_basic'), ('eps_diluted')) e (item)
  where e.item || '_ttm' = any ($3)
), series as (
  -- Earnings per share of a filer in one unit, with a share whose splits are those of the filer.
  select g.*, exists (
      select
      from stocks_research.corporate_actions x
      where x.security_id = g.security_id
        and stocks_research.is_split_kind(x.kind)
    ) as has_splits
  from (
    select s.cik, s.item, s.unit, (
        select min(x.security_id)
        from stocks_research.securities x
        where x.cik = s.cik
      ) as security_id
    from (
      -- In two parts, so that filers are read from an index.
      select f.cik, f.item, f.unit
      from stocks_research.fundamentals_standard f
      where f.item = any (array(select e.item from asked e))
        and f.cik = any ($2)
      union all
      select f.cik, f.item, f.unit
      from stocks_research.fundamentals_standard f
      where f.item = any (array(select e.item from asked e))
        and $2 is null
    ) s
    group by s.cik, s.item, s.unit
  ) g
), newest as materialized (
  -- The newest end of a period that was known on the day, with the longest period until then: the year, or
  -- the fiscal year to date.
  select d.day, r.*, n.period_kind, n.period_start, n.period_end, n.value, n.reason, n.accession, n.filed,
    n.known_from, n.first_known_on
  from series r
  cross join (select distinct day from unnest($1) u (day)) d
  cross join lateral (
    select s.*
    from stocks_research.fundamentals_standard s
    where s.cik = r.cik
      and s.item = r.item
      and s.unit = r.unit
      and s.period_end <= d.day
      and s.known_from <= d.day
      and (s.known_to is null or s.known_to > d.day)
    order by s.period_end desc, s.period_start
    limit 1
  ) n
), with_year as materialized (
  -- The fiscal year before, and its first months.
  select n.*, y.period_start as year_start, y.value as year_value, y.reason as year_reason,
    y.filed as year_filed, y.known_from as year_known_from, y.first_known_on as year_known_on,
    p.value as part_value, p.reason as part_reason, p.filed as part_filed, p.known_from as part_known_from,
    p.first_value as part_first_value, p.first_known_on as part_known_on
  from newest n
  left join lateral (
    select s.*
    from stocks_research.fundamentals_standard s
    where n.period_kind <> 'year'
      and s.cik = n.cik
      and s.item = n.item
      and s.unit = n.unit
      and s.period_kind = 'year'
      and s.period_end = n.period_start - 1
      and s.known_from <= n.day
      and (s.known_to is null or s.known_to > n.day)
    order by s.period_start desc
    limit 1
  ) y on true
  left join lateral (
    select s.*
    from stocks_research.fundamentals_standard s
    where s.cik = n.cik
      and s.item = n.item
      and s.unit = n.unit
      and s.period_kind = n.period_kind
      and s.period_start = y.period_start
      and s.period_end between (n.period_end - interval '1 year')::date - 10
        and (n.period_end - interval '1 year')::date + 10
      and s.known_from <= n.day
      and (s.known_to is null or s.known_to > n.day)
    order by s.period_end desc
    limit 1
  ) p on true
), on_one_basis as materialized (
  -- Shares of the day for one share of each filing. A filing after an ex-date is on the new shares.
  select w.*, r.ratio, r.year_ratio, r.part_ratio, r.part_first_ratio
  from with_year w
  cross join lateral (
    -- Most securities were never split, and for them no ratio needs to be computed.
    select
      stocks_research.split_ratio_as_of(w.security_id, w.filed, w.day, w.day) as ratio,
      stocks_research.split_ratio_as_of(w.security_id, w.year_filed, w.day, w.day) as year_ratio,
      stocks_research.split_ratio_as_of(w.security_id, w.part_filed, w.day, w.day) as part_ratio,
      stocks_research.split_ratio_as_of(w.security_id, w.part_known_on, w.day, w.day) as part_first_ratio
    where w.has_splits
    union all
    select 1, 1, 1, 1
    where not w.has_splits
  ) r
), judged as (
  select b.*,
    case
      when b.value is null then b.reason
      when b.period_kind = 'year' then null
      when b.year_filed is null or b.part_filed is null then 'part_not_filed'
      when b.year_value is null then b.year_reason
      when b.part_value is null then b.part_reason
      -- What the filer first reported of last year's months, on the shares of the day, is what it reports
      -- now: else a split is missing here, or the months were restated and the year may not be.
      when abs(b.part_first_value / b.part_first_ratio - b.part_value / b.part_ratio)
        > greatest(0.2 * abs(b.part_value / b.part_ratio), 0.02) then 'share_basis_may_differ'
    end as reason_of_null
  from on_one_basis b
)
select j.day, j.cik, j.item || '_ttm',
  case
    when j.period_kind = 'year' then j.period_start
    else (j.period_end - interval '1 year')::date + 1
  end,
  j.period_end, j.unit,
  case
    when j.reason_of_null is not null then null
    when j.period_kind = 'year' then trim_scale(round(j.value / j.ratio, 6))
    else trim_scale(round(
      j.year_value / j.year_ratio + j.value / j.ratio - j.part_value / j.part_ratio, 6))
  end,
  j.reason_of_null, j.accession,
  greatest(j.known_from, j.year_known_from, j.part_known_from),
  greatest(j.first_known_on, j.year_known_on, j.part_known_on)
from judged j
$$;

-- For each day, filer and item the newest quarter or balance that was known on the day, and of a quarter the
-- sum of four quarters that ends with it. Items are standard items (standard_item_tags), calculated items
-- (calculated_item_terms), and eps_basic_ttm and eps_diluted_ttm in shares of the day (eps_panel). ttm_value
-- is null with a reason: not_additive, fewer_than_four_quarters, a_quarter_has_no_value, basis_may_differ,
-- as in fundamentals_derived. If the year before has another tag of the same meaning, the sum is that year,
-- plus this year to date, less the same months of the year before; basis_may_differ where one of them was
-- restated. With a currency, a value in another one is null with other_currency, and unit names that
-- currency. Without one, unit is the currency of the value: of a period in several currencies the one that
-- the filer used first. A calculated item is null with part_not_filed where a part of it is not reported;
-- its tag is null. Traps: currencies of filers differ; a filer that no longer reports keeps its newest
-- period: look at period_end; a filer that reports no quarters has no row of results.
create function stocks_research.fundamentals_panel(days date[], items text[], ciks text[] default
  null::text[], currency text default null::text)
returns table(as_of date, cik text, item text, period_kind text, period_start date, period_end date, unit
  text, value numeric, reason text, ttm_value numeric, ttm_reason text, tag text, accession text, known_from
  date, first_known_on date)
language sql
stable parallel safe
as $$
select s.*
from stocks_research.standard_items_panel($1, $2, $3, $4) s
union all
select c.as_of, c.cik, c.item, c.period_kind, c.period_start, c.period_end, c.unit, c.value, c.reason,
  c.ttm_value, c.ttm_reason, null, c.accession, c.known_from, c.first_known_on
from stocks_research.calculated_items_of($1, $2, $3, $4, true) c
-- What is not asked for is not called.
where $2 && array(select t.item from stocks_research.calculated_item_terms t)
union all
select e.as_of, e.cik, e.item, 'year', e.period_start, e.period_end, e.unit,
  case when not o.is_other_currency then e.value end,
  case when o.is_other_currency then 'other_currency' else e.reason end,
  null, 'not_additive', null, e.accession, e.known_from, e.first_known_on
from stocks_research.eps_panel($1, $3, $2) e
cross join lateral (
  select coalesce(left(e.unit, 3) <> $4, false) as is_other_currency
) o
where $2 && array['eps_basic_ttm', 'eps_diluted_ttm']
$$;
