-- case: an open, and a close, a cent above the high or below the low
-- finds: x | 2020-03-02 | 11.01 | 11.0 | 9.0 | 10.01
-- finds: x | 2020-03-03 | 10.01 | 11.0 | 9.0 | 11.01
-- finds: x | 2020-03-04 | 8.99 | 11.0 | 9.0 | 10.03
-- finds: x | 2020-03-05 | 10.03 | 11.0 | 9.0 | 8.99
-- finds: x | 2020-03-06 | null | 8.99 | 9.0 | 8.995
select plant.drop_constraint('prices_daily', 'prices_daily_low_is_lowest', 'prices_daily_high_is_highest');
update stocks_research.prices_daily set open = 11.01 where (security_id, trade_date) = (1, '2020-03-02');
update stocks_research.prices_daily set close = 11.01 where (security_id, trade_date) = (1, '2020-03-03');
update stocks_research.prices_daily set open = 8.99 where (security_id, trade_date) = (1, '2020-03-04');
update stocks_research.prices_daily set close = 8.99 where (security_id, trade_date) = (1, '2020-03-05');
update stocks_research.prices_daily set high = 8.99, open = null, close = 8.995
where (security_id, trade_date) = (1, '2020-03-06');

-- case: prices that are the high or the low
-- finds: nothing
update stocks_research.prices_daily set open = 11, close = 9 where security_id = 1;
update stocks_research.prices_daily set open = high, close = high where security_id = 2;
update stocks_research.prices_daily set open = low, close = low where security_id = 3;
