-- case: seven days later, in other numbers
-- finds: x | 2020-03-02 | 2020-03-09 | 1 | 2
select plant.split(1, '2020-03-02', 1, 2), plant.split(1, '2020-03-09', 3, 6, 'stock_dividend');

-- case: eight days later, and on the same day
-- finds: nothing
select plant.split(1, '2020-03-02', 1, 2), plant.split(1, '2020-03-10', 1, 2);
select plant.split(3, '2020-03-02', 1, 2), plant.split(3, '2020-03-02', 2, 4);

-- case: another ratio, another security, and other events
-- finds: nothing
select plant.split(1, '2020-03-02', 1, 2), plant.split(1, '2020-03-09', 2, 3);
select plant.split(2, '2020-03-03', 1, 2), plant.split(3, '2020-03-02', 1, 2, 'spin_off');
select plant.split(3, '2020-03-04', 1, 2), plant.split(3, '2020-03-06', 1, 2, 'spin_off');
