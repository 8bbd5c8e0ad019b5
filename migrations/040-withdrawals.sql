-- 040 · Rows that a source no longer has.
--
-- Nothing that a source once said is deleted because it is silent now: its file may be a part only. But such
-- a row is not confirmed either, and has to have a name.

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
comment on table ingestion.withdrawals is 'Rows that stand in our tables and were not in their source when it was last read over their days, counted for each item. Written anew whenever the item is read.';
comment on column ingestion.withdrawals.withdrawal_id is 'Identity of the entry.';
comment on column ingestion.withdrawals.run_id is 'The run that read the source and missed them.';
comment on column ingestion.withdrawals.job is 'The job whose rows they are.';
comment on column ingestion.withdrawals.provider is 'The adapter that it read; another one may have brought the rows.';
comment on column ingestion.withdrawals.item is 'The subject: a source_id, or a cik.';
comment on column ingestion.withdrawals.rows_count is 'How many rows.';
comment on column ingestion.withdrawals.first_date is 'Day of the first of them.';
comment on column ingestion.withdrawals.last_date is 'Day of the last of them.';
comment on column ingestion.withdrawals.examples is 'The first three, as our table holds them.';
comment on column ingestion.withdrawals.named_at is 'When, UTC.';
