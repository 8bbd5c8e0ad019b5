-- case: six per cent beside a ratio, on both sides
-- finds: nothing
select plant.flat(1), plant.flat(2), plant.flat(3);
select plant.times(1, '2020-03-02', 0.53, 2), plant.times(2, '2020-03-02', 2.12, 0.5);
select plant.times(3, '2020-03-02', 0.47, 2);

-- case: less than six per cent beside a ratio, on both sides
-- finds: x | 2020-03-02 | 10 | 5.29950 | 2 | 1.06
-- finds: y | 2020-03-02 | 10 | 21.1990 | 2 | 1.06
-- finds: z | 2020-03-02 | 10 | 4.70050 | 2 | 0.94
select plant.flat(1), plant.flat(2), plant.flat(3);
select plant.times(1, '2020-03-02', 0.52995, 2), plant.times(2, '2020-03-02', 2.1199, 0.5);
select plant.times(3, '2020-03-02', 0.47005, 2);

-- case: a fifth of the usual money, and twice of it
-- finds: x | 2020-03-02 | 10 | 5.0 | 2 | 0.20
-- finds: y | 2020-03-02 | 10 | 5.0 | 2 | 2.00
select plant.flat(1), plant.flat(2), plant.close(1, '2020-01-30', 10, 1000000);
select plant.times(1, '2020-03-02', 0.5, 0.4), plant.times(2, '2020-03-02', 0.5, 4);

-- case: less than a fifth, and more than twice
-- finds: nothing
select plant.flat(1), plant.flat(2);
select plant.times(1, '2020-03-02', 0.5, 0.39), plant.times(2, '2020-03-02', 0.5, 4.01);

-- case: five times the usual money, at a ratio of 20
-- finds: x | 2020-03-02 | 10 | 0.50 | 20 | 5.00
select plant.flat(1), plant.times(1, '2020-03-02', 0.05, 100);

-- case: five times the usual money, at a ratio of 15
-- finds: nothing
select plant.flat(1), plant.times(1, '2020-03-02', 1 / 15.0, 75);

-- case: an unknown volume
-- finds: x | 2020-03-02 | 10 | 5.0 | 2 | null
select plant.flat(1), plant.times(1, '2020-03-02', 0.5);
update stocks_research.prices_daily set volume = null where (security_id, trade_date) = (1, '2020-03-02');

-- case: two days before the bar before, and the third day after the bar after, an action explains it
-- finds: nothing
select plant.flat(1), plant.flat(2);
select plant.times(1, '2020-03-02', 0.5), plant.times(2, '2020-03-02', 0.5);
select plant.pay(1, '2020-02-26', 1), plant.pay(2, '2020-03-06', 1);

-- case: a day further off
-- finds: x | 2020-03-02 | 10 | 5.0 | 2 | 0.50
-- finds: y | 2020-03-02 | 10 | 5.0 | 2 | 0.50
select plant.flat(1), plant.flat(2);
select plant.times(1, '2020-03-02', 0.5), plant.times(2, '2020-03-02', 0.5);
select plant.pay(1, '2020-02-25', 1), plant.pay(2, '2020-03-07', 1);

-- case: an action of another security, a change of name, and an end of a listing
-- finds: x | 2020-03-02 | 10 | 5.0 | 2 | 0.50
-- finds: y | 2020-03-02 | 10 | 5.0 | 2 | 0.50
-- finds: z | 2020-03-02 | 10 | 5.0 | 2 | 0.50
select plant.flat(1), plant.flat(2), plant.flat(3);
select plant.times(n, '2020-03-02', 0.5) from generate_series(1, 3) n;
select plant.event(2, '2020-03-02', 'name_change'), plant.event(3, '2020-03-02', 'delisting');

-- case: the last bar, three days before an action
-- finds: nothing
select plant.flat(1), plant.times(1, '2020-06-30', 0.5), plant.pay(1, '2020-07-03', 1);

-- case: the last bar, four days before an action
-- finds: x | 2020-06-30 | 10 | 5.0 | 2 | 0.50
select plant.flat(1), plant.times(1, '2020-06-30', 0.5), plant.pay(1, '2020-07-04', 1);

-- case: splits of 1.5, 2, 3, 4 for one, down and up
-- finds: x | 2020-02-04 | 10 | 6.666670 | 1.5 | 1.00
-- finds: x | 2020-02-12 | 6.666670 | 3.333335000000 | 2 | 1.00
-- finds: x | 2020-02-20 | 3.333335000000 | 1.111110555555000000 | 3 | 1.00
-- finds: x | 2020-03-02 | 1.111110555555000000 | 0.277777638888750000000000 | 4 | 1.00
-- finds: y | 2020-02-04 | 10 | 15.0 | 1.5 | 1.00
-- finds: y | 2020-02-12 | 15.0 | 30.0 | 2 | 1.00
-- finds: y | 2020-02-20 | 30.0 | 90.0 | 3 | 1.00
-- finds: y | 2020-03-02 | 90.0 | 360.0 | 4 | 1.00
select plant.flat(1), plant.flat(2);
select plant.times(1, day, round(1.0 / k, 6), k), plant.times(2, day, k, round(1.0 / k, 6))
from (values (1.5, '2020-02-04'::date), (2, '2020-02-12'), (3, '2020-02-20'), (4, '2020-03-02')) v (k, day);

