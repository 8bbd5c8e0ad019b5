-- The table of applied migrations: created by the runner, since it must exist before the first migration.

create schema if not exists ingestion;

create table if not exists ingestion.migrations (
  name              text        primary key,
  sha256            text        not null check (sha256 ~ '^[0-9a-f]{64}$'),
  applied_at        timestamptz not null default now(),
  duration_ms       integer     not null check (duration_ms >= 0),
  run_id            text
);
comment on table ingestion.migrations is
  'The migrations that created this schema, each once, in order of name. '
  'An applied migration is never edited.';
comment on column ingestion.migrations.name is
  'File name, e.g. 001-schemas.sql. Its number is the order.';
comment on column ingestion.migrations.sha256 is
  'SHA-256 of the file as it was applied, with LF line ends, and of the data files that it loads.';
comment on column ingestion.migrations.applied_at is
  'When it was applied, UTC.';
comment on column ingestion.migrations.duration_ms is
  'How long it took, in milliseconds.';
comment on column ingestion.migrations.run_id is
  'The checklist run or the upgrade (npm run db:migrate) that applied it; null when neither did.';
