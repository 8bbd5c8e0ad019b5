-- case: ten sessions, with Independence Day among the days
-- finds: nothing
select plant.run('2020-07-15');

-- case: eleven sessions
-- finds: x | X | 2020-06-30
-- finds: y | Y | 2020-06-30
select plant.run('2020-07-16');

-- case: a threshold of five sessions
-- finds: x | X | 2020-06-30
-- finds: y | Y | 2020-06-30
select plant.run('2020-07-09');
set local stocks_research.security_bar_max_sessions = '5';

-- case: a later run of other jobs, and an earlier run of a later day
-- finds: nothing
select plant.run('2020-07-15', '{prices-daily}', '2020-08-01'),
  plant.run('2020-08-14', '{fundamentals-raw}', '2020-08-02'),
  plant.run('2020-08-14', '{prices-daily}', '2020-07-01');
