-- case: bars before the first factor and after the last one
-- finds: x | 2020-01-02 | 2020-01-03 | 2
-- finds: z | 2020-01-06 | 2020-06-19 | 116
update stocks_research.adjustment_factors
set first_date = '2020-01-06' where security_id = 1 and first_date <= '2020-01-02';
delete from stocks_research.adjustment_factors where security_id = 3;

-- case: two factors on one day
-- finds: y | 2020-04-07 | 2020-04-15 | 2
select plant.drop_constraint('adjustment_factors', 'adjustment_factors_one_a_day');
update stocks_research.adjustment_factors
set last_date = last_date + 1 where security_id = 2 and last_date = '2020-04-14';

-- case: a factor without a bar
-- finds: nothing
delete from stocks_research.prices_daily where trade_date < '2020-02-01';
