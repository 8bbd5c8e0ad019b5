-- case: half of the ratio, by logarithm
-- finds: nothing
select plant.flat(1), plant.split(1, '2020-03-02', 1, 4), plant.times(1, '2020-03-02', 0.4999);
select plant.flat(3), plant.split(3, '2020-03-02', 4, 1), plant.times(3, '2020-03-02', 2.001);

-- case: less than half of it
-- finds: x | 2020-03-02 | 1 | 4 | 10 | 5.0010
-- finds: z | 2020-03-02 | 4 | 1 | 10 | 19.990
select plant.flat(1), plant.split(1, '2020-03-02', 1, 4), plant.times(1, '2020-03-02', 0.5001);
select plant.flat(3), plant.split(3, '2020-03-02', 4, 1), plant.times(3, '2020-03-02', 1.999);

-- case: a ratio of 1.16, and a spin-off that has shares and no cash
-- finds: nothing
select plant.flat(1), plant.split(1, '2020-03-02', 1, 1.16), plant.split(1, '2020-03-09', 1.16, 1);

-- case: a ratio of 1.17, a spin-off, and a dividend in shares
-- finds: x | 2020-03-02 | 1 | 1.17 | 10 | 10
-- finds: x | 2020-03-16 | 1.17 | 1 | 10 | 10
-- finds: y | 2020-03-02 | 1 | 1.17 | 10 | 10
-- finds: y | 2020-04-15 | 1 | 2 | 10 | 10
-- finds: z | 2020-03-02 | 1 | 1.17 | 10 | 10
select plant.flat(1), plant.split(1, '2020-03-02', 1, 1.17), plant.split(1, '2020-03-16', 1.17, 1);
select plant.flat(2), plant.split(2, '2020-03-02', 1, 1.17, 'spin_off');
select plant.flat(3), plant.split(3, '2020-03-02', 1, 1.17, 'stock_dividend');
select plant.pay(3, '2020-03-03', 0.1, 'spin_off');
update stocks_research.corporate_actions set split_from = 1, split_to = 2
where (security_id, ex_date) = (3, '2020-03-03');

-- case: bars ten days before and ten days after
-- finds: y | 2020-03-08 | 1 | 2 | 10 | 10.3
select plant.flat(2), plant.close(2, '2020-03-18', 10.3), plant.split(2, '2020-03-08', 1, 2);
delete from stocks_research.prices_daily
where security_id = 2 and trade_date not in ('2020-02-27', '2020-03-18', '2020-03-19');

-- case: bars eleven days before, or eleven days after
-- finds: nothing
select plant.flat(1), plant.flat(3);
select plant.split(1, '2020-03-13', 1, 2), plant.split(3, '2020-03-13', 1, 2);
delete from stocks_research.prices_daily
where security_id = 1 and trade_date between '2020-03-03' and '2020-03-12'
  or security_id = 3 and trade_date between '2020-03-13' and '2020-03-23';
