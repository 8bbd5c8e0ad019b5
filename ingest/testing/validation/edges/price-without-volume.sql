-- case: sessions without volume whose closes differ from the day before
-- finds: x | 2020-03-02 | 2020-03-05 | 2
-- finds: y | 2020-03-02 | 2020-03-02 | 1
select plant.close(1, '2020-03-02', 10.5, 0), plant.close(1, '2020-03-05', 10.6, 0);
select plant.close(2, '2020-03-02', 25, 0);

-- case: the close of the day before
-- finds: nothing
select plant.close(1, '2020-02-28', 10.5), plant.close(1, '2020-03-02', 10.5, 0);
