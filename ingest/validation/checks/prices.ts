import type { Check } from '../../contract/job.ts'

const bars = 'stocks_research.prices_daily p join stocks_research.securities s using (security_id)'

/**
 * Hard claims about raw bars. Constraints of the table promise some of them too; a check does not take that
 * on trust.
 */
export const priceChecks: readonly Check[] = [
  {
    name: 'one-bar-a-session',
    claim: 'no security has two bars on one day',
    severity: 'hard',
    violations: `
      select p.security_id::text as subject, p.trade_date, count(*) as rows_count
      -- In order, which an index gives for less than a table of all days in memory costs.
      from (select b.security_id, b.trade_date from stocks_research.prices_daily b order by b.security_id, b.trade_date offset 0) p
      group by p.security_id, p.trade_date having count(*) > 1`,
  },
  {
    name: 'bar-on-session',
    claim: 'every bar lies on a session of the calendar',
    severity: 'hard',
    violations: `
      select s.source_id as subject, p.trade_date, p.close from ${bars}
      where not exists (select from stocks_research.trading_sessions c where c.session_date = p.trade_date)`,
  },
  {
    name: 'price-positive',
    claim: 'every price is a number above zero, every volume one not below it',
    severity: 'hard',
    violations: `
      select s.source_id as subject, p.trade_date, p.open, p.high, p.low, p.close, p.volume from ${bars}
      where not (least(p.open, p.high, p.low, p.close) > 0 and greatest(p.open, p.high, p.low, p.close) < 'Infinity'
        and coalesce(p.volume, 0) >= 0 and coalesce(p.volume, 0) < 'Infinity')`,
  },
  {
    name: 'high-low-enclose',
    claim: 'no price of a bar lies above its high or below its low',
    severity: 'hard',
    violations: `
      select s.source_id as subject, p.trade_date, p.open, p.high, p.low, p.close from ${bars}
      where p.high < greatest(p.open, p.close, p.low) or p.low > least(p.open, p.close, p.high)`,
  },
  {
    name: 'bar-inside-listing',
    claim: 'every bar lies between the first and the last day of its listing',
    severity: 'hard',
    violations: `
      select s.source_id as subject, p.trade_date, s.list_date, s.delist_date from ${bars}
      where p.trade_date < s.list_date or p.trade_date > s.delist_date`,
  },
]
