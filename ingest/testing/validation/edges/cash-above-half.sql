-- case: half of the close
-- finds: nothing
select plant.flat(1), plant.flat(2);
select plant.pay(1, '2020-03-02', 5), plant.pay(2, '2020-03-02', 5, 'special_dividend');

-- case: more than half of it, in each kind of payment
-- finds: x | 2020-03-02 | cash_dividend | 5.01 | 10 | 10
-- finds: y | 2020-03-02 | spin_off | 5.01 | 10 | 10
-- finds: z | 2020-03-02 | liquidation | 5.01 | 10 | 10
select plant.flat(1), plant.flat(2), plant.flat(3);
select plant.pay(1, '2020-03-02', 5.01), plant.pay(2, '2020-03-02', 5.01, 'spin_off');
select plant.pay(3, '2020-03-02', 5.01, 'liquidation'), plant.pay(3, '2020-03-02', 5.02, 'merger');

-- case: bars ten days before and ten days after
-- finds: x | 2020-03-02 | cash_dividend | 6 | 11 | 10.2
-- finds: y | 2020-03-08 | cash_dividend | 6 | 10 | 10
select plant.flat(1), plant.flat(2), plant.close(1, '2020-03-02', 10.2), plant.close(1, '2020-03-22', 10.4);
select plant.close(1, '2020-02-28', 11), plant.close(2, '2020-03-02', 10.3);
select plant.pay(1, '2020-03-02', 6), plant.pay(2, '2020-03-08', 6);
delete from stocks_research.prices_daily
where security_id = 2 and trade_date not in ('2020-02-27', '2020-03-18', '2020-03-19');

-- case: bars eleven days before, or eleven days after
-- finds: nothing
select plant.flat(1), plant.flat(2);
select plant.pay(1, '2020-03-13', 6), plant.pay(2, '2020-03-13', 6);
delete from stocks_research.prices_daily
where security_id = 1 and trade_date between '2020-03-03' and '2020-03-12';
delete from stocks_research.prices_daily
where security_id = 2 and trade_date between '2020-03-13' and '2020-03-23';
