-- case: one bar, ten sessions after a session with twenty-one
-- finds: XNYS | 2020-03-16 | 1 | 21
select plant.list(18, '2020-03-02');
delete from stocks_research.prices_daily where trade_date = '2020-03-16' and security_id <> 1;

-- case: one bar, ten sessions before a session with twenty-one
-- finds: XNYS | 2020-03-02 | 1 | 21
select plant.list(18, '2020-03-16');
delete from stocks_research.prices_daily where trade_date = '2020-03-02' and security_id <> 1;

-- case: one bar, ten sessions after a session with twenty
-- finds: nothing
select plant.list(17, '2020-03-02');
delete from stocks_research.prices_daily where trade_date = '2020-03-16' and security_id <> 1;

-- case: one bar, eleven sessions after and before a session with twenty-one
-- finds: nothing
select plant.list(18, '2020-03-02');
delete from stocks_research.prices_daily where trade_date = '2020-03-17' and security_id <> 1;
delete from stocks_research.prices_daily where trade_date = '2020-02-13' and security_id <> 1;

-- case: no bar at all
-- finds: XNYS | 2020-03-02 | 0 | 3
delete from stocks_research.prices_daily where trade_date = '2020-03-02';

-- case: no bar before the first one, and after the last one
-- finds: nothing
delete from stocks_research.prices_daily where trade_date < '2020-02-03' or trade_date > '2020-05-29';
