-- The age of the stored prices at the moment $1, as JSON: see Freshness. $2: sessions after which the newest
-- bar of a listed security is stale.
with reference as (
  select max(session_date) as session_date
  from stocks_research.trading_sessions
  where close_at <= $1::timestamptz
), ages as (
  select
    a.newest_bar_date,
    a.age_sessions,
    a.is_listed,
    s.source_id,
    s.ticker
  from reference, stocks_research.bar_ages(reference.session_date) a
  join stocks_research.securities s using (security_id)
)
select json_build_object(
  'last_session_date', (select session_date from reference),
  'newest_bar_date', max(newest_bar_date),
  'newest_bar_age_sessions', min(age_sessions),
  'listed_count', count(*) filter (where is_listed),
  'stale', coalesce(
    json_agg(
      json_build_object(
        'source_id', source_id,
        'ticker', ticker,
        'newest_bar_date', newest_bar_date,
        'age_sessions', age_sessions
      )
      order by age_sessions desc, source_id
    ) filter (where is_listed and age_sessions > $2),
    '[]'
  )
) as freshness
from ages
