-- The facts of some filers from which quarters are derived, each column of a series in one text.
-- $1 the filers, $2 the forms.
select :series, :columns
from stocks_research.fundamentals_raw r
where r.cik = any ($1::text[])
  and r.form = any ($2::text[])
  and r.period_start is not null
  and r.filed >= r.period_end
group by r.cik, r.taxonomy, r.tag, r.unit
