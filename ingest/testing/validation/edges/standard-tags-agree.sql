-- case: more than a tenth apart
-- finds: 0000000001 | revenue | Revenues | SalesRevenueNet | 2 | b
select plant.fact(1, 'SalesRevenueNet', '2020-01-01', '2020-12-31', 75.5, 'b', '2021-02-01'),
  plant.fact(1, 'SalesRevenueNet', '2020-01-01', '2020-03-31', 23, 'q', '2020-05-01');

-- case: a tenth apart, and other units, filings, taxonomies, periods and items
-- finds: nothing
select plant.fact(1, 'SalesRevenueNet', '2020-01-01', '2020-12-31', 75.6, 'b', '2021-02-01'),
  plant.fact(1, 'SalesRevenueNet', '2020-01-01', '2020-12-31', 50, 'b', '2021-02-01', '10-K', 'JPY'),
  plant.fact(1, 'SalesRevenueNet', '2020-01-01', '2020-12-31', 50, 'c', '2021-03-01'),
  plant.fact(1, 'SalesRevenueNet', '2020-01-01', '2020-12-31', 50, 'p', '2021-02-01', '8-K'),
  plant.fact(1, 'Revenues', '2020-01-01', '2020-12-31', 10, 'p', '2021-02-01', '8-K'),
  plant.fact(1, 'SalesRevenueNet', '2020-10-01', '2020-12-31', 5, 'b', '2021-02-01'),
  plant.fact(1, 'SalesRevenueNet', null, '2020-12-31', 5, 'b', '2021-02-01'),
  plant.fact(1, 'SalesRevenueNet', '2020-01-01', '2020-12-30', 5, 'b', '2021-02-01'),
  plant.fact(1, 'CostOfRevenue', '2020-01-01', '2020-12-31', 5, 'b', '2021-02-01');
