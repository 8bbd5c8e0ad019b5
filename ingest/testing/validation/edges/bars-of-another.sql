-- case: equal on five Wednesdays
-- finds: x | y | 2020-03-04 | 2020-04-01 | 5
select plant.copy(1, 2, d,
    d) from unnest('{2020-03-04,2020-03-11,2020-03-18,2020-03-25,2020-04-01}'::date[]) d;

-- case: equal on four Wednesdays, and on every other day of the week
-- finds: nothing
select plant.copy(1, 2, d, d)
from (select trade_date as d from stocks_research.prices_daily where security_id = 1) p
where extract(isodow from d) <> 3 or d between '2020-03-11' and '2020-04-01';

-- case: closes alone, or volumes alone
-- finds: nothing
select plant.close(2, trade_date, close) from stocks_research.prices_daily where security_id = 1;
update stocks_research.prices_daily p
set volume = q.volume
from stocks_research.prices_daily q
where q.security_id = 1 and p.security_id = 3 and q.trade_date = p.trade_date;

-- case: bars of the week before, and bars without volume
-- finds: nothing
select plant.copy(1, 2, trade_date - 7, trade_date)
from stocks_research.prices_daily
where security_id = 2 and trade_date >= '2020-01-09';
update stocks_research.prices_daily set close = 50, volume = 0 where security_id = 3;
update stocks_research.prices_daily set close = 10 where security_id = 1;
select plant.close(1, trade_date, 50, 0) from stocks_research.prices_daily where security_id = 1;

-- case: equal on five Wednesdays, with one share traded
-- finds: x | y | 2020-03-04 | 2020-04-01 | 5
select plant.close(1, d, 12, 1), plant.close(2, d, 12, 1)
from unnest('{2020-03-04,2020-03-11,2020-03-18,2020-03-25,2020-04-01}'::date[]) d;
