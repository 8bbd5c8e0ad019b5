-- Fundamentals by quarter, point in time.
--
-- The length of a period in days decides what it is (period_kind), never the fiscal_period of the filing.

create table stocks_research.fundamentals_derived (
  cik                     text        not null check (cik ~ '^[0-9]{10}$'),
  taxonomy                text        not null,
  tag                     text        not null,
  unit                    text        not null,
  period_start            date        not null,
  period_end              date        not null,
  known_from              date        not null,
  value                   numeric,
  method                  text        not null check (method in (
                            'reported', 'year_less_nine_months', 'nine_months_less_half',
                            'half_less_quarter', 'none')),
  reason                  text        check (reason in ('not_additive')),
  accession               text        not null,
  subtracted_accession    text,
  is_long_quarter       boolean     not null,
  is_transition         boolean     not null,
  yoy_ratio               numeric,
  yoy_reason              text        check (yoy_reason in (
                            'no_value', 'no_base_quarter', 'base_has_no_value', 'base_not_positive',
                            'basis_may_differ', 'share_basis_may_differ', 'not_comparable')),
  yoy_base_period_end     date,
  ttm_value               numeric,
  ttm_reason              text        check (ttm_reason in (
                            'not_additive', 'fewer_than_four_quarters', 'a_quarter_has_no_value',
                            'basis_may_differ')),
  primary key (cik, taxonomy, tag, unit, period_start, period_end, known_from),
  constraint fundamentals_derived_is_a_quarter check (
    stocks_research.period_kind(period_end - period_start + 1) is not distinct from 'quarter'
  ),
  constraint fundamentals_derived_null_has_reason check (
    (value is null) = (reason is not null) and (value is null) = (method = 'none')
  ),
  constraint fundamentals_derived_yoy_null_has_reason check ((yoy_ratio is null) = (yoy_reason is not null)),
  constraint fundamentals_derived_ttm_null_has_reason check ((ttm_value is null) = (ttm_reason is not null))
);
comment on table stocks_research.fundamentals_derived is
  'Quarters of every duration fact, reported or derived, with year-over-year change and trailing twelve '
  'months. One row a vintage: a row is valid from known_from until the next row of the same quarter. '
  'Derived from fundamentals_raw.';
comment on column stocks_research.fundamentals_derived.cik is
  'SEC Central Index Key of the filer, ten digits.';
comment on column stocks_research.fundamentals_derived.taxonomy is 'XBRL taxonomy of the tag.';
comment on column stocks_research.fundamentals_derived.tag is 'XBRL element, as filed.';
comment on column stocks_research.fundamentals_derived.unit is 'Unit as filed.';
comment on column stocks_research.fundamentals_derived.period_start is 'First day of the quarter.';
comment on column stocks_research.fundamentals_derived.period_end is 'Last day of the quarter.';
comment on column stocks_research.fundamentals_derived.known_from is
  'Day from which everything in this row was known: the latest filing that it uses.';
comment on column stocks_research.fundamentals_derived.value is
  'Value of the quarter in unit; null with a reason when it is neither reported nor derivable.';
comment on column stocks_research.fundamentals_derived.method is
  'reported: the filing reports the quarter. Otherwise the longer period less the shorter one with the same '
  'first day. A reported quarter is preferred from the day on which it is filed.';
comment on column stocks_research.fundamentals_derived.reason is
  'Why value is null. not_additive: per-share values, share counts, averages and ratios of periods cannot '
  'be subtracted.';
comment on column stocks_research.fundamentals_derived.accession is
  'Filing of the reported value, or of the longer period.';
comment on column stocks_research.fundamentals_derived.subtracted_accession is
  'Filing of the shorter period that was subtracted; null when none was.';
comment on column stocks_research.fundamentals_derived.is_long_quarter is
  'True when the quarter has 95 days or more, 14, 16 or 17 weeks: a comparison with a quarter of another '
  'length then includes the extra weeks.';
comment on column stocks_research.fundamentals_derived.is_transition is
  'True when a filing of the value is a transition report (10-KT, 10-QT): the quarter lies between two '
  'fiscal years of a filer that has changed its year.';
comment on column stocks_research.fundamentals_derived.yoy_ratio is
  'value / value of the quarter that ended a year (within 10 days) earlier - 1, both as known on '
  'known_from; 20 decimals.';
comment on column stocks_research.fundamentals_derived.yoy_reason is
  'Why yoy_ratio is null. basis_may_differ: one of the two quarters was restated, and the other one has not '
  'been reported since. share_basis_may_differ: per-share values and share counts of two filings are not '
  'compared, since a split may lie between them.';
comment on column stocks_research.fundamentals_derived.yoy_base_period_end is
  'Last day of the quarter that yoy_ratio compares with; null when there is none.';
comment on column stocks_research.fundamentals_derived.ttm_value is
  'Sum of this and the three quarters before it, each ending the day before the next starts, all as known '
  'on known_from.';
comment on column stocks_research.fundamentals_derived.ttm_reason is
  'Why ttm_value is null. basis_may_differ: one of the quarters was restated, and another one has not been '
  'reported since.';

select ingestion.watch_table('stocks_research.fundamentals_derived');
select ingestion.version_table('stocks_research.fundamentals_derived', 'cik');

-- Without a setting of its own this function is planned inside the query that calls it.
create function stocks_research.fundamentals_quarters_as_of(as_of date, ciks text[] default null)
returns setof stocks_research.fundamentals_derived
language sql stable parallel safe
as $$
select distinct on (d.cik, d.taxonomy, d.tag, d.unit, d.period_start, d.period_end) d.*
from stocks_research.fundamentals_derived d
where d.known_from <= $1
  and ($2 is null or d.cik = any ($2))
order by d.cik, d.taxonomy, d.tag, d.unit, d.period_start, d.period_end, d.known_from desc
$$;
comment on function stocks_research.fundamentals_quarters_as_of(date, text[]) is
  'Every quarter as it was known at the end of the day as_of, with its year-over-year change and trailing '
  'twelve months of that day.';
