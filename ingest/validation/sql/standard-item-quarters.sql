-- The vintages of the quarters of some filers that are a difference of two periods, each column of a filer in
-- one text.
-- $1 the filers, $2 the tags that matter.
select r.cik, :columns
from (
  select
    d.cik,
    d.taxonomy,
    d.tag,
    d.unit,
    d.period_start,
    d.period_end,
    d.known_from,
    lead(d.known_from) over (
      partition by d.cik, d.taxonomy, d.tag, d.unit, d.period_start, d.period_end
      order by d.known_from
    ) as known_to,
    trim_scale(d.value) as derived_value,
    d.method,
    d.reason,
    d.accession,
    d.subtracted_accession
  from stocks_research.fundamentals_derived d
  where d.cik = any ($1::text[])
    and d.tag = any ($2::text[])) r
where r.method <> 'reported'
group by r.cik
