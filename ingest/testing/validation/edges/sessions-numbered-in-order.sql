-- case: the newest session has the number of the one before
-- finds: 2024-12-31 | 8816 | 8817
select plant.in_view('sessions_numbered_v', 'row_number() OVER (ORDER BY c.session_date)',
  'least(row_number() OVER (ORDER BY c.session_date), (select count(*) - 1 from '
    || 'stocks_research.trading_sessions))');

-- case: the thirtieth day before the newest session is a session
-- finds: nothing
delete from stocks_research.trading_sessions where session_date > '2024-12-27';
