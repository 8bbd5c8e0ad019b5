-- The vintages of some standard items of some filers, each column of a filer in one text.
-- $1 the filers, $2 the items.
select r.cik, :columns
from (
  select
    s.cik,
    s.item,
    s.period_kind,
    s.period_start,
    s.period_end,
    s.unit,
    trim_scale(s.value) as value,
    s.reason,
    s.taxonomy,
    s.tag,
    s.accession,
    s.filed,
    s.known_from,
    s.known_to,
    s.first_known_on,
    trim_scale(s.first_value) as first_value
  from stocks_research.fundamentals_standard s
  where s.cik = any ($1::text[])
    and s.item = any ($2::text[])) r
group by r.cik
