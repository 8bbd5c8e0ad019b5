-- case: another value, unit or tag than the facts
-- finds: 0000000001 | Assets | EUR | 2020-10-01 | 2020-12-31 | 2021-02-01 | 63 | year_less_nine_months | b
--   | a
-- finds: 0000000001 | Revenues | JPY | 2020-10-01 | 2020-12-31 | 2021-02-01 | 21 | year_less_nine_months
--   | b | a
-- finds: 0000000002 | Revenues | USD | 2020-10-01 | 2020-12-31 | 2021-02-01 | 43 | year_less_nine_months
--   | b | a
update stocks_research.fundamentals_derived set value = value + 1 where (cik, unit) = ('0000000002', 'USD');
update stocks_research.fundamentals_derived set unit = 'JPY' where (cik, unit) = ('0000000001', 'USD');
update stocks_research.fundamentals_derived set tag = 'Assets' where (cik, unit) = ('0000000001', 'EUR');

-- case: another period or accession than the facts
-- finds: 0000000001 | Revenues | EUR | 2020-10-01 | 2020-12-31 | 2021-02-01 | 63 | year_less_nine_months
--   | c | a
-- finds: 0000000001 | Revenues | USD | 2020-09-30 | 2020-12-31 | 2021-02-01 | 21 | year_less_nine_months
--   | b | a
-- finds: 0000000002 | Revenues | EUR | 2020-10-01 | 2020-12-31 | 2021-02-01 | 84 | year_less_nine_months
--   | b | q
-- finds: 0000000002 | Revenues | USD | 2020-10-01 | 2021-01-01 | 2021-02-01 | 42 | year_less_nine_months
--   | b | a
update stocks_research.fundamentals_derived set period_end = period_end + 1
where (cik, unit) = ('0000000002', 'USD') and method <> 'reported';
update stocks_research.fundamentals_derived set period_start = period_start - 1
where (cik, unit) = ('0000000001', 'USD') and method <> 'reported';
update stocks_research.fundamentals_derived set accession = 'c'
where (cik, unit) = ('0000000001', 'EUR') and method <> 'reported';
update stocks_research.fundamentals_derived set subtracted_accession = 'q'
where (cik, unit) = ('0000000002', 'EUR') and method <> 'reported';

-- case: of another filer or taxonomy
-- finds: 0000000002 | Revenues | EUR | 2020-10-01 | 2020-12-31 | 2021-02-01 | 84 | year_less_nine_months
--   | b | a
-- finds: 0000000003 | Revenues | USD | 2020-10-01 | 2020-12-31 | 2021-02-01 | 21 | year_less_nine_months
--   | b | a
update stocks_research.fundamentals_derived set cik = '0000000003'
where (cik, unit) = ('0000000001', 'USD') and method <> 'reported';
update stocks_research.fundamentals_derived set taxonomy = 'own'
where (cik, unit) = ('0000000002', 'EUR') and method <> 'reported';

-- case: the subtracted period begins on another day than the longer one, or has another unit, tag or filer
-- finds: 0000000001 | Revenues | EUR | 2020-10-01 | 2020-12-31 | 2021-02-01 | 63 | year_less_nine_months
--   | b | a
-- finds: 0000000001 | Revenues | USD | 2020-10-01 | 2020-12-31 | 2021-02-01 | 21 | year_less_nine_months
--   | b | a
-- finds: 0000000002 | Revenues | EUR | 2020-10-01 | 2020-12-31 | 2021-02-01 | 84 | year_less_nine_months
--   | b | a
-- finds: 0000000002 | Revenues | USD | 2020-10-01 | 2020-12-31 | 2021-02-01 | 42 | year_less_nine_months
--   | b | a
update stocks_research.fundamentals_raw set period_start = '2020-01-02'
where (cik, unit, accession, tag) = ('0000000001', 'USD', 'a', 'Revenues');
update stocks_research.fundamentals_raw set unit = 'JPY'
where (cik, unit, accession, tag) = ('0000000001', 'EUR', 'a', 'Revenues');
update stocks_research.fundamentals_raw set tag = 'Sales'
where (cik, unit, accession, tag) = ('0000000002', 'USD', 'a', 'Revenues');
update stocks_research.fundamentals_raw set cik = '0000000003'
where (cik, unit, accession, tag) = ('0000000002', 'EUR', 'a', 'Revenues');

-- case: or another taxonomy
-- finds: 0000000001 | Revenues | USD | 2020-10-01 | 2020-12-31 | 2021-02-01 | 21 | year_less_nine_months
--   | b | a
update stocks_research.fundamentals_raw set taxonomy = 'own'
where (cik, unit, accession, tag) = ('0000000001', 'USD', 'a', 'Revenues');

-- case: another value of a reported quarter
-- finds: nothing
update stocks_research.fundamentals_derived set value = value + 1 where method = 'reported';
