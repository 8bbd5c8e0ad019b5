-- case: another day, or another form, than the filing has
-- finds: 0000000001 | a | 10-Q | 10-Q | 2020-11-01 | 2020-11-02 | 2
-- finds: 0000000001 | b | 10-K | 10-K/A | 2021-02-01 | 2021-02-01 | 10
-- finds: 0000000001 | b | 20-F | 10-K/A | 2021-02-01 | 2021-02-01 | 2
select plant.filing(1, 'a', '10-Q', '2020-11-02'), plant.filing(1, 'b', '10-K/A', '2021-02-01');

-- case: the same day and form, other filings, and filings of others
-- finds: nothing
select plant.filing(1, 'q', '10-Q', '2020-05-01'), plant.filing(1, 'w', '10-Q', '2020-05-02'),
  plant.filing(3, 'b', '8-K', '2021-02-02');
update stocks_research.fundamentals_raw set form = null where accession = 'q' and cik = '0000000001';
