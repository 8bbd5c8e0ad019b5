-- case: the day before the listing, and the day after its end
-- finds: x | 2020-01-01 | 2020-01-02 | null
-- finds: z | 2020-06-20 | 2020-01-06 | 2020-06-19
insert into stocks_research.prices_daily (security_id, trade_date, close)
values (1, '2020-01-01', 10), (3, '2020-06-20', 50);

-- case: a day before, of a listing whose first day is not known
-- finds: nothing
update stocks_research.securities set list_date = null where source_id = 'x';
insert into stocks_research.prices_daily (security_id, trade_date, close) values (1, '2020-01-01', 10);
