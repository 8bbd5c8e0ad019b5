-- Stages what the query of a derived job gives for the items $1 as of the day $2.
insert into pg_temp.:stage (item_no, file_no, line, :columns)
select i.item_no - 1, 0, 0, :derived_columns
from (
  :derive
) d
join unnest($1::text[]) with ordinality as i (item, item_no) on i.item = d.work_item
where $2::date is not null
