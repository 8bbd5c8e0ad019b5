-- Records the content of table $1 at the end of run $2 (null: of an upgrade): rows, hash, segments, columns,
-- and the last change.
insert into ingestion.content_hashes
  (table_name, run_id, rows_count, sha256, segments, columns, last_change_id)
values ($1, $2, $3, $4, $5, $6, $7)
