import type { Check } from '../../contract/job.ts'

export const identityChecks: readonly Check[] = [
  {
    name: 'one-security-a-ticker',
    claim: 'no two securities hold one ticker on one day',
    severity: 'hard',
    violations: `
      select a.ticker as subject, a.security_id, b.security_id as other_security_id, greatest(a.valid_from, b.valid_from) as overlap_date
      from stocks_research.ticker_history a
      join stocks_research.ticker_history b on b.ticker = a.ticker and b.security_id > a.security_id
        and a.valid_from <= coalesce(b.valid_to, 'infinity') and b.valid_from <= coalesce(a.valid_to, 'infinity')`,
  },
  {
    name: 'one-ticker-a-security',
    claim: 'no security has two tickers on one day',
    severity: 'hard',
    violations: `
      select s.source_id as subject, a.ticker, b.ticker as other_ticker, b.valid_from as overlap_date
      from stocks_research.ticker_history a
      join stocks_research.ticker_history b on b.security_id = a.security_id and b.valid_from > a.valid_from and b.valid_from <= coalesce(a.valid_to, 'infinity')
      join stocks_research.securities s on s.security_id = a.security_id`,
  },
]
