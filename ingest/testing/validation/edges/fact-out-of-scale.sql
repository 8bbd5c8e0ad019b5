-- case: a thousandth, and a million times
-- finds: 0000000001 | c | 10-K | 2021-03-01 | 2 | Goodwill
-- finds: 0000000002 | c | 10-K | 2021-03-01 | 1 | Cash
select plant.fact(1, 'Goodwill', null, '2019-12-31', 5000000, 'b', '2021-02-01'),
  plant.fact(1, 'Goodwill', null, '2019-12-31', 5000, 'c', '2021-03-01'),
  plant.fact(1, 'Goodwill', null, '2020-12-31', 5000000, 'b', '2021-02-01'),
  plant.fact(1, 'Goodwill', null, '2020-12-31', 5000, 'c', '2021-03-01'),
  plant.fact(1, 'Cash', null, '2020-12-31', 5000, 'b', '2021-02-01'),
  plant.fact(1, 'Cash', null, '2020-12-31', 5001, 'c', '2021-03-01', '8-K'),
  plant.fact(2, 'Cash', null, '2020-12-31', 7, 'b', '2021-02-01'),
  plant.fact(2, 'Cash', null, '2020-12-31', 7000000, 'c', '2021-03-01');

-- case: two filings of one day, by their accession
-- finds: 0000000001 | d | 10-K | 2021-03-01 | 1 | Goodwill
select plant.fact(1, 'Goodwill', null, '2019-12-31', 5000, 'c', '2021-03-01'),
  plant.fact(1, 'Goodwill', null, '2019-12-31', 5000000, 'd', '2021-03-01');

-- case: other filers, units, tags, taxonomies and periods have other values
-- finds: nothing
select plant.fact(1, 'Cash', '2020-01-01', '2020-12-31', 5, 'b', '2021-02-01'),
  plant.fact(1, 'Cash', '2020-01-01', '2020-12-31', 6, 'c', '2021-03-01'),
  plant.fact(2, 'Cash', '2020-01-01', '2020-12-31', 5000, 'c', '2021-03-01'),
  plant.fact(1, 'Cash', '2020-01-01', '2020-12-31', 5000, 'c', '2021-03-01', '10-K', 'EUR'),
  plant.fact(1, 'Cash', '2020-01-01', '2020-12-31', 5000, 'c', '2021-03-01', '10-K', 'USD', 'own'),
  plant.fact(1, 'Goodwill', '2020-01-01', '2020-12-31', 5000, 'c', '2021-03-01'),
  plant.fact(1, 'Cash', '2020-10-01', '2020-12-31', 5000, 'c', '2021-03-01'),
  plant.fact(1, 'Cash', null, '2020-12-31', 5000, 'c', '2021-03-01'),
  plant.fact(1, 'Cash', '2020-01-01', '2020-12-30', 5000, 'c', '2021-03-01');

-- case: a factor of 500, other reports, and a filing before the end of the period
-- finds: nothing
select plant.fact(1, 'Goodwill', null, '2020-12-31', 5000, 'b', '2021-02-01'),
  plant.fact(1, 'Goodwill', null, '2020-12-31', 10, 'c', '2021-03-01'),
  plant.fact(1, 'Cash', null, '2020-12-31', 5000, 'p', '2021-02-01', '8-K'),
  plant.fact(1, 'Cash', null, '2020-12-31', 6, 'b', '2021-02-01'),
  plant.fact(1, 'Cash', null, '2020-12-31', 5, 'c', '2021-03-01'),
  plant.fact(2, 'Cash', null, '2020-12-31', 6000, 'e', '2020-12-30'),
  plant.fact(2, 'Cash', null, '2020-12-31', 6, 'b', '2021-02-01'),
  plant.fact(2, 'Cash', null, '2020-12-31', 5, 'c', '2021-03-01');

-- case: a filing on the last day of the period
-- finds: 0000000002 | b | 10-K | 2021-02-01 | 1 | Cash
select plant.fact(2, 'Cash', null, '2020-12-31', 5000, 'e', '2020-12-31'),
  plant.fact(2, 'Cash', null, '2020-12-31', 5, 'b', '2021-02-01');
