-- case: an index that is not valid, and one that is not ready
-- finds: ingestion.price_revisions_by_bar | the index is not valid
-- finds: stocks_research.prices_daily_pkey | the index is not valid
update pg_index set indisvalid = false where indexrelid = 'stocks_research.prices_daily_pkey'::regclass;
update pg_index set indisready = false where indexrelid = 'ingestion.price_revisions_by_bar'::regclass;

-- case: an invalid index of another schema
-- finds: nothing
create table plant.parent (n integer primary key);
update pg_index set indisvalid = false where indexrelid = 'plant.parent_pkey'::regclass;

-- case: tables without a key, one of them with other constraints
-- finds: stocks_research.child | no primary or unique key
-- finds: stocks_research.prices_daily | no primary or unique key
create table stocks_research.child (n integer check (n > 0));
select plant.drop_constraint('prices_daily', 'prices_daily_pkey');

-- case: a unique key is enough; partitioned tables and tables of other schemas need none
-- finds: nothing
create table stocks_research.child (n integer unique);
create table stocks_research.parts (n integer) partition by range (n);
create table plant.child (n integer);
create table ingestion.child (n integer);
