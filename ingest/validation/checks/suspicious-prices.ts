import type { Check } from '../../contract/job.ts'

/**
 * Bars beside their neighbours. A split that nobody declared moves price and share volume, and leaves the
 * money traded as it was; news moves the money traded. So the money tells a missing split from a crash (AAPL
 * lost half of its price on 2000-09-29).
 */
const neighbours = `
  with bars as (
    select p.security_id, p.trade_date, p.close, p.volume, lag(p.close) over w as before_close
    from stocks_research.prices_daily p
    window w as (partition by p.security_id order by p.trade_date)
  ), moves as materialized (
    select b.*, s.source_id, b.close / b.before_close as growth
    -- Few bars move so much; only those have their neighbours looked up.
    from (select * from bars where close > 1.15 * before_close or close < 0.87 * before_close offset 0) b
    join stocks_research.securities s using (security_id)
    cross join lateral (
      select max(p.trade_date) as before_date from stocks_research.prices_daily p where p.security_id = b.security_id and p.trade_date < b.trade_date) l
    cross join lateral (
      select min(p.trade_date) as after_date from stocks_research.prices_daily p where p.security_id = b.security_id and p.trade_date > b.trade_date) n
    where true
      -- A declared action explains a move of the raw close, or another check judges it.
      and not exists (select from stocks_research.corporate_actions a where a.security_id = b.security_id
        and a.ex_date > l.before_date - 3 and a.ex_date <= coalesce(n.after_date, b.trade_date) + 3 and a.kind not in ('name_change', 'delisting'))
  ), traded as (
    select m.*, m.close * m.volume / nullif(u.usual, 0) as traded_ratio
    from moves m
    cross join lateral (
      select avg(r.close * r.volume) as usual from (
        select p.close, p.volume from stocks_research.prices_daily p
        where p.security_id = m.security_id and p.trade_date < m.trade_date order by p.trade_date desc limit 20) r) u
  )`

export const suspiciousPriceChecks: readonly Check[] = [
  {
    name: 'jump-without-action',
    claim:
      'no close moves by more than a quarter, without a declared action, on no more than the usual money traded',
    severity: 'soft',
    violations: `${neighbours}
      select m.source_id as subject, m.trade_date, m.before_close, m.close, round(m.growth - 1, 4) as return_ratio, round(m.traded_ratio, 2) as traded_ratio
      from traded m
      where abs(m.growth - 1) > 0.25 and coalesce(m.traded_ratio, 0) < 2`,
  },
  {
    name: 'split-like-jump',
    claim: 'no close jumps by a split ratio that nobody declared',
    severity: 'soft',
    violations: `${neighbours}
      select distinct on (m.source_id, m.trade_date) m.source_id as subject, m.trade_date, m.before_close, m.close, k.ratio as like_split,
        round(m.traded_ratio, 2) as traded_ratio
      from traded m
      join (values (1.5), (2), (3), (4), (5), (6), (7), (8), (10), (15), (20), (25), (30), (50), (100)) k (ratio)
        on abs(m.growth * k.ratio - 1) < 0.06 or abs(m.growth / k.ratio - 1) < 0.06
      where (m.traded_ratio is null or m.traded_ratio between 0.2 and 2 or k.ratio >= 20)
      order by m.source_id, m.trade_date, least(abs(m.growth * k.ratio - 1), abs(m.growth / k.ratio - 1))`,
  },
  {
    name: 'close-repeats',
    claim: 'no close stands still for five sessions and more while shares are traded',
    severity: 'soft',
    violations: `
      with marked as (
        select p.security_id, p.trade_date, p.close, p.volume, row_number() over w as bar, lag(p.close) over w as before_close
        from stocks_research.prices_daily p
        window w as (partition by p.security_id order by p.trade_date)
      ), repeats as ( -- Few bars repeat a close; only those are worth to be numbered a second time, and to have their bar before looked up.
        select m.*, b.trade_date as before_date, b.volume as before_volume,
          m.bar - row_number() over (partition by m.security_id order by m.bar) as island
        from marked m
        cross join lateral (
          select p.trade_date, p.volume from stocks_research.prices_daily p
          where p.security_id = m.security_id and p.trade_date < m.trade_date order by p.trade_date desc limit 1) b
        where m.close = m.before_close
      )
      select s.source_id as subject, min(r.before_date) as first_date, max(r.trade_date) as last_date, r.close, count(*) + 1 as sessions_count
      from repeats r join stocks_research.securities s using (security_id)
      group by s.source_id, r.island, r.close
      having count(*) >= 4 and bool_or(r.volume > 0 or r.before_volume > 0)`,
  },
  {
    name: 'price-without-volume',
    claim: 'no close changes on a session without volume',
    severity: 'soft',
    violations: `
      select s.source_id as subject, min(p.trade_date) as first_date, max(p.trade_date) as last_date, count(*) as sessions_count
      from stocks_research.prices_daily p
      join stocks_research.securities s using (security_id)
      cross join lateral (
        select b.close from stocks_research.prices_daily b
        where b.security_id = p.security_id and b.trade_date < p.trade_date order by b.trade_date desc limit 1) before
      where p.volume = 0 and p.close <> before.close
      group by s.source_id`,
  },
  {
    name: 'session-missing',
    claim: 'every session between the first and the last bar of a listed security has a bar',
    severity: 'soft',
    violations: `
      with spans as (
        select p.security_id, min(p.trade_date) as first_date, max(p.trade_date) as last_date, count(*) as bars_count
        from stocks_research.prices_daily p group by p.security_id
      ), expected as (
        select n.security_id, n.bars_count, n.first_date, n.last_date, sum(c.sessions_count) as sessions_count
        from spans n
        join stocks_research.ticker_history h on h.security_id = n.security_id
        cross join lateral ( -- Counted where they are found: a row for each of them would be as many as there are bars.
          select count(*) as sessions_count from stocks_research.trading_sessions c
          where c.session_date between n.first_date and n.last_date and c.session_date between h.valid_from and coalesce(h.valid_to, 'infinity')) c
        group by n.security_id, n.bars_count, n.first_date, n.last_date
      )
      select s.source_id as subject, e.first_date, e.last_date, e.sessions_count, e.bars_count, e.sessions_count - e.bars_count as missing_count
      from expected e join stocks_research.securities s using (security_id)
      where e.sessions_count > e.bars_count`,
  },
  {
    name: 'closure-alarm',
    claim:
      'no session has less than a twentieth of the usual bars: it would be a closure that the calendar does not know, or a hole in the source',
    severity: 'soft',
    violations: `
      with counts as (
        select c.session_date, coalesce(d.bars_count, 0) as bars_count
        from stocks_research.trading_sessions c
        left join (select p.trade_date, count(*) as bars_count from stocks_research.prices_daily p group by p.trade_date) d on d.trade_date = c.session_date
        where c.session_date between (select min(trade_date) from stocks_research.prices_daily) and (select max(trade_date) from stocks_research.prices_daily)
      ), usual as (
        select t.*, max(t.bars_count) over (order by t.session_date rows between 10 preceding and 10 following) as usual_count from counts t
      )
      select 'XNYS' as subject, u.session_date, u.bars_count, u.usual_count from usual u where u.bars_count < 0.05 * u.usual_count`,
  },
  {
    name: 'price-restated',
    claim: 'no source has restated a price after it was stored',
    severity: 'soft',
    violations: `
      select coalesce(s.source_id, r.security_id::text) as subject, r.trade_date, r.field, r.old_value, r.new_value, r.run_id
      from ingestion.price_revisions r left join stocks_research.securities s using (security_id)`,
  },
]
