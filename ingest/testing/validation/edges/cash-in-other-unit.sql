-- case: 150 times the usual payment, and a part of it
-- finds: x | 2016-04-03 | cash_dividend | 15 | 0.1
-- finds: x | 2016-12-29 | cash_dividend | 0.001 | 0.1
select plant.pay(1, '2016-01-04'::date + 90 * n, case n when 1 then 15 when 4 then 0.001 else 0.1 end)
from generate_series(0, 6) n;

-- case: more than 150 times the usual payment, and less than 66 times
-- finds: nothing
select plant.pay(1, '2016-01-04'::date + 90 * n, case n when 1 then 15.1 when 4 then 6.6 else 0.1 end)
from generate_series(0, 6) n;

-- case: 67 times the usual payment, and a 67th of it
-- finds: x | 2016-04-03 | cash_dividend | 6.7 | 0.1
-- finds: x | 2016-12-29 | cash_dividend | 0.00149 | 0.1
select plant.pay(1, '2016-01-04'::date + 90 * n, case n when 1 then 6.7 when 4 then 0.00149 else 0.1 end)
from generate_series(0, 6) n;

-- case: three others within 550 days
-- finds: z | 2015-06-01 | cash_dividend | 10 | 0.1
select plant.pay(3, '2015-06-01', 10), plant.pay(3, '2015-06-01'::date - 550, 0.1),
  plant.pay(3, '2015-06-01'::date + 550, 0.1, 'spin_off'), plant.pay(3, '2015-09-01', 0.1, 'liquidation');

-- case: two others, and one a day further off, or of no amount, or on the same day
-- finds: nothing
select plant.pay(3, '2015-06-01', 10), plant.pay(3, '2015-06-01'::date - 551, 0.1),
  plant.pay(3, '2015-06-01'::date + 550, 0.1), plant.pay(3, '2015-09-01', 0.1);
select plant.pay(3, '2015-12-01', 0), plant.pay(3, '2015-06-01', 0.1),
  plant.pay(3, '2015-12-02', 0.1, 'merger');

-- case: two others, and one a day later than 550 days
-- finds: nothing
select plant.pay(3, '2015-06-01', 10), plant.pay(3, '2015-06-01'::date + 551, 0.1),
  plant.pay(3, '2015-06-01'::date - 550, 0.1), plant.pay(3, '2015-09-01', 0.1);

-- case: a spin-off, and a merger
-- finds: x | 2016-06-01 | spin_off | 10 | 0.1
select plant.pay(1, '2016-01-04'::date + 90 * n, 0.1) from generate_series(0, 6) n;
select plant.pay(1, '2016-06-01', 10, 'spin_off'), plant.pay(1, '2016-07-01', 10, 'merger'),
  plant.pay(1, '2016-07-02', 0);
