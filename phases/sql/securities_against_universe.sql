-- Securities that were loaded, those outside of the universe, and those that the newest run did not find.
with newest as (
  select run_id
  from ingestion.items
  where job = 'securities'
  order by item_id desc
  limit 1
)
select
  (select count(*) from stocks_research.securities)::int as securities,
  (select count(*) from stocks_research.securities where not source_id = any ($1))::int as unknown,
  (
    select count(distinct i.item)
    from ingestion.items i
    join newest using (run_id)
    where i.job = 'securities'
      and i.status = 'not_found'
  )::int as not_found
