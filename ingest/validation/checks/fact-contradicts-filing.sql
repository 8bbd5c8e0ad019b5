-- claim: facts have the form and the filing date of their filing
-- severity: soft
-- job: fundamentals-raw
-- why: A fact is known from the day on which its filing was filed. The lists of facts and of filings come
--      from different files of the SEC, and a wrong day in either moves knowledge in time.
with stated as materialized (
  select f.cik, f.accession, f.form, f.filed, count(*) as facts_count
  from stocks_research.fundamentals_raw f
  group by f.cik, f.accession, f.form, f.filed
)
select
  s.cik as subject,
  s.accession,
  s.form,
  g.form as form_of_filing,
  s.filed,
  g.filed as filed_of_filing,
  s.facts_count
from stated s
join stocks_research.filings g
  on g.cik = s.cik
  and g.accession = s.accession
where s.filed <> g.filed
  or coalesce(s.form <> g.form, false)
