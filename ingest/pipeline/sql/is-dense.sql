-- True when the group has so many of the rows that are stored under the values which begin its keys that all
-- of them are better read than searched for one by one: is_dense.
select
  (
    select count(*)
    from :table
    where :first = any (:known)
  ) <= :factor * (
    select count(*)
    from pg_temp.:stage
    where item_no between :first_no and :last_no
  ) as is_dense
