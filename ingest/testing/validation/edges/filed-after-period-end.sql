-- case: filed on the day before the period ended
-- finds: 0000000001 | us-gaap | Assets | USD | null | 2021-02-02 | 2021-02-01 | 10-K | b
select plant.fact(1, 'Assets', null, '2021-02-02', 1, 'b', '2021-02-01');

-- case: filed on its last day, and in another report
-- finds: nothing
select plant.fact(1, 'Assets', null, '2021-02-01', 1, 'b', '2021-02-01'),
  plant.fact(1, 'Assets', null, '2021-02-02', 1, 'p', '2021-02-01', '8-K');
