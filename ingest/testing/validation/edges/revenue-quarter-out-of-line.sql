-- case: a third of the smallest around, and three times the largest
-- finds: nothing
select plant.revenue(1, '{21,24,21,7}'), plant.revenue(2, '{21,24,21,72}');

-- case: less than a third, and more than three times
-- finds: 0000000001 | Revenues | USD | 2018-10-01 | 2018-12-31 | 6.9 | 21 | 24
-- finds: 0000000002 | Revenues | USD | 2018-10-01 | 2018-12-31 | 72.1 | 21 | 24
select plant.revenue(1, '{21,24,21,6.9}'), plant.revenue(2, '{21,24,21,72.1}');

-- case: a reported quarter, and two quarters around
-- finds: nothing
select plant.revenue(1, '{21,24,21,6}'), plant.revenue(2, '{24,21,6}');
update stocks_research.fundamentals_derived set method = 'reported' where cik = '0000000001';

-- case: less than half or twice of it a year before
-- finds: nothing
select plant.revenue(1, '{12.9,24,21,21,6.5,24,22,23,12.9}');

-- case: half of it a year before and after
-- finds: 0000000001 | Revenues | USD | 2019-01-01 | 2019-03-31 | 6.5 | 21 | 24
select plant.revenue(1, '{13,24,21,21,6.5,24,22,23,13}');

-- case: losses around, a loss of its own, and the newest vintage of it
-- finds: 0000000002 | Revenues | USD | 2018-10-01 | 2018-12-31 | -1 | 21 | 24
select plant.revenue(1, '{0,24,21,6}'), plant.revenue(2, '{21,24,21,-1}');
update stocks_research.fundamentals_derived set known_from = '2022-03-01' where cik = '0000000001';
select plant.revenue(1, '{21,24,21,21}');

-- case: two securities of one line
-- finds: 0000000001 | Revenues | USD | 2018-10-01 | 2018-12-31 | 6 | 21 | 24
-- finds: 0000000002 | Revenues | USD | 2018-10-01 | 2018-12-31 | 20 | 210 | 240
-- finds: 0000000002 | Revenues | USD | 2019-07-01 | 2019-09-30 | 0.5 | 20 | 240
select plant.revenue(1, '{21,24,21,6,21,22}'), plant.revenue(2, '{210,240,210,20,210,240,0.5,220}');
