-- case: back at a quarter of the move and less, and at the open at 35 % and less
-- finds: x | 2020-03-02 | 10 | 15 | 11.24 | 0.5000 | 0.0000
-- finds: y | 2020-03-02 | 10 | 15 | 10 | 0.5000 | 0.0000
select plant.flat(1), plant.flat(2);
select plant.close(1, '2020-03-02', 15), plant.close(1, '2020-03-03', 11.24);
select plant.close(2, '2020-03-02', 15);
update stocks_research.prices_daily set open = 11.74, high = 15
where (security_id, trade_date) = (2, '2020-03-03');

-- case: back at a quarter of the move, and at the open at 35 %
-- finds: nothing
select plant.flat(1), plant.flat(2);
select plant.close(1, '2020-03-02', 15), plant.close(1, '2020-03-03', 11.25);
select plant.close(2, '2020-03-02', 15);
update stocks_research.prices_daily set open = 11.75, high = 15
where (security_id, trade_date) = (2, '2020-03-03');

-- case: a move of more than three per cent, down and up
-- finds: x | 2020-03-02 | 10 | 9.69 | 10 | -0.0310 | 0.0000
-- finds: y | 2020-03-02 | 10 | 10.31 | 10 | 0.0310 | 0.0000
select plant.flat(1), plant.flat(2);
select plant.close(1, '2020-03-02', 9.69), plant.close(2, '2020-03-02', 10.31);

-- case: a move of less than three per cent, down and up
-- finds: nothing
select plant.flat(1), plant.flat(2);
select plant.close(1, '2020-03-02', 9.7005), plant.close(2, '2020-03-02', 10.2995);

-- case: an unknown open
-- finds: x | 2020-03-02 | 10 | 15 | 10 | 0.5000 | 0.0000
select plant.flat(1), plant.close(1, '2020-03-02', 15);
update stocks_research.prices_daily set open = null where (security_id, trade_date) = (1, '2020-03-03');

-- case: four times the usual move of twenty sessions
-- finds: nothing
select plant.flat(1);
update stocks_research.prices_daily set close = 14, open = 14, high = 40
where security_id = 1 and trade_date >= '2020-02-03';
update stocks_research.prices_daily set close = 4, open = 4, low = 1
where security_id = 1 and trade_date < '2020-02-03';
select plant.close(1, '2020-03-02', 21);

-- case: more than four times the usual move of twenty sessions
-- finds: x | 2020-03-02 | 14 | 21.01 | 14 | 0.5007 | 0.1250
select plant.flat(1);
update stocks_research.prices_daily set close = 14, open = 14, high = 40
where security_id = 1 and trade_date >= '2020-02-03';
update stocks_research.prices_daily set close = 4, open = 4, low = 1
where security_id = 1 and trade_date < '2020-02-03';
select plant.close(1, '2020-03-02', 21.01);

-- case: a larger move before these sessions
-- finds: x | 2020-01-29 | 10 | 100 | 10 | 9.0000 | 0.0000
-- finds: x | 2020-03-02 | 10 | 11 | 10 | 0.1000 | 0.0000
select plant.flat(1), plant.close(1, '2020-01-29', 100), plant.close(1, '2020-03-02', 11);

-- case: the second session of a security
-- finds: x | 2020-01-03 | 10 | 11 | 10 | 0.1000 | null
select plant.flat(1), plant.close(1, '2020-01-03', 11);

-- case: prices of less than a dollar
-- finds: x | 2020-03-02 | 0.50 | 0.55 | 0.50 | 0.1000 | 0.0000
-- finds: y | 2020-03-02 | 0.50 | 0.45 | 0.50 | -0.1000 | 0.0000
select plant.flat(1), plant.times(1, '2020-01-02', 0.05), plant.close(1, '2020-03-02', 0.55);
select plant.flat(2), plant.times(2, '2020-01-02', 0.05), plant.close(2, '2020-03-02', 0.45);
