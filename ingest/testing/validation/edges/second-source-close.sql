-- case: half a per cent, up and down
-- finds: nothing
select plant.second_source();
update ingestion.second_prices set close = 10;
update stocks_research.prices_daily set close = 10.05, low = 5, high = 90;
select plant.close(1, '2020-03-02', 9.95);

-- case: more than half a per cent, of two sessions and of one
-- finds: x | 2020-03-02 | 2020-03-03 | 2 | 10.051 | 10 | 0.994900 | 1.005100
-- finds: x | 2020-03-05 | 2020-03-05 | 1 | 10.06 | 10 | 1.006000 | 1.006000
-- finds: y | 2020-03-04 | 2020-03-04 | 1 | 24.5 | 24 | 1.020833 | 1.020833
select plant.second_source();
update ingestion.second_prices set close = 10 where security_id = 1;
update stocks_research.prices_daily set close = 10 where security_id = 1;
select plant.close(1, '2020-03-02', 10.051), plant.close(1, '2020-03-03', 9.949);
select plant.close(1, '2020-03-05', 10.06);
update ingestion.second_prices set close = 24 where (security_id, trade_date) = (2, '2020-03-04');
select plant.close(2, '2020-03-04', 24.5);
