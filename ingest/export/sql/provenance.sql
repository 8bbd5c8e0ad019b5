-- Where the rows of this database come from: its mode, its newest migration, the newest day with a price, the
-- newest run that ended, and the time of this snapshot.
select
  e.mode,
  m.name as migration,
  p.trade_date as as_of_date,
  r.run_id,
  r.command,
  r.source,
  r.state,
  r.start_date,
  r.end_date,
  to_char(r.ended_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as ended_at,
  to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as snapshot_at
from (select max(name collate "C") as name from ingestion.migrations) m
left join ingestion.environment e on true
left join (select max(trade_date) as trade_date from stocks_research.prices_daily) p on true
left join (
  select *
  from ingestion.runs
  where ended_at is not null
  order by ended_at desc, run_id
  limit 1
) r on true
