-- case: another value in the view
-- finds: 0000000001 | assets | 2019-12-31 | 400 | 401 | 1
select plant.in_view('fundamentals_standard_v', 's.value,',
  's.value + ((s.cik, s.value) = (''0000000001'', 400))::int as value,');

-- case: no items at all
-- finds: nothing
delete from stocks_research.fundamentals_standard;
