-- claim: tags of one standard item agree to 10% where one filing has two of them
-- severity: soft
-- job: fundamentals-raw
-- why: The choice between tags is by priority. Where two of them differ much, one is a part of the other.
select
  a.cik as subject,
  m.item,
  a.tag,
  b.tag as other_tag,
  count(*) as facts_count,
  min(a.accession) as first_accession
from stocks_research.standard_item_tags m
join stocks_research.standard_item_tags n on n.item = m.item
  and n.taxonomy = m.taxonomy
  and n.tier = m.tier
  and n.priority > m.priority
join stocks_research.fundamentals_raw a on a.taxonomy = m.taxonomy and a.tag = m.tag
join stocks_research.fundamentals_raw b on b.cik = a.cik
  and b.accession = a.accession
  and b.taxonomy = n.taxonomy
  and b.tag = n.tag
  and b.unit = a.unit
  and b.period_end = a.period_end
  and b.period_start is not distinct from a.period_start
where stocks_research.is_periodic_report(a.form)
  and m.item in ('revenue', 'cost_of_revenue', 'operating_cash_flow', 'capital_expenditure')
  and abs(a.value - b.value) > 0.1 * greatest(abs(a.value), abs(b.value))
group by a.cik, m.item, a.tag, b.tag
