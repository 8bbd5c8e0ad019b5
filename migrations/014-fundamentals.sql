-- Fundamentals as filed: every vintage of every fact. A restatement is another row with another accession
-- number; nothing is overwritten.
--
-- Only periodic reports count (is_periodic_report). Of several filings the newest on or before a day is valid
-- on that day; of two filings of one day the amendment, then the higher accession number.

create table stocks_research.fundamentals_raw (
  cik               text        not null check (cik ~ '^[0-9]{10}$'),
  taxonomy          text        not null,
  tag               text        not null,
  unit              text        not null,
  period_start      date,
  period_end        date        not null,
  value             numeric     not null,
  accession         text        not null,
  form              text,
  fiscal_year       integer,
  fiscal_period     text,
  filed             date        not null,
  frame             text,
  constraint fundamentals_raw_key
    unique nulls not distinct (cik, taxonomy, tag, unit, period_end, period_start, accession),
  constraint fundamentals_raw_start_before_end check (period_start <= period_end)
);
comment on table stocks_research.fundamentals_raw is
  'XBRL facts as filed with the SEC, one row for each fact and filing. A fact belongs to a filer, which may '
  'have several securities.';
comment on column stocks_research.fundamentals_raw.cik is 'SEC Central Index Key of the filer, ten digits.';
comment on column stocks_research.fundamentals_raw.taxonomy is 'XBRL taxonomy, e.g. us-gaap, dei, ifrs-full.';
comment on column stocks_research.fundamentals_raw.tag is 'XBRL element, e.g. NetIncomeLoss.';
comment on column stocks_research.fundamentals_raw.unit is
  'Unit as filed, e.g. USD, shares, USD/shares, pure.';
comment on column stocks_research.fundamentals_raw.period_start is
  'First day of the period; null for an instant.';
comment on column stocks_research.fundamentals_raw.period_end is 'Last day of the period, or the instant.';
comment on column stocks_research.fundamentals_raw.value is 'The value as filed, in unit.';
comment on column stocks_research.fundamentals_raw.accession is 'Accession number of the filing.';
comment on column stocks_research.fundamentals_raw.form is
  'Form type of the filing, e.g. 10-K, 10-Q/A, 20-F.';
comment on column stocks_research.fundamentals_raw.fiscal_year is
  'Fiscal year of the filing, not of the fact.';
comment on column stocks_research.fundamentals_raw.fiscal_period is
  'Fiscal period of the filing (FY, Q1 to Q3), not of the fact.';
comment on column stocks_research.fundamentals_raw.filed is
  'Filing date: the fact is known from this day on.';
comment on column stocks_research.fundamentals_raw.frame is
  'Calendar frame that the SEC assigned, when it did. It is unreliable across amendments and not used.';

select ingestion.watch_table('stocks_research.fundamentals_raw');
select ingestion.version_table('stocks_research.fundamentals_raw', 'cik');

create function stocks_research.is_periodic_report(form text) returns boolean
language sql immutable parallel safe
return form in (
  '10-K', '10-K/A', '10-Q', '10-Q/A',
  -- A change of fiscal year: the months between the two years.
  '10-KT', '10-KT/A', '10-QT', '10-QT/A',
  -- Filers outside the United States: years, and what they report between them.
  '20-F', '20-F/A', '40-F', '40-F/A', '6-K', '6-K/A'
);
comment on function stocks_research.is_periodic_report(text) is
  'True for the forms whose facts are used: annual, interim and transition reports (10-K, 10-Q, 10-KT, '
  '10-QT, 20-F, 40-F, 6-K) and their amendments. Other forms repeat facts, sometimes wrongly.';

create function stocks_research.is_transition_report(form text) returns boolean
language sql immutable parallel safe
return form in ('10-KT', '10-KT/A', '10-QT', '10-QT/A');
comment on function stocks_research.is_transition_report(text) is
  'True for reports about the months between two fiscal years, after a filer has changed its year.';

create function stocks_research.period_kind(days integer) returns text
language sql immutable parallel safe
return case
  -- 12 to 14 weeks, or 16 and 17 as retailers have them: their halves are of 24, 28 or 29 weeks.
  when days between 80 and 100 or days between 110 and 119 then 'quarter'
  when days between 166 and 203 then 'half'
  when days between 250 and 290 then 'nine_months'
  when days between 350 and 378 then 'year'
end;
comment on function stocks_research.period_kind(integer) is
  'What a period of so many days is: quarter (12 to 14, 16 or 17 weeks), half, nine_months, year '
  '(52 or 53 weeks); '
  'null for any other length. The filing''s own fiscal period is never used.';

create function stocks_research.fact_kind(unit text, tag text) returns text
language sql immutable parallel safe
return case
  when unit ~ '/shares$' then 'per_share'
  when unit = 'shares' then 'shares'
  when unit ~ '^[A-Z]{3}$'
    and tag !~ '(Average|PerShare|PerUnit|Percent|Ratio|Rate$|Price$|Maximum|Minimum)' then 'amount'
  else 'other'
end;
comment on function stocks_research.fact_kind(text, text) is
  'amount: money of a period, which can be added over periods. per_share and shares: depend on splits, '
  'cannot be added. other: ratios, averages, counts.';

-- Without a setting of its own this function is planned inside the query that calls it, so that a filter on a
-- tag reaches the index. The key has the facts of one filer in order, so that only the filings of each fact
-- are left to be sorted: PostgreSQL 15 sees that for a window, and not for `distinct on`.
create function stocks_research.fundamentals_as_of(as_of date, ciks text[] default null)
returns setof stocks_research.fundamentals_raw
language sql stable parallel safe
as $$
(
  select distinct on (f.cik, f.taxonomy, f.tag, f.unit, f.period_end, f.period_start) f.*
  from stocks_research.fundamentals_raw f
  where $2 is null
    and f.filed <= $1
    and stocks_research.is_periodic_report(f.form)
  order by f.cik, f.taxonomy, f.tag, f.unit, f.period_end, f.period_start,
    f.filed desc, f.form like '%/A' desc, f.accession desc
)
union all
select n.cik, n.taxonomy, n.tag, n.unit, n.period_start, n.period_end, n.value, n.accession, n.form,
  n.fiscal_year, n.fiscal_period, n.filed, n.frame
from (select distinct unnest($2) as cik) k
cross join lateral (
  select f.*,
    row_number() over (
      partition by f.taxonomy, f.tag, f.unit, f.period_end, f.period_start
      order by f.filed desc, f.form like '%/A' desc, f.accession desc
    ) as place
  from stocks_research.fundamentals_raw f
  where f.cik = k.cik
    and f.filed <= $1
    and stocks_research.is_periodic_report(f.form)
) n
where n.place = 1
$$;
comment on function stocks_research.fundamentals_as_of(date, text[]) is
  'Every fact as it was known at the end of the day as_of: of several filings the newest on or before it. '
  'Nothing that was filed later is used.';
