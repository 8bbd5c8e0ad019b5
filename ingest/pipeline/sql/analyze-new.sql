-- Gathers statistics of tables that have rows and no statistics yet.
select ingestion.analyze_table(oid)
from pg_class
where relnamespace = 'stocks_research'::regnamespace
  and relkind = 'r'
  and reltuples < 0
  and pg_relation_size(oid) > 0
