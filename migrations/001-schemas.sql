-- Schemas.
--
-- `stocks_research` is what research reads; `ingestion` records how the data was loaded. Every session of the
-- product runs with search_path = pg_catalog, so every name in these files is written with its schema.

create schema if not exists ingestion; -- The migration runner has created it, for its own table.
create schema stocks_research;

comment on schema ingestion is
  'How the data was loaded: runs, work items, rejected records, findings, migrations, changes. Rows are '
  'mostly only added. No market data is here.';
comment on schema stocks_research is
  'US stocks for research: securities, tickers, prices, corporate actions, adjustment factors, '
  'fundamentals. Raw values as the source reported them; derived values in tables of their own.';

-- Exclusion constraints over (ticker, interval) need equality on text inside a GiST index.
create extension btree_gist with schema ingestion;
