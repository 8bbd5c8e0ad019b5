-- case: each price at zero, and a volume below zero
-- finds: x | 2020-03-02 | 0 | 11.0 | 9.0 | 10.01 | 140
-- finds: x | 2020-03-03 | 10.01 | 11.0 | 0 | 10.02 | 141
-- finds: x | 2020-03-04 | 10.02 | 11.0 | 9.0 | 0 | 142
-- finds: x | 2020-03-05 | 10.03 | 11.0 | 9.0 | 10.04 | -0.1
-- finds: y | 2020-03-02 | 24.02 | 0 | 21.6 | 24.04 | 340
select plant.drop_constraint('prices_daily', 'prices_daily_open_check', 'prices_daily_high_check',
  'prices_daily_low_check', 'prices_daily_close_check', 'prices_daily_volume_check',
  'prices_daily_low_is_lowest', 'prices_daily_high_is_highest');
update stocks_research.prices_daily set open = 0 where (security_id, trade_date) = (1, '2020-03-02');
update stocks_research.prices_daily set high = 0 where (security_id, trade_date) = (2, '2020-03-02');
update stocks_research.prices_daily set low = 0 where (security_id, trade_date) = (1, '2020-03-03');
update stocks_research.prices_daily set close = 0 where (security_id, trade_date) = (1, '2020-03-04');
update stocks_research.prices_daily set volume = -0.1 where (security_id, trade_date) = (1, '2020-03-05');

-- case: values that are not finite
-- finds: x | 2020-03-04 | 10.02 | 11.0 | 9.0 | Infinity | 142
-- finds: x | 2020-03-05 | 10.03 | 11.0 | 9.0 | 10.04 | Infinity
-- finds: x | 2020-03-06 | 10.04 | 11.0 | 9.0 | 10.00 | NaN
select plant.drop_constraint('prices_daily', 'prices_daily_low_is_lowest', 'prices_daily_high_is_highest');
update stocks_research.prices_daily set close = 'Infinity'
where (security_id, trade_date) = (1, '2020-03-04');
update stocks_research.prices_daily set volume = 'Infinity'
where (security_id, trade_date) = (1, '2020-03-05');
update stocks_research.prices_daily set volume = 'NaN' where (security_id, trade_date) = (1, '2020-03-06');

-- case: a volume of zero, a price of a part of a cent, and values that the source does not report
-- finds: nothing
update stocks_research.prices_daily set volume = 0 where (security_id, trade_date) = (1, '2020-03-05');
update stocks_research.prices_daily
set open = 0.001, low = 0.001 where (security_id, trade_date) = (1, '2020-03-02');
update stocks_research.prices_daily
set open = null, high = null, low = null, volume = null where (security_id, trade_date) = (1, '2020-03-06');
