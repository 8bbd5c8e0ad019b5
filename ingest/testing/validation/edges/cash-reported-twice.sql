-- case: seven days later, 8 % more
-- finds: x | 2020-03-02 | 2020-03-09 | 0.1 | 0.108
select plant.pay(1, '2020-03-02', 0.1), plant.pay(1, '2020-03-09', 0.108, 'spin_off');

-- case: eight days later
-- finds: nothing
select plant.pay(1, '2020-03-02', 0.1), plant.pay(1, '2020-03-10', 0.1);

-- case: more than 8 % more or less
-- finds: nothing
select plant.pay(1, '2020-03-02', 0.1), plant.pay(1, '2020-03-09', 0.1081);
select plant.pay(3, '2020-03-02', 0.1), plant.pay(3, '2020-03-09', 0.0919);

-- case: on one day, of two kinds, or twice of one
-- finds: x | 2020-03-02 | 2020-03-02 | 0.1 | 0.1
-- finds: z | 2020-03-02 | 2020-03-02 | 0.1 | 0.1
select plant.pay(1, '2020-03-02', 0.1), plant.pay(1, '2020-03-02', 0.1, 'special_dividend');
select plant.pay(3, '2020-03-02', 0.1, 'spin_off'), plant.pay(3, '2020-03-02', 0.1, 'spin_off');

-- case: of no amount, or cash of a merger
-- finds: nothing
select plant.pay(1, '2020-03-02', 0), plant.pay(1, '2020-03-03', 0);
select plant.pay(3, '2020-03-02', 0.1, 'merger'), plant.pay(3, '2020-03-03', 0.1);
select plant.pay(3, '2020-02-02', 0.1), plant.pay(3, '2020-02-03', 0.1, 'merger');
