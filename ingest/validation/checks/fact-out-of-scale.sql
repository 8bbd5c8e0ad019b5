-- claim: no filing restates a value by a factor of about a thousand or a million
-- severity: soft
-- job: fundamentals-raw
-- why: A filer who forgot the scale once forgot it in a whole table, so there is one finding for each filing.
with restated as materialized (
  -- Periods with two values or more in periodic reports. They are few, so only these are sorted.
  select r.cik, r.taxonomy, r.tag, r.unit, r.period_start, r.period_end
  from stocks_research.fundamentals_raw r
  where stocks_research.is_periodic_report(r.form)
  group by r.cik, r.taxonomy, r.tag, r.unit, r.period_start, r.period_end
  having min(r.value) <> max(r.value)
), facts as (
  select f.*
  from restated p
  join stocks_research.fundamentals_raw f on f.cik = p.cik
    and f.taxonomy = p.taxonomy
    and f.tag = p.tag
    and f.unit = p.unit
    and f.period_end = p.period_end
    and f.period_start is not distinct from p.period_start
  where stocks_research.is_periodic_report(f.form)
    and f.filed >= f.period_end
), vintages as (
  select r.*, lag(r.value) over w as before_value
  from facts r
  window w as (
    partition by r.cik, r.taxonomy, r.tag, r.unit, r.period_start, r.period_end
    order by r.filed, r.accession)
)
select
  f.cik as subject,
  f.accession,
  f.form,
  f.filed,
  count(*) as facts_count,
  min(f.tag) as first_tag
from vintages f
where stocks_research.is_scale_apart(f.value, f.before_value)
group by f.cik, f.accession, f.form, f.filed
