-- claim: no derived quarter uses a filing of a later day
-- severity: hard
-- job: fundamentals-derived
-- why: A backtest that reads values as of a day must not see what was filed after it.
with filed as materialized (
  select distinct r.cik, r.accession, r.filed
  from stocks_research.fundamentals_raw r
)
select d.cik as subject, d.tag, d.unit, d.period_end, d.known_from, f.accession, f.filed
from stocks_research.fundamentals_derived d
join filed f on f.cik = d.cik and f.accession = d.accession
where f.filed > d.known_from
union all
-- The other filing in a join of its own: with either of the two in one join, each row meets all filings of
-- its filer.
select d.cik, d.tag, d.unit, d.period_end, d.known_from, f.accession, f.filed
from stocks_research.fundamentals_derived d
join filed f on f.cik = d.cik and f.accession = d.subtracted_accession
where f.filed > d.known_from
  and d.subtracted_accession <> d.accession
