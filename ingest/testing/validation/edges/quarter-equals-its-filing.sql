-- case: another value, unit or tag than the fact
-- finds: 0000000001 | Assets | EUR | 2020-01-01 | 2020-03-31 | 2020-05-01 | 60 | q
-- finds: 0000000001 | Revenues | JPY | 2020-01-01 | 2020-03-31 | 2020-05-01 | 20 | q
-- finds: 0000000002 | Revenues | USD | 2020-01-01 | 2020-03-31 | 2020-05-01 | 41 | q
update stocks_research.fundamentals_derived set value = value + 1 where (cik, unit) = ('0000000002', 'USD');
update stocks_research.fundamentals_derived set unit = 'JPY' where (cik, unit) = ('0000000001', 'USD');
update stocks_research.fundamentals_derived set tag = 'Assets' where (cik, unit) = ('0000000001', 'EUR');

-- case: another period or accession than the fact
-- finds: 0000000001 | Revenues | EUR | 2020-01-01 | 2020-03-31 | 2020-05-01 | 60 | b
-- finds: 0000000001 | Revenues | USD | 2019-12-31 | 2020-03-31 | 2020-05-01 | 20 | q
-- finds: 0000000002 | Revenues | EUR | 2020-01-01 | 2020-03-31 | 2020-05-01 | 80 | q
-- finds: 0000000002 | Revenues | USD | 2020-01-01 | 2020-04-01 | 2020-05-01 | 40 | q
update stocks_research.fundamentals_derived set period_end = period_end + 1
where (cik, unit) = ('0000000002', 'USD') and method = 'reported';
update stocks_research.fundamentals_derived set period_start = period_start - 1
where (cik, unit) = ('0000000001', 'USD') and method = 'reported';
update stocks_research.fundamentals_derived set accession = 'b'
where (cik, unit) = ('0000000001', 'EUR') and method = 'reported';
update stocks_research.fundamentals_derived set taxonomy = 'own'
where (cik, unit) = ('0000000002', 'EUR') and method = 'reported';

-- case: the fact of another filer
-- finds: 0000000003 | Revenues | USD | 2020-01-01 | 2020-03-31 | 2020-05-01 | 20 | q
update stocks_research.fundamentals_derived set cik = '0000000003', value = 20
where (cik, unit) = ('0000000001', 'USD') and method = 'reported';

-- case: another value of a quarter that was not reported
-- finds: nothing
update stocks_research.fundamentals_derived set value = value + 1 where method <> 'reported';
