-- The complete run that last read a batch from equal inputs, unless anybody changed a table of the job since:
-- run_id.   $1 job   $2 provider   $3 hash of the inputs   $4 tables of the job
select r.run_id::text as run_id
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
