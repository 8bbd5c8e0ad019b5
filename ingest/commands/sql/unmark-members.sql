-- Deletes the marks of removed securities that the universe has again: source_ids $1.
delete from ingestion.removed_securities r
using stocks_research.securities s
where s.security_id = r.security_id
  and s.source_id = any ($1)
