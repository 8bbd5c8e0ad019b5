-- case: zero, infinity, and no number
-- finds: EUR to USD | 2020-06-30 | ecb | 0
-- finds: GBP to USD | 2020-06-30 | ecb | NaN
-- finds: JPY to USD | 2020-06-30 | ecb | Infinity
select plant.drop_constraint('fx_rates', 'fx_rates_rate_check');
insert into stocks_research.fx_rates (rate_date, from_currency, to_currency, source, rate, known_from)
values
  ('2020-06-30', 'EUR', 'USD', 'ecb', 0, '2020-06-30'),
  ('2020-06-30', 'JPY', 'USD', 'ecb', 'Infinity', '2020-06-30'),
  ('2020-06-30', 'GBP', 'USD', 'ecb', 'NaN', '2020-06-30');

-- case: a very small rate
-- finds: nothing
insert into stocks_research.fx_rates (rate_date, from_currency, to_currency, source, rate, known_from)
values ('2020-06-30', 'EUR', 'USD', 'ecb', 0.000001, '2020-06-30');
