-- The keys that are staged more than once, and whether their values differ. Few: only for them are values
-- compared. Only the work items that may have a key twice are searched.
create temporary table doubles as
with twice as (
  select item_no, :key
  from pg_temp.staged
  where :is_suspect
  group by item_no, :key
  having count(*) > 1
)
select s.item_no, :s_key, count(distinct row(:s_values)) > 1 as is_conflict
from pg_temp.staged s
join twice t on t.item_no = s.item_no and :same_key
group by s.item_no, :s_key
