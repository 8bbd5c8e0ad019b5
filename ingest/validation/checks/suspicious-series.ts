import type { Check } from '../../contract/job.ts'

/**
 * Defects that show in the run of a series, or beside another one. Floats: nothing here is kept, and the
 * bounds are wide.
 */
export const suspiciousSeriesChecks: readonly Check[] = [
  {
    name: 'spike-reverts',
    claim:
      'no close leaps by four usual moves and more than 3 per cent, to be taken back at the open and the close of the next session',
    severity: 'soft',
    violations: `
      with bars as (
        select p.security_id, p.trade_date, p.close, lag(p.close) over (partition by p.security_id order by p.trade_date) as before_close
        from stocks_research.prices_daily p
      ), moves as materialized (
        select b.*, n.open as after_open, n.close as after_close
        -- Few bars move so much: only those become floats and have their next bar looked up.
        from (
          select x.*, x.close::float8 / x.before_close::float8 - 1 as move from bars x
          where x.close > 1.0299 * x.before_close or x.close < 0.9701 * x.before_close offset 0) b
        cross join lateral (
          select p.open, p.close from stocks_research.prices_daily p
          where p.security_id = b.security_id and p.trade_date > b.trade_date order by p.trade_date limit 1) n
        -- A move that the market took back leaves its mark on the next open; one that only stands in the file
        -- does not.
        where abs(b.move) > 0.03 and abs(n.close / b.before_close - 1) < 0.25 * abs(b.move)
          and coalesce(abs(n.open / b.before_close - 1) < 0.35 * abs(b.move), true)
      )
      select s.source_id as subject, m.trade_date, m.before_close, m.close, m.after_close, round(m.move::numeric, 4) as return_ratio, round(u.usual::numeric, 4) as usual_move_ratio
      from moves m
      join stocks_research.securities s using (security_id)
      cross join lateral (
        select avg(abs(r.close / r.before_close - 1)) as usual from (
          select p.close::float8 as close, lag(p.close::float8) over (order by p.trade_date) as before_close from (
            select x.trade_date, x.close from stocks_research.prices_daily x
            where x.security_id = m.security_id and x.trade_date < m.trade_date order by x.trade_date desc limit 21) p) r) u
      where abs(m.move) > 4 * coalesce(u.usual, 0)`,
  },
  {
    name: 'open-close-swapped',
    claim:
      'the open of a session lies nearer to the close before than that open does to this close: else the two columns are swapped',
    severity: 'soft',
    // From one close to the next open is a night; from the open before to this close are two sessions and
    // that night.
    violations: `
      with bars as (
        select p.security_id, p.open, p.close, lag(p.open) over w as before_open, lag(p.close) over w as before_close
        from ( -- "offset 0", so that each price is turned into a float once.
          select x.security_id, x.trade_date, x.open::float8 as open, x.close::float8 as close
          from stocks_research.prices_daily x order by x.security_id, x.trade_date offset 0) p
        window w as (partition by p.security_id order by p.trade_date)
      )
      select s.source_id as subject, m.bars_count, round(m.night_move::numeric, 5) as night_move_ratio, round(m.span_move::numeric, 5) as span_move_ratio
      from (
        select b.security_id, count(*) as bars_count, avg(abs(b.open / b.before_close - 1)) as night_move, avg(abs(b.close / b.before_open - 1)) as span_move
        from bars b
        where b.open is not null and b.before_open is not null
        group by b.security_id) m
      join stocks_research.securities s using (security_id)
      where m.bars_count >= 60 and m.night_move > m.span_move`,
  },
  {
    name: 'bars-of-another',
    claim: 'no two securities have the same close and the same volume on session after session',
    severity: 'soft',
    // Every fifth session is enough to see a file that was told under two names.
    violations: `
      with bars as (
        select p.security_id, p.trade_date, p.close, p.volume from stocks_research.prices_daily p where p.volume > 0 and extract(isodow from p.trade_date) = 3
      )
      select s.source_id as subject, o.source_id as other, min(a.trade_date) as first_date, max(a.trade_date) as last_date, count(*) as equal_count
      from bars a
      join bars b on b.trade_date = a.trade_date and b.close = a.close and b.volume = a.volume and b.security_id > a.security_id
      join stocks_research.securities s on s.security_id = a.security_id
      join stocks_research.securities o on o.security_id = b.security_id
      group by s.source_id, o.source_id
      having count(*) >= 5`,
  },
]
