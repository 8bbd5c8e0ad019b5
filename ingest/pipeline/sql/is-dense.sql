-- True when the group is large, and has so many of the rows that are stored under the values which begin its
-- keys that all of them are better read than searched for one by one: is_dense. Counts no more stored rows
-- than decide it: a day's bars must not cost what their securities have had for years.
with staged as materialized (
  select count(*) as rows_count
  from pg_temp.:stage
  where item_no between :first_no and :last_no
)
select
  case
    when s.rows_count < :rows_min then false
    else (
      select count(*)
      from (
        select
        from :table
        where :first = any (:known)
        limit :factor * (select rows_count from staged) + 1
      ) stored
    ) <= :factor * s.rows_count
  end as is_dense
from staged s
