-- claim: shares outstanding are at least a hundredth of the average shares of the same filing
-- severity: soft
-- job: fundamentals-raw
-- why: Filers of several classes tag a placeholder, such as 100 shares, on the line of one class. A
--      capitalisation from it is wrong by five orders of magnitude.
with outstanding as (
  select f.cik, f.tag, f.accession, f.period_end, f.filed, f.value
  from stocks_research.fundamentals_raw f
  where f.tag in ('CommonStockSharesOutstanding', 'EntityCommonStockSharesOutstanding') and f.unit = 'shares'
), averages as (
  select f.cik, f.accession, max(f.value) as largest
  from stocks_research.fundamentals_raw f
  where f.tag in (
      'WeightedAverageNumberOfDilutedSharesOutstanding',
      'WeightedAverageNumberOfSharesOutstandingBasic',
      'WeightedAverageNumberOfShareOutstandingBasicAndDiluted')
    and f.unit = 'shares'
  group by f.cik, f.accession
)
select o.cik as subject, o.tag, o.period_end, o.filed, o.accession, o.value, a.largest as average_shares
from outstanding o
join averages a using (cik, accession)
where o.value < a.largest / 100
