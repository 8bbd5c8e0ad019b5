-- case: sixty pairs of bars
-- finds: y | 60 | 0.01029 | 0.00833
select plant.swap(2, 61);

-- case: fifty-nine pairs of bars
-- finds: nothing
select plant.swap(2, 60);

-- case: no move, overnight or else
-- finds: nothing
update stocks_research.prices_daily set open = 24, close = 24, low = 5, high = 90 where security_id = 2;

-- case: every bar
-- finds: x | 124 | 0.00239 | 0.00000
select plant.swap(1, 200);
