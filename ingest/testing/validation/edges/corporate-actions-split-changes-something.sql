-- case: a split of three for three, and a dividend in shares
-- finds: x | 2020-03-02 | split | 3 | 3
-- finds: y | 2020-03-02 | stock_dividend | 1 | 1
select plant.split(1, '2020-03-02', 3, 3), plant.split(2, '2020-03-02', 1, 1, 'stock_dividend');

-- case: a split of four for three
-- finds: nothing
select plant.split(1, '2020-03-02', 3, 4);
