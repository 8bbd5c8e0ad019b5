-- What the export contains: securities with prices by year, their bars, and how many adjusted closes are null.
select
  year,
  count(distinct security_id) as securities,
  count(*) as bars,
  count(*) filter (where adj_close is null) as without_adjusted_close
from prices
group by year
order by year
