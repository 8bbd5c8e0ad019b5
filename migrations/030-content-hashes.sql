-- 030 · What the core tables held when a run of the ledger last ended.
--
-- Triggers see whoever changes a table in the common way; a session that switches them off changes it unseen.
-- The hashes see both.

create table ingestion.content_hashes (
  recording_id      bigint      generated always as identity primary key,
  table_name        text        not null,
  run_id            uuid        not null references ingestion.runs on delete restrict,
  rows_count        bigint      not null check (rows_count >= 0),
  sha256            text        not null check (sha256 ~ '^[0-9a-f]{64}$'),
  segments          jsonb       not null,
  last_change_id    bigint      not null,
  recorded_at       timestamptz not null default now()
);
create index content_hashes_by_table on ingestion.content_hashes (table_name, recording_id desc);
comment on table ingestion.content_hashes is 'What each core table held when a run that changed it ended; its newest row is what the table must hold now. Only tables that a run changed are recorded anew, so that an edit by hand of another one stays visible.';
comment on column ingestion.content_hashes.recording_id is 'Identity of the recording; the newest one of a table counts.';
comment on column ingestion.content_hashes.table_name is 'The table, with its schema.';
comment on column ingestion.content_hashes.run_id is 'The run that had just ended.';
comment on column ingestion.content_hashes.rows_count is 'Rows of the table.';
comment on column ingestion.content_hashes.sha256 is 'SHA-256 of its rows as COPY writes them, ordered by key.';
comment on column ingestion.content_hashes.segments is 'Hashes of runs of rows (last_key, rows, sha256), which name the key range of a difference.';
comment on column ingestion.content_hashes.last_change_id is 'The newest row of ingestion.table_changes when it was recorded; 0 when there was none. Later ones explain a difference.';
comment on column ingestion.content_hashes.recorded_at is 'When, UTC.';
