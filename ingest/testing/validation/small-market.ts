import { type Scratch, scratchDatabase } from '../../../helpers/testing/scratch.ts'
import { loadCalendar } from '../../calendar/load.ts'
import { deriveFundamentals } from './derive-fundamentals.ts'

/**
 * A database of one security, one payment and one filer, in which every check passes: a fault put into it is
 * the only one.
 */
export async function smallMarket(): Promise<Scratch> {
  const scratch = await scratchDatabase({ migrated: true })
  await scratch.db.transaction((tx) => loadCalendar(tx, { today: '2022-01-03' }))
  // Closes that change by a cent or two from day to day, on equal volume.
  await scratch.db.execute(`
    insert into stocks_research.securities (security_id, source_id, ticker, currency, cik, list_date)
    values (1, 'x', 'X', 'USD', '0000000001', '2020-01-02');
    insert into stocks_research.ticker_history (security_id, ticker, valid_from)
    values (1, 'X', '2020-01-02');
    insert into stocks_research.prices_daily (security_id, trade_date, open, high, low, close, volume)
      select 1, d.session_date, 10 + 0.01 * ((d.no + 4) % 5), 11, 9, 10 + 0.01 * (d.no % 5), 100 + d.no
      from (
        select session_date, row_number() over (order by session_date) as no
        from stocks_research.trading_sessions
        where session_date between '2020-01-02' and '2020-06-30'
      ) d;
    insert into stocks_research.corporate_actions (security_id, ex_date, kind, action_key, occurrence,
      cash_amount, currency, source)
      values (1, '2020-01-15', 'cash_dividend', 'a', 1, 0.05, 'USD', 'test');
    insert into stocks_research.adjustment_factors (security_id, first_date, last_date, price_factor,
      total_return_factor, split_numerator, split_denominator, events, reason)
      select security_id, first_date, last_date, price_factor, total_return_factor, split_numerator,
        split_denominator, events, reason
      from stocks_research.adjustment_intervals('2020-06-30');
    insert into stocks_research.fundamentals_raw
      (cik, taxonomy, tag, unit, period_start, period_end, value, accession, form, filed)
    select '0000000001', 'us-gaap', tag, 'USD', period_start, period_end, value, accession, form, filed
    from (values
      ('Revenues', date '2020-01-01', date '2020-03-31', 20, 'q', '10-Q', date '2020-05-01'),
      ('Revenues', '2020-01-01', '2020-09-30', 60, 'a', '10-Q', '2020-11-01'),
      ('Revenues', '2020-01-01', '2020-12-31', 100, 'b', '10-K', '2021-02-01'),
      ('Assets', null, '2020-12-31', 500, 'b', '10-K', '2021-02-01'),
      ('LiabilitiesAndStockholdersEquity', null, '2020-12-31', 500, 'b', '10-K', '2021-02-01')
    ) f (tag, period_start, period_end, value, accession, form, filed)`)
  await deriveFundamentals(scratch.db, ['0000000001'])
  return scratch
}

/** The names of the checks, in order, of which a fault makes violations; the fault is taken back. */
export async function offendedBy(
  scratch: Scratch,
  fault: string,
  names: (tx: Scratch['db']) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const undo = new Error('The fault is taken back.')
  let found: readonly string[] = []
  await scratch.db
    .transaction(async (tx) => {
      await tx.execute(fault)
      found = await names(tx)
      throw undo
    })
    .catch((error: unknown) => {
      if (error !== undo) throw error
    })
  return found
}
