-- case: three sessions
-- finds: nothing
select plant.run('2020-07-06');

-- case: four sessions
-- finds: all securities | 2020-06-30
select plant.run('2020-07-07');

-- case: a threshold of five sessions
-- finds: nothing
select plant.run('2020-07-08');
set local stocks_research.newest_bar_max_sessions = '5';

-- case: a later run of other jobs, and an earlier run of a later day
-- finds: nothing
select plant.run('2020-07-06', '{prices-daily}', '2020-08-01'),
  plant.run('2020-08-14', '{fundamentals-raw}', '2020-08-02'),
  plant.run('2020-08-14', '{prices-daily}', '2020-07-01');

-- case: four sessions, after a run of three
-- finds: all securities | 2020-06-30
select plant.run('2020-07-06', '{prices-daily}', '2020-08-01'),
  plant.run('2020-07-07', '{prices-daily}', '2020-08-02');
