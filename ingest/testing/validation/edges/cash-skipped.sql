-- case: one payment of quarterly ones, with three on each side
-- finds: x | 2010-10-01 | 2011-03-30 | 180 | 90
select plant.pay(1, '2010-01-04'::date + 90 * n, 0.1) from generate_series(0, 8) n where n <> 4;

-- case: payments of other kinds, of no amount, and twice on a day
-- finds: x | 2010-10-01 | 2011-03-30 | 180 | 90
select plant.pay(1, '2010-01-04'::date + 90 * n, 0.1) from generate_series(0, 8) n where n <> 4;
select plant.pay(1, '2010-12-30', 0.1, 'special_dividend'), plant.pay(1, '2010-12-31', 0);
select plant.pay(1, '2010-01-04'::date + 90 * n, 0.2) from generate_series(0, 8) n where n <> 4;

-- case: two payments on a side
-- finds: nothing
select plant.pay(1, '2010-01-04'::date + 90 * n, 0.1) from generate_series(0, 7) n where n <> 4;
select plant.pay(3, '2010-01-04'::date + 90 * n, 0.1) from generate_series(1, 8) n where n <> 4;

-- case: 2.2 times the usual days, and 1.8 times
-- finds: x | 2010-10-01 | 2011-04-17 | 198 | 90
-- finds: z | 2010-10-01 | 2011-03-12 | 162 | 90
select plant.pay(1, '2010-01-04'::date + 90 * n + case when n > 3 then 108 else 0 end, 0.1)
from generate_series(0, 7) n;
select plant.pay(3, '2010-01-04'::date + 90 * n + case when n > 3 then 72 else 0 end, 0.1)
from generate_series(0, 7) n;

-- case: a day more than 2.2 times the usual days, and a day less than 1.8 times
-- finds: nothing
select plant.pay(1, '2010-01-04'::date + 90 * n + case when n > 3 then 109 else 0 end, 0.1)
from generate_series(0, 7) n;
select plant.pay(3, '2010-01-04'::date + 90 * n + case when n > 3 then 71 else 0 end, 0.1)
from generate_series(0, 7) n;

-- case: an interval of 1.2 times the usual days, and one of 0.8 times
-- finds: nothing
select plant.pay(1, '2010-01-01'::date + n, 0.1) from unnest('{0,120,216,312,512,608,704,800}'::int[]) n;
select plant.pay(3, '2010-01-01'::date + n, 0.1) from unnest('{0,80,184,288,488,592,696,800}'::int[]) n;

-- case: each interval by little less than 1.2 times, and more than 0.8 times
-- finds: x | 2010-11-07 | 2011-05-26 | 200 | 100
-- finds: z | 2010-11-09 | 2011-05-28 | 200 | 100
select plant.pay(1, '2010-01-01'::date + n, 0.1) from unnest('{0,118,214,310,510,606,702,798}'::int[]) n;
select plant.pay(3, '2010-01-01'::date + n, 0.1) from unnest('{0,98,196,312,512,608,704,799}'::int[]) n;

-- case: each of the six intervals alone is too long
-- finds: nothing
select plant.pay(4 + long, '2010-01-01'::date + 90 * n
  + case when n > 3 then 90 else 0 end + case when n > long + (long / 3) then 50 else 0 end, 0.1)
from plant.list(6, '2020-03-02', 3), generate_series(0, 5) long, generate_series(0, 7) n;

-- case: each of the six intervals alone is too short
-- finds: nothing
select plant.pay(4 + long, '2010-01-01'::date + 90 * n
  + case when n > 3 then 90 else 0 end - case when n > long + (long / 3) then 50 else 0 end, 0.1)
from plant.list(6, '2020-03-02', 3), generate_series(0, 5) long, generate_series(0, 7) n;
