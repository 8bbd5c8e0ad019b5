-- case: a payment that no factor has, by more than a millionth of the close
-- finds: x | 2020-03-02 | 2020-02-28 | 0.00002 | 1.000000000000 | 1.000000000000
-- finds: z | 2020-03-02 | 2020-02-28 | 0.00006 | 1.000000000000 | 1.000000000000
select plant.flat(1), plant.adjust(), plant.pay(1, '2020-03-02', 0.00002),
  plant.pay(3, '2020-03-02', 0.00006);

-- case: by less than a millionth
-- finds: nothing
select plant.flat(1), plant.adjust(), plant.pay(1, '2020-03-02', 0.000009),
  plant.pay(3, '2020-03-02', 0.00004);

-- case: splits, cash and spin-offs of one day, and of days without bars
-- finds: nothing
select plant.split(1, '2020-03-02', 2, 3), plant.pay(1, '2020-03-02', 0.1), plant.pay(2, '2020-03-01', 0.2);
select plant.split(3, '2020-03-01', 5, 2, 'stock_dividend'), plant.split(1, '2020-05-03', 10, 11, 'spin_off');
select plant.pay(3, '2020-05-02', 0.3), plant.pay(3, '2020-05-03', 0.4, 'spin_off'), plant.adjust();

-- case: cash in another currency, with a rate
-- finds: nothing
select plant.rate('EUR', 'USD', 1.1, 'ecb', '2020-02-28');
select plant.pay(1, '2020-03-02', 0.5, 'cash_dividend', 'EUR'), plant.adjust();

-- case: a split that no factor has
-- finds: x | 2020-03-02 | 2020-02-28 | 0 | 1.500000000000 | 1.000000000000
select plant.split(1, '2020-03-02', 2, 3);

-- case: a payment declared after the factors were made
-- finds: nothing
select plant.pay(1, '2020-03-02', 0.5);
update stocks_research.corporate_actions set declared_date = '2020-07-01'
where (security_id, ex_date) = (1, '2020-03-02');

-- case: a payment declared on the day on which the factors were made
-- finds: x | 2020-03-02 | 2020-02-28 | 0.5 | 1.000000000000 | 1.000000000000
select plant.pay(1, '2020-03-02', 0.5);
update stocks_research.corporate_actions set declared_date = '2020-06-30'
where (security_id, ex_date) = (1, '2020-03-02');

-- case: a factor of another value
-- finds: y | 2020-04-07 | 2020-04-06 | 0.05 | 1.000000000000 | 0.997930112313
update stocks_research.adjustment_factors set price_factor = price_factor * 1.00001
where security_id = 2 and last_date < '2020-04-07';
