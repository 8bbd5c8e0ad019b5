-- case: one filing of four
-- finds: 0000000001 | q | 2
select plant.filing(1, 'a', '10-Q', '2020-11-01'), plant.filing(1, 'b', '10-K', '2021-02-01'),
  plant.filing(1, 'c', '10-K/A', '2021-03-01'), plant.filing(3, 'q', '10-Q', '2020-05-01');

-- case: no filing of the filer is loaded
-- finds: nothing
select plant.filing(3, 'q', '10-Q', '2020-05-01');
