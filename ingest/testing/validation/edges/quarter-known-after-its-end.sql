-- case: known on the day before the last
-- finds: 0000000001 | Revenues | USD | 2020-01-01 | 2020-03-31 | 2020-03-30 | q
-- finds: 0000000001 | Revenues | USD | 2020-10-01 | 2020-12-31 | 2020-12-30 | b
update stocks_research.fundamentals_derived set known_from = period_end - 1
where cik = '0000000001' and unit = 'USD';

-- case: known on the last day
-- finds: nothing
update stocks_research.fundamentals_derived set known_from = period_end;
