-- The derived quarters of some filers, each column of a series in one text. $1 the filers.
select :series, :columns
from stocks_research.fundamentals_derived r
where r.cik = any ($1::text[])
group by r.cik, r.taxonomy, r.tag, r.unit
