-- case: one more than liabilities and equity, of either taxonomy
-- finds: 0000000002 | 2020-12-31 | EUR | 2001 | 2000 | b
-- finds: 0000000002 | 2020-12-31 | USD | 181 | 180 | b
update stocks_research.fundamentals_raw set value = value + 1
where cik = '0000000002' and tag = 'Assets' and accession = 'b' and period_end = '2020-12-31'
  and (unit = 'EUR' or taxonomy = 'ifrs-full');

-- case: durations, other reports, other taxonomies and other tags
-- finds: nothing
select plant.fact(1, 'Assets', '2020-01-01', '2020-12-31', 1, 'b', '2021-02-01', '10-K', 'JPY'),
  plant.fact(1, 'LiabilitiesAndStockholdersEquity', null, '2020-12-31', 2, 'b', '2021-02-01', '10-K', 'JPY');
select plant.fact(1, 'Assets', null, '2020-12-31', 1, 'b', '2021-02-01', '10-K', 'CAD'),
  plant.fact(1, 'LiabilitiesAndStockholdersEquity', '2020-01-01', '2020-12-31', 2, 'b', '2021-02-01', '10-K',
    'CAD');
select plant.fact(1, 'Assets', null, '2020-12-31', 1, 'p', '2021-02-01', '8-K'),
  plant.fact(1, 'LiabilitiesAndStockholdersEquity', null, '2020-12-31', 2, 'p', '2021-02-01', '8-K');
select plant.fact(1, 'Assets', null, '2020-12-31', 1, 'r', '2021-02-01', '10-K', 'USD', 'own'),
  plant.fact(1, 'LiabilitiesAndStockholdersEquity', null, '2020-12-31', 2, 'r', '2021-02-01', '10-K', 'USD',
    'own');
