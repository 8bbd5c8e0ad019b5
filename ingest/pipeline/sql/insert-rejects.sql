-- Records rejected records.   $1 run   $2 job   $3 rejects, as JSON
insert into ingestion.rejects (run_id, job, item, kind, reason, file, line, record)
select $1, $2, item, kind, reason, file, line, record
from jsonb_to_recordset($3::jsonb)
  as r (item text, kind text, reason text, file text, line bigint, record jsonb)
