-- The complete run that last read a batch from equal inputs, and how many records of the job it rejected:
-- run_id, rejected_count. No row if anybody changed a table of the job since, or an item has no end there.
--   $1 job   $2 provider   $3 hash of the inputs   $4 tables of the job   $5 items   $6, $7 window
select
  r.run_id::text as run_id,
  (
    select count(*)::integer
    from ingestion.rejects j
    where j.run_id = r.run_id
      and j.job = i.job) as rejected_count
from ingestion.read_inputs i
join ingestion.runs r using (run_id)
where i.job = $1
  and i.provider = $2
  and i.inputs_sha256 = $3
  and r.state in ('complete', 'complete_with_gaps')
  and not exists (
    select
    from ingestion.table_changes c
    where c.change_id > i.last_change_id
      and c.table_name = any ($4::text[]))
  and not exists (
    select
    from unnest($5::text[]) asked (item)
    where not exists (
      select
      from ingestion.items e
      where e.run_id = r.run_id
        and e.job = i.job
        and e.provider = i.provider
        and e.item = asked.item
        and e.start_date = $6::date
        and e.end_date = $7::date
        and e.status in ('ok', 'empty', 'not_found')))
