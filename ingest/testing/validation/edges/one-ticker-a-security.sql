-- case: a new ticker on the last day of the old one, and beside one without an end
-- finds: x | X | XX | 2020-03-02
-- finds: z | Z | ZZ | 2020-06-19
select plant.drop_constraint('ticker_history', 'ticker_history_one_ticker_a_day');
insert into stocks_research.ticker_history (security_id, ticker, valid_from, valid_to)
values (3, 'ZZ', '2020-06-19', '2020-07-31'), (1, 'XX', '2020-03-02', null);

-- case: a new ticker on the day after
-- finds: nothing
select plant.drop_constraint('ticker_history', 'ticker_history_one_ticker_a_day');
insert into stocks_research.ticker_history (security_id, ticker, valid_from)
values (3, 'ZZ', '2020-06-20');
