-- The newest run, and how many work items of a job it has in the ledger.
select
  r.run_id,
  (select count(*) from ingestion.items i where i.run_id = r.run_id and i.job = $1)::int as listed
from ingestion.runs r
order by r.started_at desc
limit 1
