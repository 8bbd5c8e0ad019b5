-- case: more than half a per cent above the year
-- finds: 0000000002 | NetIncomeLoss | USD | 2019-01-01 | 2019-12-31 | 100 | 100.51 | b
select plant.quarters(2, 'NetIncomeLoss', 2019, '{25,25,25,25.51}', 100), plant.quarters(1, 'NetIncomeLoss',
  2019, '{25,25,25,25}', 100);

-- case: half a per cent above the year, and other tags
-- finds: nothing
select plant.quarters(2, 'NetIncomeLoss', 2019, '{25,25,25,25.5}', 100);
select plant.quarters(2, 'EarningsPerShareBasic', 2019, '{25,25,25,35}', 100);

-- case: three quarters, and four with a gap
-- finds: nothing
select plant.quarters(2, 'NetIncomeLoss', 2019, '{25,25,25,35}', 100),
  plant.quarters(1, 'NetIncomeLoss', 2019,
  '{25,25,25,35}', 100);
delete from stocks_research.fundamentals_raw
where tag = 'NetIncomeLoss' and period_start in ('2019-04-01') and period_end < '2019-12-31';
select plant.fact(1, 'NetIncomeLoss', '2018-10-01', '2018-12-31', 25, 'o', '2019-02-01');

-- case: other units are other values
-- finds: nothing
select plant.quarters(2, 'NetIncomeLoss', 2019, '{25,25,25,25}', 100, 'EUR');
select plant.quarters(2, 'NetIncomeLoss', 2019, '{45,45,45,45}', 180, 'USD');
select plant.quarters(2, 'NetIncomeLoss', 2019, '{5,5,5,5}', 20, 'USD', 'own');
select plant.quarters(2, 'NetIncomeLoss', 2019, '{7,5,5,5}', 90, 'shares');
select plant.quarters(1, 'NetIncomeLoss', 2019, '{7,5,5,5}', 22);
select plant.quarters(1, 'GrossProfit', 2019, '{8,8,8,8}', 32);
