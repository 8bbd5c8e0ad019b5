-- What checks read outside of the schema stocks_research: for each source of rows their number, and the sum
-- of the hashes of what is read of them, whatever their order. Identities and times of recording are left
-- out, since no check reads them. Findings are left out: they are what validation writes.
with derived_until as (
  select distinct on (item) item, end_date
  from ingestion.items
  where job = 'adjustment-factors' and status = 'ok'
  order by item, item_id desc
), newest_run as (
  select end_date
  from ingestion.runs
  where 'prices-daily' = any (jobs)
  order by started_at desc
  limit 1
), inputs as (
  select 'items' as source, concat_ws('|', item, end_date) as row_text
  from derived_until
  union all
  select 'runs', end_date::text
  from newest_run
  union all
  select 'removed_securities', security_id::text
  from ingestion.removed_securities
  union all
  select 'withdrawals',
    concat_ws('|', job, provider, item, rows_count, first_date, last_date, examples)
  from ingestion.withdrawals
  union all
  select 'price_revisions', row(r.*)::text
  from ingestion.price_revisions r
  union all
  select 'second_source', row(s.*)::text
  from ingestion.second_source s
  union all
  select 'second_source_coverage_v', pg_get_viewdef('ingestion.second_source_coverage_v'::regclass)
  union all
  select 'second_prices', row(p.*)::text
  from ingestion.second_prices p
  union all
  select 'second_events', row(e.*)::text
  from ingestion.second_events e
)
select source, count(*) as rows_count, sum(hashtextextended(row_text, 0)::numeric)::text as rows_hash
from inputs
group by source
order by source collate "C"
