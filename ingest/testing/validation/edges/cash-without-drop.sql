-- case: 3.5 % of the close
-- finds: nothing
select plant.flat(1), plant.flat(2);
select plant.pay(1, '2020-03-02', 0.35), plant.pay(2, '2020-03-02', 0.35);

-- case: more than 3.5 % of the close, in each kind of payment
-- finds: x | 2020-03-02 | 0.36 | 10 | 10
-- finds: y | 2020-03-02 | 0.36 | 10 | 10
-- finds: z | 2020-03-02 | 0.36 | 10 | 10
select plant.flat(1), plant.flat(2), plant.flat(3);
select plant.pay(1, '2020-03-02', 0.36), plant.pay(2, '2020-03-02', 0.36, 'spin_off');
select plant.pay(3, '2020-03-02', 0.36, 'liquidation'), plant.pay(3, '2020-03-02', 0.37, 'merger');

-- case: a drop by a fifth
-- finds: nothing
select plant.flat(1), plant.pay(1, '2020-03-02', 0.5), plant.close(1, '2020-03-02', 9.9);

-- case: a drop by less than a fifth
-- finds: x | 2020-03-02 | 0.5 | 10 | 9.91
select plant.flat(1), plant.pay(1, '2020-03-02', 0.5), plant.close(1, '2020-03-02', 9.91);

-- case: a split of one day, and of the day after, and of another security
-- finds: y | 2020-03-02 | 0.5 | 10 | 10
-- finds: z | 2020-03-02 | 0.5 | 10 | 10
select plant.flat(1), plant.flat(2), plant.flat(3);
select plant.pay(1, '2020-03-02', 0.5), plant.split(1, '2020-03-02', 1, 2);
select plant.pay(2, '2020-03-02', 0.5), plant.split(2, '2020-03-03', 1, 2);
select plant.pay(3, '2020-03-02', 0.5), plant.event(3, '2020-03-02', 'name_change');

-- case: bars ten days before and ten days after
-- finds: y | 2020-03-08 | 1 | 10 | 10.3
select plant.flat(2), plant.close(2, '2020-03-18', 10.3), plant.pay(2, '2020-03-08', 1);
delete from stocks_research.prices_daily
where security_id = 2 and trade_date not in ('2020-02-27', '2020-03-18', '2020-03-19');

-- case: bars eleven days before, or eleven days after
-- finds: nothing
select plant.flat(1), plant.flat(2);
select plant.pay(1, '2020-03-13', 1), plant.pay(2, '2020-03-13', 1);
delete from stocks_research.prices_daily
where security_id = 1 and trade_date between '2020-03-03' and '2020-03-12';
delete from stocks_research.prices_daily
where security_id = 2 and trade_date between '2020-03-13' and '2020-03-23';

-- case: the first close from the day on counts, and the last one before it
-- finds: nothing
select plant.flat(1), plant.pay(1, '2020-03-02', 0.5), plant.close(1, '2020-03-02', 9.5);
select plant.flat(2), plant.pay(2, '2020-03-02', 0.5), plant.close(2, '2020-02-28', 11);
