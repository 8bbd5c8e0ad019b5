-- Keeps each close that the second source states once, or more than once and equally; counts the records of
-- the others, which contradict each other.
with closes as (
  select
    b.security_id,
    b.trade_date,
    min(b.close) as close,
    max(b.close) as largest,
    count(*) as records_count
  from pg_temp.second_bars b
  group by b.security_id, b.trade_date
), kept as (
  insert into ingestion.second_prices
  select c.security_id, c.trade_date, c.close
  from closes c
  where c.close = c.largest
)
select coalesce(sum(c.records_count) filter (where c.close <> c.largest), 0)::integer as contradicted
from closes c
