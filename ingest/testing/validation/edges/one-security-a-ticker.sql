-- case: a ticker that is given on the last day of its holder, and one on its first
-- finds: OLD | 2 | 3 | 2020-02-14
-- finds: Z | 1 | 3 | 2020-01-06
select plant.drop_constraint('ticker_history', 'ticker_history_one_security_a_day',
  'ticker_history_one_ticker_a_day');
insert into stocks_research.ticker_history (security_id, ticker, valid_from, valid_to)
values (3, 'OLD', '2020-02-14', '2020-03-31'), (1, 'Z', '2019-01-02', '2020-01-06');

-- case: a ticker that is given on the day after, and one up to the day before
-- finds: nothing
select plant.drop_constraint('ticker_history', 'ticker_history_one_ticker_a_day');
insert into stocks_research.ticker_history (security_id, ticker, valid_from, valid_to)
values (3, 'OLD', '2020-02-15', '2020-03-31'), (1, 'Z', '2019-01-02', '2020-01-05');

-- case: two holders without an end
-- finds: X | 1 | 3 | 2021-01-04
select plant.drop_constraint('ticker_history', 'ticker_history_one_security_a_day',
  'ticker_history_one_ticker_a_day');
insert into stocks_research.ticker_history (security_id, ticker, valid_from) values (3, 'X', '2021-01-04');

-- case: one security that has a ticker twice
-- finds: nothing
select plant.drop_constraint('ticker_history', 'ticker_history_one_security_a_day',
  'ticker_history_one_ticker_a_day');
insert into stocks_research.ticker_history (security_id, ticker, valid_from) values (1, 'X', '2021-01-04');

-- case: a ticker that an older security takes over on the last day of its holder
-- finds: Z | 1 | 3 | 2020-06-19
select plant.drop_constraint('ticker_history', 'ticker_history_one_security_a_day',
  'ticker_history_one_ticker_a_day');
insert into stocks_research.ticker_history (security_id, ticker, valid_from) values (1, 'Z', '2020-06-19');

-- case: and on the day after
-- finds: nothing
select plant.drop_constraint('ticker_history', 'ticker_history_one_ticker_a_day');
insert into stocks_research.ticker_history (security_id, ticker, valid_from) values (1, 'Z', '2020-06-20');
