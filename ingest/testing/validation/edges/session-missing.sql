-- case: a session inside, of two securities
-- finds: x | 2020-01-02 | 2020-06-30 | 125 | 124 | 1
-- finds: z | 2020-01-06 | 2020-06-19 | 116 | 115 | 1
delete from stocks_research.prices_daily where security_id <> 2 and trade_date = '2020-03-02';

-- case: sessions after the last bar, and days without a ticker
-- finds: nothing
delete from stocks_research.prices_daily where security_id = 1 and trade_date > '2020-05-29';
update stocks_research.ticker_history set valid_to = '2020-02-10' where ticker = 'OLD';
delete from stocks_research.prices_daily
where security_id = 2 and trade_date between '2020-02-11' and '2020-02-14';
