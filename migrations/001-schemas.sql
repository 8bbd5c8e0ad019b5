-- Schemas.
--
-- `stocks_research` is what research reads; `ingestion` records how the data was loaded. Every session of the
-- product runs with search_path = pg_catalog, so every name in these files is written with its schema.

create schema if not exists ingestion; -- The migration runner has created it, for its own table.
create schema stocks_research;

comment on schema ingestion is 'How the data came to be: runs, items, rejects, findings, migrations, changes. Append-mostly; nothing here is a market fact.';
comment on schema stocks_research is 'US stocks for research: securities, tickers, prices, actions, factors, fundamentals. Raw values as the source gave them; derived ones in tables of their own.';

-- Exclusion constraints over (ticker, interval) need equality on text inside a GiST index.
create extension btree_gist with schema ingestion;
