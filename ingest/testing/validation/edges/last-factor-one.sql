-- case: each of the four last factors
-- finds: x | 2020-06-30 | 2 | 1.000000000000000000000000000000000000000000000000000000000000 | 1 | 1
-- finds: z | 2020-06-19 | 1.000000000000000000000000000000000000000000000000000000000000 | 2 | 1 | 1
update stocks_research.adjustment_factors set price_factor = 2 where security_id = 1;
update stocks_research.adjustment_factors set total_return_factor = 2
where security_id = 3 and price_factor = 1;

-- case: last split ratios
-- finds: x | 2020-06-30 | 1.000000000000000000000000000000000000000000000000000000000000
--   | 1.000000000000000000000000000000000000000000000000000000000000 | 2 | 1
-- finds: z | 2020-06-19 | 1.000000000000000000000000000000000000000000000000000000000000
--   | 1.000000000000000000000000000000000000000000000000000000000000 | 1 | 2
update stocks_research.adjustment_factors set split_numerator = 2 where security_id = 1;
update stocks_research.adjustment_factors set split_denominator = 2 where security_id = 3;

-- case: a last factor that is null with a reason
-- finds: nothing
update stocks_research.adjustment_factors set price_factor = null, reason = 'why' where security_id = 1;
