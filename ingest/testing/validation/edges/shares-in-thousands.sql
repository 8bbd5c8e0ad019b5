-- case: shares in thousands, and in millions
-- finds: 0000000001 | b | 1 | 2019-12-31 | 25
-- finds: 0000000002 | b | 2 | 2019-12-31 | 25
select plant.shares(1, 'b', 2019, 50000, 2, 25), plant.shares(2, 'b', 2019, 50000000, 2, 25),
  plant.shares(2, 'b', 2020, -50000000, -2, 25);

-- case: 10 to the power of 3.2, and of 2.8, and of 6.2 and 5.8
-- finds: nothing
select plant.shares(1, 'b', 2019, 1585 * 50, 2, 25), plant.shares(2, 'b', 2019, 630 * 50, 2, 25);
select plant.shares(1, 'c', 2019, 1585000 * 50, 2, 25), plant.shares(2, 'c', 2019, 630000 * 50, 2, 25);

-- case: a little less
-- finds: 0000000001 | b | 1 | 2019-12-31 | 25
-- finds: 0000000001 | c | 1 | 2019-12-31 | 25
-- finds: 0000000002 | b | 1 | 2019-12-31 | 25
-- finds: 0000000002 | c | 1 | 2019-12-31 | 25
select plant.shares(1, 'b', 2019, 1584 * 50, 2, 25), plant.shares(2, 'b', 2019, 632 * 50, 2, 25);
select plant.shares(1, 'c', 2019, 1584000 * 50, 2, 25), plant.shares(2, 'c', 2019, 632000 * 50, 2, 25);

-- case: another sign, less than two cents, other reports, other periods and filings, and no shares
-- finds: nothing
select plant.shares(1, 'b', 2019, -50000, 2, 25), plant.shares(1, 'b', 2018, 500, 0.019, 25),
  plant.shares(1, 'b', 2017, 5000, 2, 0), plant.shares(2, 'b', 2019, 50000, 2, 25, '8-K'),
  plant.shares(2, 'b', 2018, 50000, 2, 25000), plant.shares(2, 'c', 2018, 50, 2, 25),
  plant.shares(2, 'b', 2017, 50, 2, 25), plant.shares(1, 'b', 2016, 50000, 2, 25, '10-K', 'own');

-- case: two cents
-- finds: 0000000001 | b | 1 | 2019-12-31 | 25
select plant.shares(1, 'b', 2019, 500, 0.02, 25);
