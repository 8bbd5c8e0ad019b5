-- case: ratios that no small numbers make
-- finds: x | 2020-03-02 | 1 | 1.046 | 1.0460000
-- finds: z | 2020-03-02 | 21 | 22 | 1.0476190
select plant.split(1, '2020-03-02', 1, 1.046), plant.split(3, '2020-03-02', 21, 22);

-- case: one for one, two for one, less, and another kind
-- finds: nothing
select plant.split(1, '2020-03-02', 1.046, 1.046), plant.split(1, '2020-03-03', 1, 2.046);
select plant.split(1, '2020-03-04', 1.046, 1), plant.split(1, '2020-03-05', 1, 1.046, 'stock_dividend');
select plant.split(1, '2020-03-06', 1.046, 2.092);

-- case: small numbers, up to 20, to four decimals
-- finds: nothing
select plant.split(1, '2020-03-02', 20, 21), plant.split(1, '2020-03-03', 1000000, 1333330);
select plant.split(1, '2020-03-04', 2, 3);

-- case: a ten-thousandth beside a ratio of 20
-- finds: x | 2020-03-02 | 20 | 21.0001 | 1.0500050
select plant.split(1, '2020-03-02', 20, 21.0001);
