-- case: two bars on a day
-- finds: 1 | 2020-01-02 | 2
-- finds: 2 | 2020-01-21 | 2
select plant.drop_constraint('prices_daily', 'prices_daily_pkey');
insert into stocks_research.prices_daily (security_id, trade_date, close) values (2, '2020-01-21', 10),
  (1, '2020-01-02', 10);

-- case: a bar of the next session
-- finds: nothing
insert into stocks_research.prices_daily (security_id, trade_date, close) values (1, '2020-07-01', 10);
