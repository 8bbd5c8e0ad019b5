-- case: a check that was never validated
-- finds: stocks_research.prices_daily | late | c
alter table stocks_research.prices_daily add constraint late check (close < 1000000) not valid;

-- case: a foreign key of the other schema
-- finds: ingestion.child | late | f
create table ingestion.child (security_id bigint);
alter table ingestion.child
  add constraint late foreign key (security_id) references stocks_research.securities not valid;

-- case: a schema that is not ours
-- finds: nothing
create table plant.child (n integer);
alter table plant.child add constraint late check (n > 0) not valid;
