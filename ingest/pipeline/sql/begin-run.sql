-- Records a run as running; a run that is resumed keeps its row.
insert into ingestion.runs (
  run_id, command, source, jobs, state, universe_file, universe_sha256, start_date, end_date,
  host, process_id, product_version
)
values ($1, $2, $3, $4, 'running', $5, $6, $7, $8, $9, $10, $11)
on conflict (run_id) do update
set state = 'running',
  state_reason = null,
  ended_at = null,
  host = excluded.host,
  process_id = excluded.process_id
