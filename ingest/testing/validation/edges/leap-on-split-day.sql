-- case: closes that are 31 % above the ratio, and below it
-- finds: x | 2020-03-02 | 0.500000 | 0.655000 | 10 | 6.550 | 6.55
-- finds: z | 2020-03-02 | 0.500000 | 0.381000 | 10 | 3.810 | 3.81
select plant.leap(1, 2, 0.655, 1000), plant.leap(3, 2, 0.381, 1000);

-- case: closes that are 29 % above the ratio, and below it
-- finds: nothing
select plant.leap(1, 2, 0.645, 1000), plant.leap(3, 2, 0.388, 1000);

-- case: three times the usual money
-- finds: x | 2020-03-02 | 0.500000 | 0.750000 | 10 | 7.50 | 3.00
select plant.leap(1, 2, 0.75, 400);

-- case: less than three times the usual money
-- finds: nothing
select plant.leap(1, 2, 0.75, 399);

-- case: an unknown volume, and no trading before
-- finds: nothing
select plant.leap(1, 2, 0.75), plant.leap(2, 2, 0.75);
update stocks_research.prices_daily set volume = null where (security_id, trade_date) = (1, '2020-03-02');
update stocks_research.prices_daily set volume = 0 where security_id = 2 and trade_date < '2020-03-02';

-- case: a threefold leap with none of a split into 3.01, and of one into 2.99
-- finds: z | 2020-03-02 | 0.334448 | 1.000000 | 10 | 10 | 10.00
select plant.leap(1, 3.01, 1, 1000), plant.leap(3, 2.99, 1, 1000);

-- case: a quarter of the split shown, and a little more or less
-- finds: z | 2020-03-02 | 0.125000 | 0.582400 | 10 | 5.8240 | 5.82
select plant.leap(1, 8, 0.6071, 1000), plant.leap(3, 8, 0.5824, 1000);

-- case: 1.75 times of the split shown, and a little more or less
-- finds: z | 2020-03-02 | 0.125000 | 0.026830 | 10 | 0.26830 | 26.83
select plant.leap(1, 8, 0.02573, 100000), plant.leap(3, 8, 0.02683, 100000);

-- case: cash and a second split of the day, which the closes follow
-- finds: nothing
select plant.leap(1, 2, 0.25, 1000), plant.pay(1, '2020-03-02', 5), plant.leap(3, 2, 1 / 6.0, 1000),
  plant.split(3, '2020-03-02', 1, 3, 'stock_dividend');

-- case: cash and a second split of the day, which the closes do not follow
-- finds: x | 2020-03-02 | 0.250000 | 0.500000 | 10 | 5.0 | 5.00
-- finds: z | 2020-03-02 | 0.333333 | 0.500000 | 10 | 5.00000000000000000000 | 5.00
select plant.leap(1, 2, 0.5, 1000), plant.pay(1, '2020-03-02', 5), plant.leap(3, 2, 1 / 2.0, 1000),
  plant.split(3, '2020-03-02', 2, 3);

-- case: more cash than the close
-- finds: x | 2020-03-02 | 0.000500 | 0.500000 | 10 | 5.0 | 5.00
select plant.leap(1, 2, 0.5, 1000), plant.pay(1, '2020-03-02', 12);

-- case: a spin-off of an unknown value, cash alone, and a merger
-- finds: nothing
select plant.leap(1, 2, 0.25, 1000 * 10), plant.event(1, '2020-03-02', 'spin_off');
select plant.flat(3), plant.pay(3, '2020-03-02', 5), plant.close(3, '2020-03-02', 10, 1000);
select plant.pay(3, '2020-04-01', 5, 'merger'), plant.close(3, '2020-04-01', 10, 1000);
update stocks_research.corporate_actions set split_from = 1, split_to = 4
where (security_id, ex_date) = (3, '2020-04-01');

-- case: a spin-off of a known value
-- finds: x | 2020-03-02 | 0.495000 | 0.250000 | 10 | 2.50 | 5.00
select plant.leap(1, 2, 0.25, 2000), plant.pay(1, '2020-03-02', 0.1, 'spin_off');

-- case: a split of a weekend
-- finds: x | 2020-03-02 | 0.500000 | 0.888889 | 9 | 8 | 8.00
select plant.flat(1), plant.split(1, '2020-02-29', 1, 2), plant.close(1, '2020-02-28', 9, 100);
select plant.close(1, '2020-03-02', 8, 1000), plant.close(1, '2020-03-03', 4.5);

