-- 001 · Schemas.
--
-- `stocks_research` is what research reads; `ingestion` is how it came to be. Roll forward only: once
-- applied, a migration is never edited. Every session of ours runs with search_path = pg_catalog, so every
-- name here is written with its schema.

create schema if not exists ingestion; -- The migration runner has made it already, for its own table.
create schema stocks_research;

comment on schema ingestion is 'How the data came to be: runs, items, rejects, findings, migrations, changes. Append-mostly; nothing here is a market fact.';
comment on schema stocks_research is 'US stocks for research: securities, tickers, prices, actions, factors, fundamentals. Raw values as the source gave them; derived ones in tables of their own.';

-- Exclusion constraints over (ticker, interval) need equality on text inside a GiST index.
create extension btree_gist with schema ingestion;
