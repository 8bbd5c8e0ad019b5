-- case: seven days before the newest bar, and another source
-- finds: nothing
select plant.rate('EUR', 'USD', 1.1, 'ecb', '2020-06-23'), plant.rate('EUR', 'USD', 1.1, 'ecb', '2020-01-02');
select plant.rate('EUR', 'USD', 1.1, 'fed');

-- case: eight days before the newest bar
-- finds: ecb | 2020-06-22 | 2020-06-30
select plant.rate('EUR', 'USD', 1.1, 'ecb', '2020-06-22'), plant.rate('EUR', 'USD', 1.1, 'ecb', '2020-01-02');
select plant.rate('EUR', 'USD', 1.1, 'fed');
