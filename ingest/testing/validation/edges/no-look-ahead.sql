-- case: the filing, and the subtracted filing, are of the day after
-- finds: 0000000001 | Revenues | EUR | 2020-12-31 | 2021-02-01 | a | 2021-02-02
-- finds: 0000000001 | Revenues | USD | 2020-12-31 | 2021-02-01 | a | 2021-02-02
-- finds: 0000000002 | Revenues | EUR | 2020-12-31 | 2021-02-01 | b | 2021-02-02
-- finds: 0000000002 | Revenues | USD | 2020-12-31 | 2021-02-01 | b | 2021-02-02
update stocks_research.fundamentals_raw set filed = '2021-02-02'
where accession = 'b' and cik = '0000000002';
update stocks_research.fundamentals_raw set filed = '2021-02-02'
where accession = 'a' and cik = '0000000001';

-- case: the subtracted filing is of the same day
-- finds: nothing
update stocks_research.fundamentals_raw set filed = '2021-02-01' where accession = 'a';
