-- case: an interval without a ticker in the view
-- finds: 3 | 2020-01-06 | Z | null | false
select plant.in_view('security_history_v', 'h.ticker,', 'nullif(h.ticker, ''Z'') as ticker,');

-- case: a flag that is wrong for an old ticker
-- finds: 1 | 2020-01-01 | null | X | false
-- finds: 1 | 2020-01-02 | X | null | null
-- finds: 2 | 2020-01-01 | null | OLD | true
-- finds: 2 | 2020-01-02 | OLD | null | null
-- finds: 2 | 2020-02-14 | null | Y | false
-- finds: 2 | 2020-02-15 | Y | null | null
-- finds: 3 | 2020-01-05 | null | Z | false
-- finds: 3 | 2020-01-06 | Z | null | null
select plant.in_view('security_history_v', 'h.valid_from,', 'h.valid_from - 1 as valid_from,');

-- case: a history without old tickers
-- finds: 2 | 2020-01-02 | OLD | null | null
-- finds: 3 | 2020-01-06 | Z | null | null
select plant.in_view('security_history_v', ';', ' where h.valid_to is null;');

-- case: one more ticker
-- finds: nothing
insert into stocks_research.ticker_history (security_id, ticker, valid_from) values (3, 'ZZ', '2020-07-01');
