-- case: less than a hundredth of any average
-- finds: 0000000001 | CommonStockSharesOutstanding | 2020-12-31 | 2021-02-01 | b | 9.9 | 1000
-- finds: 0000000002 | EntityCommonStockSharesOutstanding | 2020-12-31 | 2021-02-01 | b | 9.9 | 1000
select plant.fact(1, 'WeightedAverageNumberOfDilutedSharesOutstanding', '2020-01-01', '2020-12-31', 1000, 'b',
  '2021-02-01', '10-K', 'shares'),
  plant.fact(1, 'WeightedAverageNumberOfSharesOutstandingBasic', '2020-01-01', '2020-12-31', 900, 'b',
  '2021-02-01', '10-K', 'shares'),
  plant.fact(1, 'CommonStockSharesOutstanding', null, '2020-12-31', 9.9, 'b', '2021-02-01', '10-K', 'shares'),
  plant.fact(2, 'WeightedAverageNumberOfShareOutstandingBasicAndDiluted', '2020-01-01', '2020-12-31', 1000,
  'b', '2021-02-01', '10-K', 'shares'),
  plant.fact(2, 'EntityCommonStockSharesOutstanding', null, '2020-12-31', 9.9, 'b', '2021-02-01', '10-K',
  'shares');

-- case: a hundredth, other units, and another filing
-- finds: nothing
select plant.fact(1, 'WeightedAverageNumberOfDilutedSharesOutstanding', '2020-01-01', '2020-12-31', 1000, 'b',
  '2021-02-01', '10-K', 'shares'),
  plant.fact(1, 'WeightedAverageNumberOfDilutedSharesOutstanding', '2020-01-01', '2020-12-31', 2000, 'b',
  '2021-02-01', '10-K', 'pure'),
  plant.fact(1, 'CommonStockSharesOutstanding', null, '2020-12-31', 10, 'b', '2021-02-01', '10-K', 'shares'),
  plant.fact(1, 'CommonStockSharesOutstanding', null, '2020-12-31', 1, 'b', '2021-02-01', '10-K', 'pure'),
  plant.fact(1, 'CommonStockSharesOutstanding', null, '2020-12-31', 1, 'c', '2021-03-01', '10-K', 'shares'),
  plant.fact(2, 'CommonStockSharesOutstanding', null, '2020-12-31', 1, 'b', '2021-02-01', '10-K', 'shares');
