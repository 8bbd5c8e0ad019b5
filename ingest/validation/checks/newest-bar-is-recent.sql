-- claim: the newest bar is at most newest_bar_max_sessions sessions before the window's end
-- severity: hard
-- job: prices-daily
-- why: A source that stopped delivering leaves old prices behind a complete run. The reference is the last
--   day of the newest run of prices-daily: the end of its window, and for daily the last finished session.
with reference as (
  select r.end_date
  from ingestion.runs r
  where 'prices-daily' = any (r.jobs)
  order by r.started_at desc
  limit 1
), newest as (
  select min(a.age_sessions) as age_sessions, max(a.newest_bar_date) as newest_bar_date
  from reference, stocks_research.bar_ages(reference.end_date) a
)
select
  'all securities' as subject,
  newest_bar_date
from newest
-- psql has no thresholds of bootstrap.json; the default is theirs.
where age_sessions
  > coalesce(nullif(current_setting('stocks_research.newest_bar_max_sessions', true), ''), '3')::int
