-- case: the open, the high and the low alone
-- finds: X | 2020-01-08 | 10.04 | 11.0 | 9.0 | 10.00 | 9.999990000000 | 10.945219123506 | 8.955179282869
--   | 9.950199203187
-- finds: X | 2020-01-09 | 10.00 | 11.0 | 9.0 | 10.01 | 9.950199203187 | 10.956164342629 | 8.955179282869
--   | 9.960149402390
-- finds: X | 2020-01-10 | 10.01 | 11.0 | 9.0 | 10.02 | 9.960149402390 | 10.945219123506 | 8.964134462151
--   | 9.970099601594
select plant.in_view('prices_daily_adjusted_v', 'p.open * f.price_factor',
  'p.open * f.price_factor'
    || ' * case when (p.security_id, p.trade_date) = (1, ''2020-01-08''::date) then 1.001 else 1 end');
select plant.in_view('prices_daily_adjusted_v', 'p.high * f.price_factor',
  'p.high * f.price_factor'
    || ' * case when (p.security_id, p.trade_date) = (1, ''2020-01-09''::date) then 1.001 else 1 end');
select plant.in_view('prices_daily_adjusted_v', 'p.low * f.price_factor',
  'p.low * f.price_factor'
    || ' * case when (p.security_id, p.trade_date) = (1, ''2020-01-10''::date) then 1.001 else 1 end');

-- case: the open, the high, the low and the close alone, of bars whose factor is 1
-- finds: X | 2020-06-15 | 10.03 | 11.0 | 9.0 | 10.04 | 10.040030000000 | 11.000000000000 | 9.000000000000
--   | 10.040000000000
-- finds: X | 2020-06-16 | 10.04 | 11.0 | 9.0 | 10.00 | 10.040000000000 | 11.011000000000 | 9.000000000000
--   | 10.000000000000
-- finds: X | 2020-06-17 | 10.00 | 11.0 | 9.0 | 10.01 | 10.000000000000 | 11.000000000000 | 9.009000000000
--   | 10.010000000000
-- finds: X | 2020-06-18 | 10.01 | 11.0 | 9.0 | 10.02 | 10.010000000000 | 11.000000000000 | 9.000000000000
--   | 10.030020000000
select plant.in_view('prices_daily_adjusted_v', 'p.open * f.price_factor',
  'p.open * f.price_factor'
    || ' * case when (p.security_id, p.trade_date) = (1, ''2020-06-15''::date) then 1.001 else 1 end');
select plant.in_view('prices_daily_adjusted_v', 'p.high * f.price_factor',
  'p.high * f.price_factor'
    || ' * case when (p.security_id, p.trade_date) = (1, ''2020-06-16''::date) then 1.001 else 1 end');
select plant.in_view('prices_daily_adjusted_v', 'p.low * f.price_factor',
  'p.low * f.price_factor'
    || ' * case when (p.security_id, p.trade_date) = (1, ''2020-06-17''::date) then 1.001 else 1 end');
select plant.in_view('prices_daily_adjusted_v', 'p.close * f.price_factor',
  'p.close * f.price_factor'
    || ' * case when (p.security_id, p.trade_date) = (1, ''2020-06-18''::date) then 1.001 else 1 end');

-- case: bars that have a close alone
-- finds: nothing
update stocks_research.prices_daily set open = null, high = null, low = null, volume = null;
