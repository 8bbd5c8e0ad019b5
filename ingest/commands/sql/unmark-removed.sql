-- Deletes the mark of a removed security, by its source_id $1. Returns the security when it had one.
delete from ingestion.removed_securities r
using stocks_research.securities s
where s.security_id = r.security_id
  and s.source_id = $1
returning r.security_id
