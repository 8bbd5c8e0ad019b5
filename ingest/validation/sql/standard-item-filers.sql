-- Every filer that has facts or standard items.
select r.cik
from stocks_research.fundamentals_raw r
union
select s.cik
from stocks_research.fundamentals_standard s
order by cik
