-- What the checks found.
--
-- A person's acceptance of a finding is written in a file under version control
-- (ingest/validation/accepted.json), so that it survives a rebuild.

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
  resolved_at       timestamptz,
  accepted_by       text,
  accepted_reason   text,
  accepted_until_date date,
  constraint findings_acceptance_is_whole check (
    (accepted_by is null) = (accepted_reason is null)
    and (accepted_until_date is null or accepted_by is not null)
  )
);
create index findings_by_check on ingestion.findings (check_name, severity);
comment on table ingestion.findings is
  'What the checks found: hard findings block the run, soft findings are listed for a person to judge.';
comment on column ingestion.findings.finding_id is 'Identity of the finding.';
comment on column ingestion.findings.fingerprint is
  'SHA-256 of check, subject and evidence key: the same finding in a later run, or after a rebuild, is the '
  'same row.';
comment on column ingestion.findings.check_name is 'The check that found it.';
comment on column ingestion.findings.severity is
  'hard: the run does not continue. soft: the finding is listed.';
comment on column ingestion.findings.subject is 'What it is about, e.g. a source_id or a cik.';
comment on column ingestion.findings.evidence is 'The row that breaks the check, as the check returned it.';
comment on column ingestion.findings.first_run_id is
  'The run that found it first; null when it was found outside a run.';
comment on column ingestion.findings.last_run_id is 'The run that found it last.';
comment on column ingestion.findings.first_seen_at is 'When it was found first, UTC.';
comment on column ingestion.findings.last_seen_at is 'When it was found last, UTC.';
comment on column ingestion.findings.resolved_at is
  'When a later validation no longer found it, UTC; null while it is found.';
comment on column ingestion.findings.accepted_by is
  'Who accepted the data as it is; null when nobody did, or when the acceptance has expired.';
comment on column ingestion.findings.accepted_reason is 'Why the data is right, or why it must stay.';
comment on column ingestion.findings.accepted_until_date is
  'Last day of the acceptance; null for one without end.';
