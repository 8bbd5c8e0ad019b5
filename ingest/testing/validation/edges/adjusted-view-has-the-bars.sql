-- case: another ticker, and another volume
-- finds: 1 | 2020-03-02 | X | X | 10.01 | 10.01 | 1
select plant.in_view('prices_daily_adjusted_v', 'p.volume,',
  'p.volume + (p.security_id = 1 and p.trade_date = ''2020-03-02'')::int as volume,');

-- case: a bar twice
-- finds: 1 | 2020-03-02 | X | X | 10.01 | 10.01 | 2
-- finds: 2 | 2020-03-02 | Y | Y | 24.04 | 24.04 | 2
-- finds: 3 | 2020-03-02 | Z | Z | 50.15 | 50.15 | 2
delete from stocks_research.prices_daily where trade_date <> '2020-03-02';
select plant.in_view('prices_daily_adjusted_v', 'FROM ((', 'FROM generate_series(1, 2), ((');

-- case: bars that have a close alone
-- finds: nothing
update stocks_research.prices_daily set open = null, high = null, low = null, volume = null;
