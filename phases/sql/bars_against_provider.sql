-- Securities whose bars in the table differ in number from what the source delivered to the newest run.
with newest as (
  select run_id
  from ingestion.items
  where job = 'prices-daily'
  order by item_id desc
  limit 1
),
delivered as (
  select i.item as source_id, i.rows_count
  from ingestion.items i
  join newest using (run_id)
  where i.job = 'prices-daily'
),
loaded as (
  select s.source_id, count(p.trade_date) as rows_count
  from stocks_research.securities s
  left join stocks_research.prices_daily p using (security_id)
  group by s.source_id
)
select
  source_id,
  coalesce(delivered.rows_count, 0)::int as bars_delivered,
  coalesce(loaded.rows_count, 0)::int as bars_loaded
from delivered
full join loaded using (source_id)
where coalesce(delivered.rows_count, 0) <> coalesce(loaded.rows_count, 0)
order by source_id
