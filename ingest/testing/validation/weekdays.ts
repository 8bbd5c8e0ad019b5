/**
 * SQL that makes each weekday of a span a session, holidays included: counts that a reader can check against
 * a calendar on the wall.
 */
export const insertWeekdays = (first: string, last: string): string => `
  insert into stocks_research.trading_sessions (session_date, is_early_close, open_at, close_at)
    select d, false, d + time '14:30', d + time '21:00'
    from generate_series(date '${first}', '${last}', '1 day') d
    where extract(isodow from d) < 6;`
