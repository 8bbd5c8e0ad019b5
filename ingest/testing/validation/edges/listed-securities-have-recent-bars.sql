-- case: four of 80 are a twentieth
-- finds: nothing
select plant.run('2020-07-16'), plant.list(2, '2020-06-30', 100), plant.list(76, '2020-07-15', 200);

-- case: four of 79 are more
-- finds: s101 | T101 | 2020-06-30
-- finds: s102 | T102 | 2020-06-30
-- finds: x | X | 2020-06-30
-- finds: y | Y | 2020-06-30
select plant.run('2020-07-16'), plant.list(2, '2020-06-30', 100), plant.list(75, '2020-07-15', 200);

-- case: three of seven are few and less than half
-- finds: nothing
select plant.run('2020-07-16'), plant.list(1, '2020-06-30', 100), plant.list(4, '2020-07-15', 200);

-- case: three of six are half
-- finds: s101 | T101 | 2020-06-30
-- finds: x | X | 2020-06-30
-- finds: y | Y | 2020-06-30
select plant.run('2020-07-16'), plant.list(1, '2020-06-30', 100), plant.list(3, '2020-07-15', 200);

-- case: four of nine are not few
-- finds: s101 | T101 | 2020-06-30
-- finds: s102 | T102 | 2020-06-30
-- finds: x | X | 2020-06-30
-- finds: y | Y | 2020-06-30
select plant.run('2020-07-16'), plant.list(2, '2020-06-30', 100), plant.list(5, '2020-07-15', 200);

-- case: ten sessions
-- finds: nothing
select plant.run('2020-07-15');

-- case: thresholds of five sessions and half of the securities
-- finds: nothing
select plant.run('2020-07-09'), plant.list(2, '2020-06-30', 100), plant.list(5, '2020-07-08', 200);
set local stocks_research.security_bar_max_sessions = '5';
set local stocks_research.stale_max_ratio = '0.5';

-- case: a later run of other jobs, and an earlier run of a later day
-- finds: nothing
select plant.run('2020-07-15', '{prices-daily}', '2020-08-01'),
  plant.run('2020-08-14', '{fundamentals-raw}', '2020-08-02'),
  plant.run('2020-08-14', '{prices-daily}', '2020-07-01');

-- case: securities that have no bar at all
-- finds: s101 | T101 | 2020-06-30
-- finds: s102 | T102 | 2020-06-30
-- finds: s103 | T103 | 2020-06-30
-- finds: x | X | 2020-06-30
-- finds: y | Y | 2020-06-30
select plant.run('2020-07-16'), plant.list(101, '2020-06-30');
delete from stocks_research.prices_daily where security_id > 103;
