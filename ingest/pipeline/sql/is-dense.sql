-- True when the group has so many of the rows that are stored under the values which begin its keys that all
-- of them are better read than searched for one by one: is_dense. Counts no more stored rows than decide it:
-- a day's bars must not cost what their securities have had for years.
with enough as materialized (
  select :factor * count(*) as rows_max
  from pg_temp.:stage
  where item_no between :first_no and :last_no
)
select
  (
    select count(*)
    from (
      select
      from :table
      where :first = any (:known)
      limit (select rows_max + 1 from enough)
    ) stored
  ) <= (select rows_max from enough) as is_dense
