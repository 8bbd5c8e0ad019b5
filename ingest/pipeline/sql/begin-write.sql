-- Marks a transaction with its run $1. Returns whether the session $2 still holds the lock: is_ours.
select set_config('stocks_research.run_id', $1, true),
  exists (select from pg_locks l where l.pid = $2 and :is_ingestion_lock) as is_ours
