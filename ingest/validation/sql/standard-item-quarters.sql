-- The newest vintage of each quarter of some filers, where it was derived, each column of a filer in one
-- text.
-- $1 the filers, $2 the tags that matter.
select r.cik, :columns
from (
  select distinct on (d.cik, d.taxonomy, d.tag, d.unit, d.period_start, d.period_end)
    d.cik,
    d.taxonomy,
    d.tag,
    d.unit,
    d.period_start,
    d.period_end,
    d.known_from,
    trim_scale(d.value) as derived_value,
    d.method,
    d.reason,
    d.accession,
    d.subtracted_accession
  from stocks_research.fundamentals_derived d
  where d.cik = any ($1::text[])
    and d.tag = any ($2::text[])
  order by d.cik, d.taxonomy, d.tag, d.unit, d.period_start, d.period_end, d.known_from desc) r
where r.method <> 'reported'
group by r.cik
