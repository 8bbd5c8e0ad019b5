-- Securities of which a run over a few days overwrote a bar, and whose history from $1 on no later run has
-- requested: also those of an earlier run that ended before it came to their history.
with restated as (
  select i.item, max(i.item_id) as item_id
  from (select distinct run_id, security_id from ingestion.price_revisions) r
  join stocks_research.securities s using (security_id)
  join ingestion.items i
    on i.run_id = r.run_id and i.job = 'prices-daily' and i.item = s.source_id and i.start_date > $1
  group by i.item
)
select item
from restated r
where not exists (
  select from ingestion.items w
  where w.job = 'prices-daily'
    and w.item = r.item
    and w.item_id > r.item_id
    and w.start_date <= $1
    and w.status in ('ok', 'empty', 'not_found')
)
