import { join } from 'node:path'
import { queryFile } from '../helpers/postgres/query-file.ts'
import type { DerivedJob } from './contract/job.ts'

/**
 * Interval factors of every security, by definitions A (price-adjusted) and B (total return), and exact split
 * ratios. The formulas are in `stocks_research.adjustment_intervals`, which also answers for any past day;
 * the view multiplies and rounds.
 */
export const adjustmentFactors: DerivedJob = {
  name: 'adjustment-factors',
  kind: 'derived',
  table: 'adjustment_factors',
  needs: ['securities', 'ticker-history', 'prices-daily', 'corporate-actions'],
  key: ['security_id', 'first_date'],
  values: [
    'last_date',
    'price_factor',
    'total_return_factor',
    'split_numerator',
    'split_denominator',
    'events',
    'reason',
  ],
  subject: 'security',

  derive: queryFile(join(import.meta.dirname, 'sql'), 'adjustment-factors'),
  inputs: [
    'securities',
    'ticker_history',
    'prices_daily',
    'corporate_actions',
    'refused_events',
    'trading_sessions',
    'fx_rates',
  ],
  also_reads:
    'select * from stocks_research.spun_off_securities(s.subject) ' +
    'union select * from stocks_research.fx_sources(s.subject)',
  rules: [
    'adjustment_intervals(date, text[])',
    'spun_off_first_close(bigint, date, jsonb, date)',
    'fx_conversion(text, text, date, date)',
    'is_cash_kind(text)',
    'is_split_kind(text)',
    'moves_price(text)',
    'multiply_exactly(numeric, numeric)',
    'multiply_rounded(numeric, numeric)',
  ],
  is_as_of: true,
}
