-- 011 · Findings that a person has judged.
--
-- The judgements stand in a file under version control (ingest/validation/accepted.json), so that they
-- survive a rebuild.

alter table ingestion.findings
  add column accepted_by text,
  add column accepted_reason text,
  add column accepted_until_date date,
  add constraint findings_acceptance_is_whole check ((accepted_by is null) = (accepted_reason is null) and (accepted_until_date is null or accepted_by is not null));
comment on column ingestion.findings.accepted_by is 'Who judged that the data is right as it is; null while nobody did, or when the acceptance has expired.';
comment on column ingestion.findings.accepted_reason is 'Why it is right, or why it must stay.';
comment on column ingestion.findings.accepted_until_date is 'Last day of the acceptance; null for one without end.';
