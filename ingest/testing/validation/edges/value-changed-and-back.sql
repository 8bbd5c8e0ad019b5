-- case: more than a per cent, of two facts of a filing
-- finds: 0000000001 | c | 10-K | 2021-03-01 | 2 | Cash
-- finds: 0000000002 | c | 10-K | 2021-03-01 | 2 | Cash
select plant.fact(2, t, null, '2019-12-31', 100, 'b', '2021-02-01'),
  plant.fact(2, t, null, '2019-12-31', 101.01, 'c', '2021-03-01'),
  plant.fact(2, t, null, '2019-12-31', 100, 'd', '2021-03-01'),
  plant.fact(1, t, null, '2019-12-31', -100, 'b', '2021-02-01'),
  plant.fact(1, t, null, '2019-12-31', -98.99, 'c', '2021-03-01'),
  plant.fact(1, t, null, '2019-12-31', -100, 'd', '2021-04-01')
from unnest('{Goodwill,Cash}'::text[]) t;

-- case: a per cent
-- finds: nothing
select plant.fact(1, 'Cash', null, '2019-12-31', 100, 'b', '2021-02-01'),
  plant.fact(1, 'Cash', null, '2019-12-31', 101, 'c', '2021-03-01'),
  plant.fact(1, 'Cash', null, '2019-12-31', 100, 'd', '2021-04-01');

-- case: a change that stays, other reports, and other filers, units, tags, taxonomies and periods
-- finds: nothing
select plant.fact(1, 'Cash', '2020-01-01', '2020-12-31', 5, 'b', '2021-02-01'),
  plant.fact(1, 'Cash', '2020-01-01', '2020-12-31', 6, 'd', '2021-04-01'),
  plant.fact(1, 'Cash', '2020-01-01', '2020-12-31', 5, 'r', '2021-05-01', '8-K');
select plant.fact(c, t, s, e, v, a, f, '10-K', u, x)
from (values ('b', '2021-02-01'::date), ('d', '2021-04-01')) d (a, f)
cross join (values
  (2, 'Cash', '2020-01-01'::date, '2020-12-31'::date, 'USD', 'us-gaap', 7, 8),
  (1, 'Cash', '2020-01-01', '2020-12-31', 'EUR', 'us-gaap', 7, 8),
  (1, 'Cash', '2020-01-01', '2020-12-31', 'USD', 'own', 7, 8),
  (1, 'Goodwill', '2020-01-01', '2020-12-31', 'USD', 'us-gaap', 7, 8),
  (1, 'Cash', '2020-10-01', '2020-12-31', 'USD', 'us-gaap', 7, 8),
  (1, 'Cash', null, '2020-12-31', 'USD', 'us-gaap', 7, 8),
  (1, 'Cash', '2020-01-01', '2020-12-30', 'USD', 'us-gaap', 7, 8)) w (c, t, s, e, u, x, v1, v2)
cross join lateral (select case when a = 'b' then v1 else v2 end as v) v;
select plant.fact(1, 'Debt', null, '2019-12-31', 100, 'b', '2021-02-01'),
  plant.fact(1, 'Debt', null, '2019-12-31', 105, 'c', '2021-03-01', '8-K'),
  plant.fact(1, 'Debt', null, '2019-12-31', 100, 'd', '2021-04-01');
