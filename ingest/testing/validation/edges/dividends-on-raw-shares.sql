-- case: a ratio of 2.45
-- finds: x | 2018-06-01 | 2.450000 | 0.1 | 0.1
-- finds: z | 2018-06-01 | 0.408163 | 0.1 | 0.1
select plant.payments(1, 100, 245), plant.payments(3, 245, 100);

-- case: a ratio of less than 2.45
-- finds: nothing
select plant.payments(1, 1000, 2449), plant.payments(3, 2449, 1000);

-- case: payments that move by a quarter of the ratio, by logarithm, and by less
-- finds: z | 2018-06-01 | 16.000000 | 0.1 | 0.199
select plant.payments(1, 1, 16, 2), plant.payments(3, 1, 16, 1.99);

-- case: two payments on each side, within 730 days
-- finds: x | 2018-06-01 | 4.000000 | 0.1 | 0.1
select plant.payments(1, 1, 4, 1, '{-730,-1,1,730}');

-- case: a payment of the 731st day, or of the day of the split
-- finds: nothing
select plant.list(4, '2020-03-02', 3);
select plant.payments(4, 1, 4, 1, '{-731,-1,1,730}'), plant.payments(5, 1, 4, 1, '{-730,-1,1,731}'),
  plant.payments(6, 1, 4, 1, '{-730,0,1,2}'), plant.payments(7, 1, 4, 1, '{-2,-1,0,730}');

-- case: the fifth payment before and after does not count
-- finds: x | 2018-06-01 | 4.000000 | 0.1 | 0.1
-- finds: z | 2018-06-01 | 4.000000 | 0.1 | 0.1
select plant.payments(1, 1, 4, 1, '{-100,-2,2,100}'), plant.payments(3, 1, 4, 1, '{-100,-2,2,100}');
select plant.pay(1, '2018-06-01'::date + n, 0.3) from unnest('{-400,-300,-200}'::int[]) n;
select plant.pay(3, '2018-06-01'::date + n, 0.3) from unnest('{200,300,400}'::int[]) n;

-- case: special dividends, and payments of nothing
-- finds: nothing
select plant.payments(1, 1, 4, 0.025::numeric * 10, '{-300,-200,200,300}');
select plant.pay(1, '2018-06-01'::date + n, 0.1, 'special_dividend')
from unnest('{-4,-3,-2,-1,1,2,3,4}'::int[]) n;
select plant.payments(3, 1, 4, 1, '{-1,1,2}'), plant.pay(3, '2018-05-01', 0);
select plant.list(1, '2020-03-02', 3);
select plant.payments(4, 1, 4, 1, '{-2,-1,1}'), plant.pay(4, '2018-07-01', 0);
