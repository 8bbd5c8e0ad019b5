-- case: a factor row without its event, and a last one with an event
-- finds: x | 2020-01-15 | 2020-06-30 | 1.000000000000000000000000000000000000000000000000000000000000
update stocks_research.adjustment_factors set events = '[]' where security_id = 2 and split_numerator = 2;
update stocks_research.adjustment_factors set events = '[{}]' where security_id = 1 and price_factor = 1;

-- case: a day without a factor
-- finds: x | 2020-01-02 | 2020-01-13 | 0.995019920318725099601593625498007968127490039840637450199203
update stocks_research.adjustment_factors set last_date = last_date - 1
where security_id = 1 and price_factor < 1;

-- case: factors of other values
-- finds: nothing
update stocks_research.adjustment_factors set price_factor = 0.5;
