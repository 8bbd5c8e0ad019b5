-- case: three per cent beside the reverse
-- finds: nothing
select plant.rate('EUR', 'USD', 1, 'ecb'), plant.rate('EUR', 'USD', 1.03, 'fed');
select plant.rate('GBP', 'USD', 1.03, 'ecb', '2020-06-29'), plant.rate('GBP', 'USD', 1, 'ecb');

-- case: more than three per cent beside another source, and the reverse
-- finds: EUR to USD | 2020-06-30 | ecb | 1 | fed | 1.030927835052
-- finds: USD to EUR | 2020-06-30 | fed | 0.97 | ecb | 1.000000000000
select plant.rate('EUR', 'USD', 1, 'ecb'), plant.rate('USD', 'EUR', 0.97, 'fed');

-- case: a third currency of one source and day
-- finds: EUR to USD | 2020-06-30 | ecb | 1.1 | ecb | 1.041666666667
-- finds: GBP to EUR | 2020-06-30 | ecb | 1.2 | ecb | 1.136363636364
-- finds: GBP to USD | 2020-06-30 | ecb | 1.25 | ecb | 1.320000000000
select plant.rate('EUR', 'USD', 1.1, 'ecb'), plant.rate('GBP', 'USD', 1.25, 'ecb');
select plant.rate('GBP', 'EUR', 1.2, 'ecb');

-- case: a third currency of another day, or of another source
-- finds: nothing
select plant.rate('EUR', 'USD', 1.1, 'ecb'), plant.rate('GBP', 'EUR', 1.2, 'fed'),
  plant.rate('GBP', 'USD', 1.25, 'boe');
select plant.rate('JPY', 'EUR', 0.008, 'ecb', '2020-06-29'), plant.rate('JPY', 'USD', 0.007, 'boe');

-- case: other currencies have other rates
-- finds: nothing
select plant.rate('EUR', 'USD', 1.1, 'ecb'), plant.rate('JPY', 'GBP', 0.007, 'ecb');
