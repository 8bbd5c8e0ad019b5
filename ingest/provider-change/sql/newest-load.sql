-- The newest run that ended with bars of a provider: what gives the bars now. At most one row.
select r.source, i.provider
from ingestion.runs r
join lateral (
  select i.provider
  from ingestion.items i
  where i.run_id = r.run_id
    and i.job = 'prices-daily'
    and i.status = 'ok'
  limit 1
) i on true
where r.state in ('complete', 'complete_with_gaps')
order by r.started_at desc
limit 1
