-- The views of the product, apart from the one that the checklist counts by name.
select schemaname as schema, viewname as view
from pg_views
where schemaname in ('ingestion', 'stocks_research')
  and viewname <> 'prices_daily_adjusted_v'
order by 1, 2
