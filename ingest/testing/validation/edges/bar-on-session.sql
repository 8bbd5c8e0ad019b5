-- case: a Sunday
-- finds: y | 2020-01-19 | 10
insert into stocks_research.prices_daily (security_id, trade_date, close) values (2, '2020-01-19', 10);

-- case: a holiday on which the exchange is closed
-- finds: x | 2020-01-20 | 10
insert into stocks_research.prices_daily (security_id, trade_date, close) values (1, '2020-01-20', 10);

-- case: the next session
-- finds: nothing
insert into stocks_research.prices_daily (security_id, trade_date, close) values (1, '2020-07-01', 10);
