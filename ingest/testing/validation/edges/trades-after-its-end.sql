-- case: eight days after a merger, and after a delisting
-- finds: x | merger | 2020-06-22 | 2020-06-30
-- finds: y | delisting | 2020-06-01 | 2020-06-30
select plant.event(1, '2020-06-22', 'merger'), plant.event(2, '2020-06-01', 'delisting');

-- case: seven days after a merger, and after a change of name
-- finds: nothing
select plant.event(1, '2020-06-23', 'merger'), plant.event(2, '2020-03-02', 'name_change');
