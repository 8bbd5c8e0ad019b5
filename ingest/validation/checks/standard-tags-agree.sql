-- claim: tags of one standard item agree to 10% where one filing has two of them
-- severity: soft
-- job: fundamentals-raw
-- why: The choice between tags is by priority. Where two of them differ much, one is a part of the other.
with tagged as materialized (
  -- A fact of an item that has several tags.
  select f.cik, f.accession, f.unit, f.period_start, f.period_end, f.value,
    m.item, m.taxonomy, m.tier, m.priority, m.tag
  from stocks_research.standard_item_tags m
  join stocks_research.fundamentals_raw f using (taxonomy, tag)
  where m.item in ('revenue', 'cost_of_revenue', 'operating_cash_flow', 'capital_expenditure')
    and stocks_research.is_periodic_report(f.form)
)
select
  a.cik as subject,
  a.item,
  a.tag,
  b.tag as other_tag,
  count(*) as facts_count,
  min(a.accession) as first_accession
from tagged a
join tagged b on b.cik = a.cik
  and b.accession = a.accession
  and b.item = a.item
  and b.taxonomy = a.taxonomy
  and b.tier = a.tier
  and b.unit = a.unit
  and b.period_end = a.period_end
  and b.period_start is not distinct from a.period_start
  and b.priority > a.priority
where abs(a.value - b.value) > 0.1 * greatest(abs(a.value), abs(b.value))
group by a.cik, a.item, a.tag, b.tag
