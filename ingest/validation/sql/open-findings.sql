-- Open findings that nobody accepted, the most important first. total: all of them, also beyond the limit.
-- $1 the start of the newest validation, or null; $2 how many to return.
with earlier as (
  select exists (select from ingestion.findings f where f.first_seen_at < $1::timestamptz) as has_any
)
select
  f.check_name as check,
  f.severity,
  coalesce(f.ticker, f.subject) as security,
  f.subject,
  f.day::text as day,
  left(f.evidence_text, 500) as evidence,
  f.fingerprint,
  case when e.has_any then f.first_seen_at >= $1::timestamptz end as is_new,
  count(*) over ()::int as total
from ingestion.findings_v f
cross join earlier e
where f.accepted_by is null
order by f.severity, is_new desc nulls last, f.check_name, security, f.day, f.fingerprint
limit $2
