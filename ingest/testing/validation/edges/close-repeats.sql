-- case: five sessions, and five sessions of another security a day later
-- finds: x | 2020-03-09 | 2020-03-13 | 10.5 | 5
-- finds: y | 2020-03-09 | 2020-03-13 | 25 | 5
select plant.close(1, d.session_date, 10.5), plant.close(2, d.session_date + 1, 25)
from stocks_research.trading_sessions d
where d.session_date between '2020-03-09' and '2020-03-13' and d.session_date <> '2020-03-13';
select plant.close(1, '2020-03-13', 10.5), plant.close(2, '2020-03-09', 25);

-- case: four sessions, and three and three with another close between
-- finds: nothing
select plant.close(1, d.session_date, 10.5), plant.close(3, d.session_date, 51)
from stocks_research.trading_sessions d
where d.session_date between '2020-03-09' and '2020-03-12';
select plant.close(2, d.session_date, 25)
from stocks_research.trading_sessions d
where d.session_date between '2020-03-09' and '2020-03-17' and d.session_date <> '2020-03-12';

-- case: five sessions without volume
-- finds: nothing
select plant.close(1, d.session_date, 10.5, 0)
from stocks_research.trading_sessions d
where d.session_date between '2020-03-09' and '2020-03-13';

-- case: five sessions of which the first one, or the last one, has volume
-- finds: x | 2020-03-09 | 2020-03-13 | 10.5 | 5
-- finds: y | 2020-03-09 | 2020-03-13 | 25 | 5
select plant.close(1, d.session_date, 10.5, case when d.session_date = '2020-03-09' then 1 else 0 end),
  plant.close(2, d.session_date, 25, case when d.session_date = '2020-03-13' then 1 else 0 end)
from stocks_research.trading_sessions d
where d.session_date between '2020-03-09' and '2020-03-13';
