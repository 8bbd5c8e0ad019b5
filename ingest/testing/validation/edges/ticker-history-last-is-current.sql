-- case: another ticker than the last one
-- finds: y | OLD | Y | 2020-02-15
update stocks_research.securities set ticker = 'OLD' where source_id = 'y';

-- case: a name is no ticker
-- finds: nothing
update stocks_research.securities set name = 'OLD';
