-- Bars that the source delivered to the newest run.
select coalesce(sum(rows_count), 0)::int as bars_delivered
from ingestion.items
where job = 'prices-daily'
  and run_id = (
    select run_id
    from ingestion.items
    where job = 'prices-daily'
    order by item_id desc
    limit 1
  )
