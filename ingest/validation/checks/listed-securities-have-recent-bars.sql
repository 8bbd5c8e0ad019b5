-- claim: few listed securities have no bar in the last security_bar_max_sessions sessions
-- severity: hard
-- accept: yes
-- job: prices-daily
-- why: Prices that end while the listing goes on are a lost symbol, a rename that was missed, or a delisting
--   that no source reported. Up to stale_max_ratio of the listed securities may be halted; up to three
--   always, if they are fewer than half. Above it each is a violation. The reference is that of
--   newest-bar-is-recent.
with reference as (
  select r.end_date
  from ingestion.runs r
  where 'prices-daily' = any (r.jobs)
  order by r.started_at desc
  limit 1
), thresholds as (
  -- psql has no thresholds of bootstrap.json; the defaults are theirs.
  select
    coalesce(nullif(current_setting('stocks_research.security_bar_max_sessions', true), ''), '10')::int
      as sessions_max,
    coalesce(nullif(current_setting('stocks_research.stale_max_ratio', true), ''), '0.05')::numeric
      as ratio_max
), ages as (
  select
    a.security_id,
    a.newest_bar_date,
    a.age_sessions > t.sessions_max as is_stale
  from reference, thresholds t, stocks_research.bar_ages(reference.end_date) a
  where a.is_listed
    and a.newest_bar_date is not null
), counts as (
  select
    count(*) filter (where is_stale) as stale_count,
    count(*) as listed_count
  from ages
)
select
  s.source_id as subject,
  s.ticker,
  a.newest_bar_date
from counts c, thresholds t, ages a
join stocks_research.securities s using (security_id)
where a.is_stale
  and c.stale_count > t.ratio_max * c.listed_count
  and not (c.stale_count <= 3 and c.stale_count * 2 < c.listed_count)
