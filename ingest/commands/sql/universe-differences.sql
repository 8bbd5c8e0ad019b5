-- How a written universe, source_ids $1 with tickers $2, differs from the database: kind, source_id, ticker.
with written as (
  select u.source_id, u.ticker
  from unnest($1::text[], $2::text[]) u (source_id, ticker)
), loaded as (
  select
    s.source_id,
    s.ticker,
    exists (select from ingestion.removed_securities r where r.security_id = s.security_id) as is_removed
  from stocks_research.securities s
)
select
  case
    when l.source_id is null then 'new'
    when w.source_id is null then 'unmarked'
    else 'returned'
  end as kind,
  coalesce(w.source_id, l.source_id) as source_id,
  coalesce(w.ticker, l.ticker) as ticker
from written w
full join loaded l on l.source_id = w.source_id
where l.source_id is null
  or w.source_id is null and not l.is_removed
  or w.source_id is not null and l.is_removed
order by 1, 2
