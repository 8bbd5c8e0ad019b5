-- case: the day before the listing, and the day after its end
-- finds: x | X | 2020-01-01 | null | 2020-01-02 | null
-- finds: z | Z | 2020-01-06 | 2020-06-20 | 2020-01-06 | 2020-06-19
update stocks_research.ticker_history set valid_from = '2020-01-01' where ticker = 'X';
update stocks_research.ticker_history set valid_to = '2020-06-20' where ticker = 'Z';

-- case: no end, for a security whose listing has one
-- finds: z | Z | 2020-01-06 | null | 2020-01-06 | 2020-06-19
update stocks_research.ticker_history set valid_to = null where ticker = 'Z';

-- case: a day after the first, and a day before the last
-- finds: nothing
update stocks_research.ticker_history set valid_from = '2020-01-03' where ticker = 'X';
update stocks_research.ticker_history set valid_to = '2020-06-18' where ticker = 'Z';
