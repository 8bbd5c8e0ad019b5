-- Deletes the stored rows of these work items that the query of the job no longer gives. Returns how many:
-- rows.   $1 items   $2, $3 first and last item_no
with deleted as (
  delete from :table live
  where :is_of_items
    and not exists (
      select from pg_temp.:stage staged
      where staged.item_no between $2 and $3 and :same_key
    )
  returning 1
)
select count(*)::integer as rows
from deleted
