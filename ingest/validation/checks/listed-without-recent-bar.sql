-- claim: each listed security has a bar in the last security_bar_max_sessions sessions
-- severity: soft
-- job: prices-daily
-- why: A halt, a lost symbol, or a delisting that no source reported. One finding for each security; when
--   they are many, listed-securities-have-recent-bars fails too.
with reference as (
  select r.end_date
  from ingestion.runs r
  where 'prices-daily' = any (r.jobs)
  order by r.started_at desc
  limit 1
)
select
  s.source_id as subject,
  s.ticker,
  a.newest_bar_date
from reference, stocks_research.bar_ages(reference.end_date) a
join stocks_research.securities s using (security_id)
where a.is_listed
  -- psql has no thresholds of bootstrap.json; the default is theirs.
  and a.age_sessions
    > coalesce(nullif(current_setting('stocks_research.security_bar_max_sessions', true), ''), '10')::int
