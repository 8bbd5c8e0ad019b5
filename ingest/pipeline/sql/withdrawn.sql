-- Records the rows of these work items that our table has in the window and their source does not, in place
-- of what an earlier read of these days recorded. Returns how many rows: rows_count.
--   $1 items: [{item, subject}]   $2, $3 window   $4 job   $5 run   $6 provider
--   $7, $8 first and last item_no
-- The rows are found by set difference, which is linear whatever the planner expects, and for which null
-- equals null, as it does in the keys. Every staged row was merged: where the table has as many rows as were
-- staged, none is missing, and nothing is compared.
with asked as materialized (
  select * from jsonb_to_recordset($1::jsonb) as a (item text, subject :subject_type)
),
counted as materialized (
  select
    (
      select count(*)
      from :table
      where :subject = any (select subject from asked)
        and :dated_by between $2 and $3
    ) <> (
      select count(*)
      from pg_temp.staged
      where item_no between $7 and $8
        and :subject = any (select subject from asked)
        and :dated_by between $2 and $3
    ) as is_different
),
missing_keys as materialized (
  select :key
  from :table
  where (select is_different from counted)
    and :subject = any (select subject from asked)
    and :dated_by between $2 and $3
  except
  select :key
  from pg_temp.staged
  where (select is_different from counted)
    and item_no between $7 and $8
),
missing_rows as (
  select a.item, live.:dated_by as row_date, to_jsonb(live) as record
  from missing_keys missing
  join :table live on :same_key
  join asked a on a.subject = live.:subject
),
forgotten as (
  delete from ingestion.withdrawals w
  using asked a
  where w.job = $4 and w.item = a.item and w.first_date >= $2 and w.last_date <= $3
),
recorded as (
  insert into ingestion.withdrawals (
    run_id, job, provider, item, rows_count, first_date, last_date, examples
  )
  select $5, $4, $6, item, count(*), min(row_date), max(row_date),
    to_jsonb((array_agg(record order by row_date, record::text collate "C"))[1:3])
  from missing_rows
  group by item
  order by item
  returning rows_count
)
select coalesce(sum(rows_count), 0)::integer as rows_count
from recorded
