-- The years in which a table has rows, by its day.
select distinct extract(year from r.:day)::int as year
from :relation r
order by year
