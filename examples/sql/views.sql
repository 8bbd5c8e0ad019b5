-- A view for each table of the export that the variable "export" names.
create view securities as
  from read_parquet(getvariable('export') || '/securities/*.parquet');
create view ticker_history as
  from read_parquet(getvariable('export') || '/ticker_history/*.parquet');
create view listings as
  from read_parquet(getvariable('export') || '/listings/*.parquet');
create view delistings as
  from read_parquet(getvariable('export') || '/delistings/*.parquet');
create view trading_sessions as
  from read_parquet(getvariable('export') || '/trading_sessions/*.parquet');
create view prices as
  from read_parquet(getvariable('export') || '/prices_daily_adjusted/*/*.parquet', hive_partitioning = true);
create view corporate_actions as
  from read_parquet(getvariable('export') || '/corporate_actions/*/*.parquet', hive_partitioning = true);
create view fundamentals_standard as
  from read_parquet(getvariable('export') || '/fundamentals_standard/*/*.parquet', hive_partitioning = true);
