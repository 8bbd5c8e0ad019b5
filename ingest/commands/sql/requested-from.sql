-- The first day from which the bars of each security ($1, source_ids) were requested by a run that received
-- an answer. Visits one entry of the index for each security, however many runs there were.
select s.source_id, i.start_date
from unnest($1::text[]) s (source_id)
cross join lateral (
  select i.start_date
  from ingestion.items i
  where i.job = 'prices-daily'
    and i.item = s.source_id
    and i.status in ('ok', 'empty', 'not_found')
  order by i.start_date
  limit 1
) i