-- case: splits of 5, 6, 7, 8 for one, down and up
-- finds: x | 2020-02-04 | 10 | 2.000000 | 5 | 1.00
-- finds: x | 2020-02-12 | 2.000000 | 0.333334000000 | 6 | 1.00
-- finds: x | 2020-02-20 | 0.333334000000 | 0.047619095238000000 | 7 | 1.00
-- finds: x | 2020-03-02 | 0.047619095238000000 | 0.005952386904750000000000 | 8 | 1.00
-- finds: y | 2020-02-04 | 10 | 50 | 5 | 1.00
-- finds: y | 2020-02-12 | 50 | 300 | 6 | 1.00
-- finds: y | 2020-02-20 | 300 | 2100 | 7 | 1.00
-- finds: y | 2020-03-02 | 2100 | 16800 | 8 | 1.00
select plant.flat(1), plant.flat(2);
select plant.times(1, day, round(1.0 / k, 6), k), plant.times(2, day, k, round(1.0 / k, 6))
from (values (5, '2020-02-04'::date), (6, '2020-02-12'), (7, '2020-02-20'), (8, '2020-03-02')) v (k, day);

-- case: splits of 10, 15, 20, 25 for one, down and up
-- finds: x | 2020-02-04 | 10 | 1.000000 | 10 | 1.00
-- finds: x | 2020-02-12 | 1.000000 | 0.066667000000 | 15 | 1.00
-- finds: x | 2020-02-20 | 0.066667000000 | 0.003333350000000000 | 20 | 1.00
-- finds: x | 2020-03-02 | 0.003333350000000000 | 0.000133334000000000000000 | 25 | 1.00
-- finds: y | 2020-02-04 | 10 | 100 | 10 | 1.00
-- finds: y | 2020-02-12 | 100 | 1500 | 15 | 1.00
-- finds: y | 2020-02-20 | 1500 | 30000 | 20 | 1.00
-- finds: y | 2020-03-02 | 30000 | 750000 | 25 | 1.00
select plant.flat(1), plant.flat(2);
select plant.times(1, day, round(1.0 / k, 6), k), plant.times(2, day, k, round(1.0 / k, 6))
from (values (10, '2020-02-04'::date), (15, '2020-02-12'), (20, '2020-02-20'), (25, '2020-03-02')) v (k, day);

-- case: splits of 30, 50, 100 for one, down and up
-- finds: x | 2020-02-04 | 10 | 0.333330 | 30 | 1.00
-- finds: x | 2020-02-12 | 0.333330 | 0.006666600000 | 50 | 1.00
-- finds: x | 2020-02-20 | 0.006666600000 | 0.000066666000000000 | 100 | 1.00
-- finds: y | 2020-02-04 | 10 | 300 | 30 | 1.00
-- finds: y | 2020-02-12 | 300 | 15000 | 50 | 1.00
-- finds: y | 2020-02-20 | 15000 | 1500000 | 100 | 1.00
select plant.flat(1), plant.flat(2);
select plant.times(1, day, round(1.0 / k, 6), k), plant.times(2, day, k, round(1.0 / k, 6))
from (values (30, '2020-02-04'::date), (50, '2020-02-12'), (100, '2020-02-20')) v (k, day);

-- case: no trading before
-- finds: x | 2020-03-02 | 10 | 5.0 | 2 | null
select plant.flat(1), plant.times(1, '2020-03-02', 0.5);
update stocks_research.prices_daily set volume = 0 where security_id = 1 and trade_date < '2020-03-02';

-- case: an action that explains it is judged by the bars of the security
-- finds: nothing
select plant.flat(1), plant.flat(2);
delete from stocks_research.prices_daily
where (security_id, trade_date) in ((1, '2020-02-28'), (2, '2020-03-03'));
select plant.times(1, '2020-03-02', 0.5), plant.times(2, '2020-03-02', 0.5);
select plant.pay(1, '2020-02-25', 1), plant.pay(2, '2020-03-07', 1);

-- case: prices of less than a dollar
-- finds: x | 2020-03-02 | 0.50 | 1.000000000000000000 | 2 | 2.00
-- finds: y | 2020-03-02 | 0.50 | 0.250 | 2 | 0.50
select plant.flat(1), plant.times(1, '2020-01-02', 0.05), plant.times(1, '2020-03-02', 1 / 0.5);
select plant.flat(2), plant.times(2, '2020-01-02', 0.05), plant.times(2, '2020-03-02', 0.5);
