-- case: a quarter, up and down
-- finds: nothing
select plant.flat(1), plant.flat(2);
select plant.close(1, '2020-03-02', 12.5), plant.times(2, '2020-03-02', 0.75);

-- case: more than a quarter, up and down
-- finds: x | 2020-03-02 | 10 | 12.51 | 0.2510 | 1.25
-- finds: y | 2020-03-02 | 10 | 7.490 | -0.2510 | 0.75
select plant.flat(1), plant.flat(2);
select plant.close(1, '2020-03-02', 12.51), plant.times(2, '2020-03-02', 0.749);

-- case: twice the usual money, of twenty sessions
-- finds: nothing
select plant.flat(1), plant.close(1, '2020-01-30', 10, 1000000), plant.close(1, '2020-03-02', 16, 125);
select plant.times(1, '2020-03-03', 1.6);

-- case: less than twice the usual money
-- finds: x | 2020-03-02 | 10 | 16 | 0.6000 | 2.00
select plant.flat(1), plant.close(1, '2020-03-02', 16, 124.9), plant.times(1, '2020-03-03', 1.6);

-- case: an unknown volume, and no trading before
-- finds: x | 2020-03-02 | 10 | 16.0 | 0.6000 | null
-- finds: y | 2020-03-02 | 10 | 16.0 | 0.6000 | null
select plant.flat(1), plant.flat(2);
select plant.times(1, '2020-03-02', 1.6), plant.times(2, '2020-03-02', 1.6);
update stocks_research.prices_daily set volume = null where (security_id, trade_date) = (1, '2020-03-02');
update stocks_research.prices_daily set volume = 0 where security_id = 2 and trade_date < '2020-03-02';

-- case: two days before the bar before, and the third day after the bar after, an action explains it
-- finds: nothing
select plant.flat(1), plant.flat(2);
select plant.times(1, '2020-03-02', 1.6), plant.times(2, '2020-03-02', 1.6);
select plant.pay(1, '2020-02-26', 1), plant.pay(2, '2020-03-06', 1);

-- case: a day further off
-- finds: x | 2020-03-02 | 10 | 16.0 | 0.6000 | 1.60
-- finds: y | 2020-03-02 | 10 | 16.0 | 0.6000 | 1.60
select plant.flat(1), plant.flat(2);
select plant.times(1, '2020-03-02', 1.6), plant.times(2, '2020-03-02', 1.6);
select plant.pay(1, '2020-02-25', 1), plant.pay(2, '2020-03-07', 1);

-- case: an action of another security, a change of name, and an end of a listing
-- finds: x | 2020-03-02 | 10 | 16.0 | 0.6000 | 1.60
-- finds: y | 2020-03-02 | 10 | 16.0 | 0.6000 | 1.60
-- finds: z | 2020-03-02 | 10 | 16.0 | 0.6000 | 1.60
select plant.flat(1), plant.flat(2), plant.flat(3);
select plant.times(n, '2020-03-02', 1.6) from generate_series(1, 3) n;
select plant.event(2, '2020-03-02', 'name_change'), plant.event(3, '2020-03-02', 'delisting');

-- case: the last bar, three days before an action
-- finds: nothing
select plant.flat(1), plant.times(1, '2020-06-30', 1.6), plant.pay(1, '2020-07-03', 1);

-- case: the last bar, four days before an action
-- finds: x | 2020-06-30 | 10 | 16.0 | 0.6000 | 1.60
select plant.flat(1), plant.times(1, '2020-06-30', 1.6), plant.pay(1, '2020-07-04', 1);

-- case: an action that explains it is judged by the bars of the security
-- finds: nothing
select plant.flat(1), plant.flat(2);
delete from stocks_research.prices_daily
where (security_id, trade_date) in ((1, '2020-02-28'), (2, '2020-03-03'));
select plant.times(1, '2020-03-02', 1.6), plant.times(2, '2020-03-02', 1.6);
select plant.pay(1, '2020-02-25', 1), plant.pay(2, '2020-03-07', 1);

-- case: prices of less than a dollar
-- finds: x | 2020-03-02 | 0.50 | 0.3125000000000000000000 | -0.3750 | 0.63
-- finds: y | 2020-03-02 | 0.50 | 0.800 | 0.6000 | 1.60
select plant.flat(1), plant.times(1, '2020-01-02', 0.05), plant.times(1, '2020-03-02', 1 / 1.6);
select plant.flat(2), plant.times(2, '2020-01-02', 0.05), plant.times(2, '2020-03-02', 1.6);
