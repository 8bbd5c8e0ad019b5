-- case: a ticker, a bar, an action and a factor of nobody
-- finds: adjustment_factors | 9 | 2
-- finds: corporate_actions | 9 | 1
-- finds: prices_daily | 9 | 1
-- finds: ticker_history | 9 | 1
select plant.drop_constraint('ticker_history', 'ticker_history_security_id_fkey');
select plant.drop_constraint('prices_daily', 'prices_daily_security_id_fkey');
select plant.drop_constraint('corporate_actions', 'corporate_actions_security_id_fkey');
select plant.drop_constraint('adjustment_factors', 'adjustment_factors_security_id_fkey');
update stocks_research.ticker_history set security_id = 9 where security_id = 1;
update stocks_research.prices_daily set security_id = 9 where (security_id, trade_date) = (1, '2020-01-15');
update stocks_research.corporate_actions set security_id = 9 where security_id = 1;
update stocks_research.adjustment_factors set security_id = 9 where security_id = 1;

-- case: facts of no filer, and quarters of a filer without facts
-- finds: fundamentals_derived | 0000000001 | 4
-- finds: fundamentals_raw | 0000000009 | 20
update stocks_research.fundamentals_raw set cik = '0000000009' where cik = '0000000001';

-- case: a security without a row
-- finds: nothing
insert into stocks_research.securities (security_id, source_id, ticker) values (9, 'w', 'W');
