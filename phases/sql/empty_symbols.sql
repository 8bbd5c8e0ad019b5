-- Securities without a bar in the window of a run, with the reason.
select item, coalesce(reason, '') as reason
from ingestion.items
where run_id = $1
  and job = 'prices-daily'
  and status = 'empty'
order by 1
