import type { Check } from '../../pipeline/job.ts'

/** Defects that show in the run of a series, or beside another one. Floats: nothing here is kept, and the bounds are wide. */
export const suspiciousSeriesChecks: readonly Check[] = [
  {
    name: 'spike-reverts',
    claim: 'no close leaps by four usual moves and more than 3 per cent, to be taken back at the open and the close of the next session',
    severity: 'soft',
    offenders: `
      with bars as (
        select p.security_id, p.trade_date, p.close, lag(p.close) over w as before_close, lead(p.open) over w as after_open, lead(p.close) over w as after_close,
          p.close::float8 / lag(p.close::float8) over w - 1 as move
        from stocks_research.prices_daily p
        window w as (partition by p.security_id order by p.trade_date)
      ), moves as materialized (
        select b.* from bars b
        -- A move that the market took back leaves its mark on the next open; one that only stands in the file does not.
        where abs(b.move) > 0.03 and abs(b.after_close / b.before_close - 1) < 0.25 * abs(b.move)
          and coalesce(abs(b.after_open / b.before_close - 1) < 0.35 * abs(b.move), true)
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
    claim: 'the open of a session lies nearer to the close before than that open does to this close: else the two columns are swapped',
    severity: 'soft',
    // From one close to the next open is a night; from the open before to this close are two sessions and that night.
    offenders: `
      with bars as (
        select p.security_id, p.open::float8 as open, p.close::float8 as close, lag(p.open::float8) over w as before_open, lag(p.close::float8) over w as before_close
        from stocks_research.prices_daily p
        window w as (partition by p.security_id order by p.trade_date)
      )
      select s.source_id as subject, count(*) as bars_count, round(avg(abs(b.open / b.before_close - 1))::numeric, 5) as night_move_ratio,
        round(avg(abs(b.close / b.before_open - 1))::numeric, 5) as span_move_ratio
      from bars b join stocks_research.securities s using (security_id)
      where b.open is not null and b.before_open is not null
      group by s.source_id
      having count(*) >= 60 and avg(abs(b.open / b.before_close - 1)) > avg(abs(b.close / b.before_open - 1))`,
  },
  {
    name: 'bars-of-another',
    claim: 'no two securities have the same close and the same volume on session after session',
    severity: 'soft',
    // Every fifth session is enough to see a file that was told under two names.
    offenders: `
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
