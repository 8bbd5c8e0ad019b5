-- claim: the view of standard items has every vintage that is valid now, once
-- severity: hard
-- job: fundamentals-derived
-- why: The table is recomputed independently; the view that research reads must give its rows, each once.
with rows as (
  select v.*
  from stocks_research.fundamentals_standard_v v
  where v.reason is distinct from 'not_filed'
), stored as (
  select s.*
  from stocks_research.fundamentals_standard s
  where s.known_to is null
), compared as (
  select
    coalesce(r.cik, s.cik) as cik,
    coalesce(r.item, s.item) as item,
    coalesce(r.period_end, s.period_end) as period_end,
    s.value,
    r.value as view_value,
    count(*) over (
      partition by r.cik, r.item, r.period_end, r.period_start, r.unit
    ) as rows_count,
    (
      r.period_kind, r.value, r.reason, r.taxonomy, r.tag, r.method, r.accession, r.known_from,
      r.filed, r.first_known_on, r.first_value
    ) is not distinct from (
      s.period_kind, s.value, s.reason, s.taxonomy, s.tag, s.method, s.accession, s.known_from,
      s.filed, s.first_known_on, s.first_value
    ) as is_equal
  from rows r
  full join stored s on s.cik = r.cik and s.item = r.item and s.period_end = r.period_end
    and coalesce(s.period_start, '-infinity') = coalesce(r.period_start, '-infinity')
    and s.unit = r.unit
)
select c.cik as subject, c.item, c.period_end, c.value, c.view_value, c.rows_count
from compared c
where not c.is_equal
  or c.rows_count <> 1
