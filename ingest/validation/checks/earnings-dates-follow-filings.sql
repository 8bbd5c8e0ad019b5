-- claim: each period reported has one earnings date: its first 8-K with results, or its report
-- severity: hard
-- job: fundamentals-raw
-- why: An earnings date that is late hides what the market knew; one that is early is look-ahead.
with reports as materialized (
  -- The first report of a period. `distinct on` tells the planner how many there are; a condition on a row
  -- number does not, and it then compares every report with every announcement.
  select distinct on (r.cik, r.report_date)
    r.cik, r.report_date as period_end, r.accession, r.filed, r.accepted_at
  from stocks_research.filings r
  where r.report_date is not null
    and r.form = any (array['10-K', '10-KT', '10-Q', '10-QT', '20-F', '40-F'])
  order by r.cik, r.report_date, r.filed, r.accepted_at, r.accession
), results as materialized (
  select f.cik, f.accession, f.filed, f.accepted_at
  from stocks_research.filings f
  where f.form = '8-K'
    and f.items @> array['2.02']
), announcements as materialized (
  -- The first 8-K with results of the newest period that ended before it, not after the report of that
  -- period.
  select distinct on (r.cik, r.period_end) r.cik, r.period_end, a.accession, a.filed, a.accepted_at
  from reports r
  join results a on a.cik = r.cik and a.filed > r.period_end and a.filed <= r.filed
  where (a.accepted_at is null or r.accepted_at is null or a.accepted_at <= r.accepted_at)
    and not exists (
      select
      from reports n
      where n.cik = r.cik
        and n.period_end > r.period_end
        and n.period_end < a.filed
    )
  order by r.cik, r.period_end, a.filed, a.accepted_at, a.accession
), expected as (
  select r.cik, r.period_end, r.accession as report_accession,
    coalesce(a.accession, r.accession) as accession,
    case when a.accession is null then r.filed else a.filed end as filed,
    case when a.accession is null then r.accepted_at else a.accepted_at end as accepted_at,
    r.filed as report_filed, r.accepted_at as report_accepted_at
  from reports r
  left join announcements a on a.cik = r.cik and a.period_end = r.period_end
)
select
  coalesce(v.cik, e.cik) as subject,
  coalesce(v.period_end, e.period_end) as period_end,
  v.accession as accession_in_view,
  e.accession,
  v.first_session as first_session_in_view,
  s.first_session
from expected e
full join stocks_research.earnings_dates_v v on v.cik = e.cik and v.period_end = e.period_end
-- No two sessions are 14 days apart. Closes are moments: no time zone is asked.
left join lateral (
  select min(c.session_date) as first_session
  from stocks_research.trading_sessions c
  where c.session_date between coalesce(e.accepted_at::date - 1, e.filed + 1)
      and coalesce(e.accepted_at::date, e.filed) + 14
    and (e.accepted_at is null or c.close_at > e.accepted_at)
) s on true
left join lateral (
  select min(c.session_date) as first_session
  from stocks_research.trading_sessions c
  where c.session_date between coalesce(e.report_accepted_at::date - 1, e.report_filed + 1)
      and coalesce(e.report_accepted_at::date, e.report_filed) + 14
    and (e.report_accepted_at is null or c.close_at > e.report_accepted_at)
) t on true
where (v.accession, v.report_accession, v.first_session, v.report_first_session)
    is distinct from (e.accession, e.report_accession, s.first_session, t.first_session)
