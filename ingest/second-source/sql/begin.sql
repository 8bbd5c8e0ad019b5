-- Removes an earlier second source, and makes room for the records of a new one until the transaction ends.
delete from ingestion.second_source;
delete from ingestion.second_prices;
delete from ingestion.second_events;
create temporary table second_bars (
  security_id bigint,
  trade_date date,
  close numeric
) on commit drop;
create temporary table second_actions (
  security_id bigint,
  ex_date date,
  cash_amount numeric,
  split_ratio numeric
) on commit drop
