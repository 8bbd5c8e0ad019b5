import type { Check } from '../../contract/job.ts'

/**
 * Claims that a filing itself can break, by a typing error of the filer. They block like every hard claim,
 * since far more often a loader broke them; a finding whose filing was read by a person may be accepted in
 * writing (accepted.json).
 */
export const filingChecks: readonly Check[] = [
  {
    name: 'balance-identity',
    claim: 'assets equal liabilities and equity, exactly, in every filing that states both for a day',
    severity: 'hard',
    violations: `
      select a.cik as subject, a.period_end, a.unit, a.value as assets, l.value as liabilities_and_equity, a.accession
      from stocks_research.fundamentals_raw a
      join stocks_research.fundamentals_raw l on l.cik = a.cik and l.taxonomy = a.taxonomy and l.tag = 'LiabilitiesAndStockholdersEquity'
        and l.unit = a.unit and l.period_end = a.period_end and l.accession = a.accession
      where a.tag = 'Assets' and a.taxonomy = 'us-gaap' and a.period_start is null and l.period_start is null
        and stocks_research.is_periodic_report(a.form) and l.value <> a.value`,
  },
]

export const fundamentalsChecks: readonly Check[] = [
  {
    name: 'no-look-ahead',
    claim: 'no derived row uses a filing of a later day',
    severity: 'hard',
    violations: `
      with filed as materialized (
        select distinct r.cik, r.accession, r.filed from stocks_research.fundamentals_raw r
      )
      select d.cik as subject, d.tag, d.unit, d.period_end, d.known_from, f.accession, f.filed
      from stocks_research.fundamentals_derived d
      join filed f on f.cik = d.cik and f.accession = d.accession
      where f.filed > d.known_from
      -- The other filing in a join of its own: with either of the two in one, each row meets all filings of
      -- its filer.
      union all
      select d.cik, d.tag, d.unit, d.period_end, d.known_from, f.accession, f.filed
      from stocks_research.fundamentals_derived d
      join filed f on f.cik = d.cik and f.accession = d.subtracted_accession
      where f.filed > d.known_from and d.subtracted_accession <> d.accession`,
  },
  {
    name: 'quarter-equals-its-filing',
    claim: 'a reported quarter equals the fact of its filing',
    severity: 'hard',
    violations: `
      select d.cik as subject, d.tag, d.unit, d.period_start, d.period_end, d.known_from, d.value, d.accession
      from stocks_research.fundamentals_derived d
      where d.method = 'reported' and not exists (
        select from stocks_research.fundamentals_raw r
        where r.cik = d.cik and r.taxonomy = d.taxonomy and r.tag = d.tag and r.unit = d.unit
          and r.period_end = d.period_end and r.period_start = d.period_start and r.accession = d.accession and r.value = d.value)`,
  },
  {
    name: 'quarters-add-up',
    claim:
      'a derived quarter and the period that was subtracted add up to the longer period, exactly; so the four quarters make the year',
    severity: 'hard',
    violations: `
      select d.cik as subject, d.tag, d.unit, d.period_start, d.period_end, d.known_from, d.value, d.method, d.accession, d.subtracted_accession
      from stocks_research.fundamentals_derived d
      where d.subtracted_accession is not null and d.value is not null and not exists (
        select from stocks_research.fundamentals_raw l
        join stocks_research.fundamentals_raw s on s.cik = l.cik and s.taxonomy = l.taxonomy and s.tag = l.tag and s.unit = l.unit
          and s.period_start = l.period_start and s.period_end = d.period_start - 1 and s.accession = d.subtracted_accession
        where l.cik = d.cik and l.taxonomy = d.taxonomy and l.tag = d.tag and l.unit = d.unit
          and l.period_end = d.period_end and l.accession = d.accession and l.value = s.value + d.value)`,
  },
]
