-- The number of rows of a part of the export, and the sum of each of its decimals.
select
  count(*)::text as rows,
  :sums
from :relation r
where :condition
