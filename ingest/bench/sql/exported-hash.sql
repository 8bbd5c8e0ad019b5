-- DuckDB: the exported adjusted closes of each year as one hash, as adjusted-hash.sql: year, hash.
select
  year::integer as year,
  md5(
    string_agg(
      concat_ws(' ', security_id, trade_date, adj_close, total_return_close),
      ','
      order by security_id, trade_date
    )
  ) as hash
from :files
group by 1
order by 1
