-- claim: every fact reaches its filing by accession number, where filings of its filer are loaded
-- severity: soft
-- job: fundamentals-raw
-- why: Without its filing, the moment at which a fact became public is not known. The SEC lists a filing that
--      several filers share under one of them, at times.
with stated as materialized (
  select f.cik, f.accession, count(*) as facts_count
  from stocks_research.fundamentals_raw f
  group by f.cik, f.accession
)
select
  s.cik as subject,
  s.accession,
  s.facts_count
from stated s
where exists (
    select
    from stocks_research.filings g
    where g.cik = s.cik
  )
  and not exists (
    select
    from stocks_research.filings g
    where g.cik = s.cik
      and g.accession = s.accession
  )
