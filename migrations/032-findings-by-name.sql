-- Findings as a person reads them.
--
-- A check names its subject by the id of the source, by filer, or by security_id. Here each finding has the
-- security, its ticker and its day beside it.

create view ingestion.findings_v as
select
  f.finding_id,
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
left join lateral (
  select n.security_id, n.ticker
  from (
    select s.security_id, s.ticker
    from stocks_research.securities s
    where s.source_id = f.subject
    union all
    select s.security_id, s.ticker
    from stocks_research.securities s
    where s.cik = f.subject
    union all
    select s.security_id, s.ticker
    from stocks_research.securities s
    where s.security_id = case when f.subject ~ '^[0-9]{1,18}$' then f.subject::bigint end
  ) n
  order by n.security_id
  limit 1
) s on true
cross join lateral (
  select
    string_agg(replace(v.key, '_', ' ') || ' ' || v.value, ', '
      order by length(v.key), v.key) as evidence_text,
    (array_agg(v.value order by array_position(d.names, v.key))
      filter (where v.key = any (d.names) and v.value ~ '^\d{4}-\d\d-\d\d'))[1]::date as day
  from jsonb_each_text(f.evidence) v
  cross join (select array[
    'trade_date', 'session_date', 'day', 'ex_date', 'again_date', 'overlap_date', 'period_end', 'first_date',
    'valid_from', 'known_from'] as names) d
) e
where f.resolved_at is null;
comment on view ingestion.findings_v is
  'Open findings by name: what each check found, in which security, on which day.';
comment on column ingestion.findings_v.finding_id is 'Identity of the finding.';
comment on column ingestion.findings_v.fingerprint is 'Fingerprint of the finding; equal on every rebuild.';
comment on column ingestion.findings_v.check_name is 'The check that found it; docs/checks.md describes it.';
comment on column ingestion.findings_v.severity is
  'hard: the run does not continue. soft: the finding is listed.';
comment on column ingestion.findings_v.subject is 'What it is about, as the check names it.';
comment on column ingestion.findings_v.security_id is
  'The security that the subject names; of a filer, its first one; null when it is neither.';
comment on column ingestion.findings_v.ticker is 'Current ticker of the security; null when there is none.';
comment on column ingestion.findings_v.day is
  'The day that the evidence is about, or the first of several; null when it names none.';
comment on column ingestion.findings_v.evidence_text is 'The evidence as text: each name with its value.';
comment on column ingestion.findings_v.first_seen_at is 'When it was found first, UTC.';
comment on column ingestion.findings_v.last_seen_at is 'When it was found last, UTC.';
comment on column ingestion.findings_v.accepted_by is 'Who accepted the data as it is; null when nobody did.';
