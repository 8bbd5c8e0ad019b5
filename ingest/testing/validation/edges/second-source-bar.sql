-- case: two sessions of one security, and one of another
-- finds: x | 2020-03-02 | 2020-03-04 | 2
-- finds: y | 2020-03-03 | 2020-03-03 | 1
select plant.second_source();
delete from stocks_research.prices_daily
where (security_id, trade_date) in ((1, '2020-03-02'), (1, '2020-03-04'), (2, '2020-03-03'));

-- case: bars before our first and after our last one
-- finds: nothing
select plant.second_source();
delete from stocks_research.prices_daily where security_id = 1 and trade_date < '2020-02-03';
delete from stocks_research.prices_daily where security_id = 2 and trade_date > '2020-05-29';

-- case: a bar that the second source does not have
-- finds: nothing
select plant.second_source();
delete from ingestion.second_prices where trade_date = '2020-03-02';
