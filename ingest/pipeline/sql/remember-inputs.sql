-- Records what each work item was derived from.
--   $1 items: [{item, inputs_sha256, rows_count}]   $2 job   $3 output tables   $4 run
insert into ingestion.derived_inputs as d (job, item, inputs_sha256, output_versions, rows_count, run_id)
select $2, i.item, i.inputs_sha256, ingestion.versions_of($3::text[], s.subject), i.rows_count, $4::uuid
from jsonb_to_recordset($1::jsonb) as i (item text, inputs_sha256 text, rows_count bigint)
:subjects
on conflict (job, item) do update
set inputs_sha256 = excluded.inputs_sha256,
  output_versions = excluded.output_versions,
  rows_count = excluded.rows_count,
  run_id = excluded.run_id,
  derived_at = now()
