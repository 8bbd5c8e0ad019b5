-- The staged rows of a group that are new or whose values changed. `known` holds the values that begin the
-- keys of the group: a literal, so that the planner sees how small a part of the table it is.
create temporary table delta on commit drop as
select :staged_columns, live.:first is null as is_new
from pg_temp.:stage staged
left join (
  select *
  from :table
  where :first = any (:known)
) live on :same_key
where staged.item_no between :first_no and :last_no
  and (live.:first is null or :values_differ)
