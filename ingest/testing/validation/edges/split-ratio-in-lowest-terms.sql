-- case: two halves, and parts of a share
-- finds: x | 2020-01-15 | 2 | 2
-- finds: y | 2020-04-15 | 1.5 | 1
-- finds: z | 2020-04-15 | 1 | 2.5
update stocks_research.adjustment_factors set split_numerator = 2, split_denominator = 2
where security_id = 1 and price_factor = 1;
update stocks_research.adjustment_factors set split_numerator = 1.5, split_denominator = 1
where security_id = 2 and price_factor = 1;
update stocks_research.adjustment_factors set split_numerator = 1, split_denominator = 2.5
where security_id = 3 and price_factor = 1;

-- case: three for two
-- finds: nothing
update stocks_research.adjustment_factors set split_numerator = 3, split_denominator = 2;
