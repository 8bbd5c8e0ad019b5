-- case: two securities of one name, ticker, type and first day
-- finds: w | ["w","x"] | Ex
insert into stocks_research.securities (security_id, source_id, ticker, name, list_date)
values (4, 'w', 'X', 'Ex', '2020-01-02');

-- case: another name, another ticker, another type, another day, and no name
-- finds: nothing
insert into stocks_research.securities (security_id, source_id, ticker, name, security_type, list_date)
values
  (4, 'v', 'X', 'Ex, Inc.', null, '2020-01-02'),
  (5, 'u', 'XX', 'Ex', null, '2020-01-02'),
  (6, 't', 'X', 'Ex', 'CS', '2020-01-02'),
  (7, 's', 'X', 'Ex', null, '2020-01-03'),
  (8, 'r', 'N', null, null, '2020-01-02'),
  (9, 'q', 'N', null, null, '2020-01-02');