-- case: the first session ten days after the split
-- finds: x | 2020-03-12 | 0.500000 | 1.000000 | 10 | 10 | 10.00
select plant.flat(1), plant.split(1, '2020-03-02', 1, 2), plant.close(1, '2020-03-12', 10, 1000);
delete from stocks_research.trading_sessions where session_date between '2020-03-02' and '2020-03-11';

-- case: the first session eleven days after the split
-- finds: nothing
select plant.flat(1), plant.split(1, '2020-03-02', 1, 2), plant.close(1, '2020-03-13', 10, 1000);
delete from stocks_research.trading_sessions where session_date between '2020-03-02' and '2020-03-12';

-- case: bars fifteen days before and after
-- finds: x | 2020-03-17 | 0.500000 | 1.000000 | 10 | 10 | 10.00
-- finds: z | 2020-03-17 | 0.500000 | 1.000000 | 10 | 10 | 10.00
select plant.flat(1), plant.split(1, '2020-03-17', 1, 2), plant.flat(3), plant.split(3, '2020-03-17', 1, 2);
select plant.close(1, '2020-03-17', 10, 1000), plant.close(3, '2020-04-01', 10, 1000);
delete from stocks_research.prices_daily
where security_id = 1 and trade_date between '2020-03-03' and '2020-03-16';
delete from stocks_research.prices_daily
where security_id = 3 and trade_date between '2020-03-17' and '2020-03-31';

-- case: bars sixteen days before, or after
-- finds: nothing
select plant.flat(1), plant.split(1, '2020-03-18', 1, 2), plant.flat(3), plant.split(3, '2020-03-17', 1, 2);
select plant.close(1, '2020-03-18', 10, 1000), plant.close(3, '2020-04-02', 10, 1000);
delete from stocks_research.prices_daily
where security_id = 1 and trade_date between '2020-03-03' and '2020-03-17';
delete from stocks_research.prices_daily
where security_id = 3 and trade_date between '2020-03-17' and '2020-04-01';

-- case: prices of less than a dollar
-- finds: x | 2020-03-02 | 0.500000 | 1.000000 | 0.50 | 0.50 | 10.00
select plant.leap(1, 2, 1, 1000), plant.times(1, '2020-01-02', 0.05);

-- case: eight times the usual move and less
-- finds: x | 2020-03-02 | 0.500000 | 0.745900 | 10 | 7.459 | 7.46
select plant.leap(1, 2, 1), plant.waves(1), plant.leap(3, 2, 1), plant.waves(3);
select plant.close(n, '2020-02-28', 10) from generate_series(1, 3, 2) n;
select plant.close(1, '2020-03-02', 7.459, 1000), plant.close(3, '2020-03-02', 7.348, 1000);

-- case: two times eight times the usual move, after four sessions
-- finds: x | 2020-03-02 | 0.500000 | 1.113000 | 10 | 11.13 | 10.86
select plant.leap(1, 2, 1), plant.waves(1), plant.leap(3, 2, 1), plant.waves(3);
select plant.close(n, '2020-02-25', 10) from generate_series(1, 3, 2) n;
select plant.close(1, '2020-03-02', 11.13, 1000), plant.close(3, '2020-03-02', 10.8, 1000);
delete from stocks_research.prices_daily where trade_date between '2020-02-26' and '2020-02-28';

-- case: moves of more than 45 days before and after do not count
-- finds: x | 2020-03-02 | 0.500000 | 0.700000 | 10 | 7.0 | 7.00
select plant.leap(1, 2, 0.7, 1000);
update stocks_research.prices_daily set close = close * (1 + extract(day from trade_date)::int % 2)
where security_id = 1 and (trade_date < '2020-01-17' or trade_date > '2020-04-16');
delete from stocks_research.prices_daily where security_id = 1
  and (trade_date between '2020-01-22' and '2020-02-27' or trade_date between '2020-03-04' and '2020-04-10');

-- case: the usual money is that of thirty days before
-- finds: x | 2020-03-02 | 0.500000 | 0.750000 | 10 | 7.50 | 7.50
select plant.leap(1, 2, 0.75, 1000);
update stocks_research.prices_daily set volume = 100000 where security_id = 1 and trade_date < '2020-02-01';
delete from stocks_research.prices_daily
where security_id = 1 and trade_date between '2020-02-03' and '2020-02-27';
