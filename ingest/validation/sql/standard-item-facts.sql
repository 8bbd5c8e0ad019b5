-- The facts of some filers, filing by filing, each column of a filing in one text.
-- $1 the filers, $2 the tags that matter.
select r.cik, r.accession, r.form, r.filed, :columns
from (
  select
    f.cik,
    f.accession,
    f.form,
    f.filed,
    f.taxonomy,
    f.tag,
    f.unit,
    f.period_start,
    f.period_end,
    trim_scale(f.value) as value
  from stocks_research.fundamentals_raw f
  where f.cik = any ($1::text[])
    and f.tag = any ($2::text[])) r
group by r.cik, r.accession, r.form, r.filed
