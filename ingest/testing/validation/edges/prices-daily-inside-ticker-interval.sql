-- case: the day before the first ticker, and a day between two
-- finds: x | 2020-01-02 | 10.01
-- finds: y | 2020-02-14 | 24.04
update stocks_research.ticker_history set valid_from = '2020-01-03' where ticker = 'X';
update stocks_research.ticker_history set valid_to = '2020-02-13' where ticker = 'OLD';

-- case: the last day of a ticker
-- finds: nothing
update stocks_research.ticker_history set valid_from = '2020-03-01' where ticker = 'Y';
update stocks_research.ticker_history set valid_to = '2020-02-29' where ticker = 'OLD';

-- case: a security that never had a ticker
-- finds: x | 2020-01-02 | 10.01
delete from stocks_research.ticker_history where ticker = 'X';
delete from stocks_research.prices_daily where security_id = 1 and trade_date > '2020-01-02';
