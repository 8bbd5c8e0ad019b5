-- The first day from which the bars of each security were requested by a run that received an answer.
select i.item as source_id, min(i.start_date) as start_date
from ingestion.items i
where i.job = 'prices-daily'
  and i.status in ('ok', 'empty', 'not_found')
group by i.item
