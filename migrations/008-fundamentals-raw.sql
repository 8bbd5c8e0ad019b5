-- 008 · Fundamentals as filed.
--
-- Every vintage of every fact. A restatement is another row with another accession; nothing is overwritten.

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
  constraint fundamentals_raw_key unique nulls not distinct (cik, taxonomy, tag, unit, period_end, period_start, accession),
  constraint fundamentals_raw_start_before_end check (period_start <= period_end)
);
comment on table stocks_research.fundamentals_raw is 'XBRL facts as filed with the SEC, one row for each fact and filing. Facts belong to a filer, which may have several securities.';
comment on column stocks_research.fundamentals_raw.cik is 'SEC Central Index Key of the filer, ten digits.';
comment on column stocks_research.fundamentals_raw.taxonomy is 'XBRL taxonomy, e.g. us-gaap, dei, ifrs-full.';
comment on column stocks_research.fundamentals_raw.tag is 'XBRL element, e.g. NetIncomeLoss.';
comment on column stocks_research.fundamentals_raw.unit is 'Unit as filed, e.g. USD, shares, USD/shares, pure.';
comment on column stocks_research.fundamentals_raw.period_start is 'First day of the period; null for an instant.';
comment on column stocks_research.fundamentals_raw.period_end is 'Last day of the period, or the instant.';
comment on column stocks_research.fundamentals_raw.value is 'The value as filed, in unit.';
comment on column stocks_research.fundamentals_raw.accession is 'Accession number of the filing.';
comment on column stocks_research.fundamentals_raw.form is 'Form type of the filing, e.g. 10-K, 10-Q/A.';
comment on column stocks_research.fundamentals_raw.fiscal_year is 'Fiscal year of the FILING, not of the fact.';
comment on column stocks_research.fundamentals_raw.fiscal_period is 'Fiscal period of the FILING (FY, Q1 to Q3), not of the fact.';
comment on column stocks_research.fundamentals_raw.filed is 'Day of filing: the fact is known from this day on.';
comment on column stocks_research.fundamentals_raw.frame is 'Calendar frame that the SEC assigns, when it does. Unreliable across amendments; not used.';

select ingestion.watch_table('stocks_research.fundamentals_raw');
