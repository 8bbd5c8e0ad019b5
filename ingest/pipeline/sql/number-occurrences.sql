-- Counts the records of equal key within one file from 1, where `parse` left the count null.
update pg_temp.staged s
set :counted = n.occurrence
from (
  select ctid as place,
    row_number() over (partition by item_no, file_no, :others order by :values, line) as occurrence
  from pg_temp.staged
  where :counted is null
) n
where s.ctid = n.place
