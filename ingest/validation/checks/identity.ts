import type { Check } from '../../pipeline/job.ts'

export const identityChecks: readonly Check[] = [
  {
    name: 'one-security-a-ticker',
    claim: 'no two securities hold one ticker on one day',
    severity: 'hard',
    offenders: `
      select a.ticker as subject, a.security_id, b.security_id as other_security_id, greatest(a.valid_from, b.valid_from) as overlap_date
      from stocks_research.ticker_history a
      join stocks_research.ticker_history b on b.ticker = a.ticker and b.security_id > a.security_id
        and a.valid_from <= coalesce(b.valid_to, 'infinity') and b.valid_from <= coalesce(a.valid_to, 'infinity')`,
  },
  {
    name: 'one-ticker-a-security',
    claim: 'no security has two tickers on one day',
    severity: 'hard',
    offenders: `
      select s.source_id as subject, a.ticker, b.ticker as other_ticker, b.valid_from as overlap_date
      from stocks_research.ticker_history a
      join stocks_research.ticker_history b on b.security_id = a.security_id and b.valid_from > a.valid_from and b.valid_from <= coalesce(a.valid_to, 'infinity')
      join stocks_research.securities s on s.security_id = a.security_id`,
  },
  {
    name: 'last-ticker-in-master',
    claim: 'the securities master shows the last ticker of the history',
    severity: 'soft',
    offenders: `
      select s.source_id as subject, s.ticker, h.ticker as last_ticker, h.valid_from
      from stocks_research.securities s
      join lateral (
        select t.ticker, t.valid_from from stocks_research.ticker_history t where t.security_id = s.security_id order by t.valid_from desc limit 1) h on true
      where h.ticker <> s.ticker`,
  },
]
