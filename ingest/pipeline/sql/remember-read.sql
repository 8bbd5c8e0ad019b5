-- Records what a batch was read from, if all of its items ended with an answer of the source, and nobody
-- but this run changed a table of the job since the job began. What was recorded before stays otherwise: it
-- holds as long as nobody has changed the table.
--   $1 job   $2 provider   $3 batch   $4 hash of the inputs   $5 run   $6 items   $7 tables of the job
--   $8 the newest change before the job
with is_sure as (
  select
    not exists (
      select
      from ingestion.items i
      where i.run_id = $5::uuid
        and i.job = $1
        and i.provider = $2
        and i.item = any ($6::text[])
        and i.status not in ('ok', 'empty', 'not_found'))
    and not exists (
      select
      from ingestion.table_changes c
      where c.change_id > $8::bigint
        and c.table_name = any ($7::text[])
        and c.run_id is distinct from $5::uuid) as is_sure
)
insert into ingestion.read_inputs as r (job, provider, batch, inputs_sha256, last_change_id, run_id)
select $1, $2, $3, $4, coalesce((select max(change_id) from ingestion.table_changes), 0), $5::uuid
from is_sure
where is_sure
on conflict (job, provider, batch) do update
set inputs_sha256 = excluded.inputs_sha256,
  last_change_id = excluded.last_change_id,
  run_id = excluded.run_id,
  read_at = now()
