-- claim: every split moves the price by its ratio
-- severity: hard
-- accept: yes
-- job: corporate-actions
-- why: A wrong ratio, swapped columns, a spin-off reported as a consolidation, or prices on which the split
--      was already applied each leave a leap in the adjusted close on the ex-date. The move of the close is
--      compared with the ratio and the cash of the day. Tolerated are 30 per cent, or eight times the median
--      daily move of the 60 sessions around it, times the square root of the sessions between the two closes.
--      A leap on a day with at least three times the usual money traded may be news: leap-on-split-day lists
--      it. It is none where the leap is threefold, and the closes move by none of the split or by twice of
--      it: then they were adjusted for it already, or a split was undone that had not been applied.
with day_terms as (
  -- Splits and cash that take effect on one session.
  select
    a.security_id,
    x.ex_session,
    exp(sum(ln(a.split_to / a.split_from)) filter (where a.split_to is not null)) as shares_ratio,
    coalesce(sum(a.cash_amount) filter (where a.cash_amount is not null), 0) as cash,
    bool_or(a.kind = 'spin_off' and a.cash_amount is null) as has_unknown_value
  from stocks_research.corporate_actions a
  cross join lateral (
    select min(c.session_date) as ex_session
    from stocks_research.trading_sessions c
    where c.session_date >= a.ex_date and c.session_date <= a.ex_date + 10) x
  where a.kind in (
      'split', 'stock_dividend', 'cash_dividend', 'special_dividend', 'return_of_capital', 'liquidation',
      'spin_off')
  group by a.security_id, x.ex_session
  having count(*) filter (where a.split_to is not null) > 0
), moves as (
  -- The closes around the session, and the move that the terms state.
  select
    d.*,
    before.trade_date as before_date,
    before.close as before_close,
    after.trade_date as after_date,
    after.close as after_close,
    greatest(1 - d.cash / before.close, 0.001) / d.shares_ratio as stated_move
  from day_terms d
  cross join lateral (
    select p.trade_date, p.close
    from stocks_research.prices_daily p
    where p.security_id = d.security_id
      and p.trade_date < d.ex_session
      and p.trade_date >= d.ex_session - 15
    order by p.trade_date desc
    limit 1) before
  cross join lateral (
    select p.trade_date, p.close
    from stocks_research.prices_daily p
    where p.security_id = d.security_id
      and p.trade_date >= d.ex_session
      and p.trade_date <= d.ex_session + 15
    order by p.trade_date
    limit 1) after
  where not d.has_unknown_value and before.close > 0 and after.close > 0
), leaps as (
  -- How far the seen move is from the stated one, and how much of the split it shows, by logarithm.
  select
    m.*,
    abs(ln(m.after_close / m.before_close / m.stated_move)) as leap,
    -- 1 where the closes move by the ratio.
    ln(m.after_close / m.before_close) / -nullif(ln(m.shares_ratio), 0) as share_shown,
    (
      select count(*)
      from stocks_research.trading_sessions c
      where c.session_date > m.before_date and c.session_date <= m.after_date) as sessions_count
  from moves m
)
select
  s.source_id as subject,
  l.ex_session as ex_date,
  round(l.stated_move, 6) as stated_move,
  round(l.after_close / l.before_close, 6) as seen_move,
  l.before_close,
  l.after_close,
  round(traded.now / traded.usual, 2) as money_traded_ratio
from leaps l
join stocks_research.securities s using (security_id)
cross join lateral (
  select percentile_cont(0.5) within group (order by m.move) as median
  from (
    select p.trade_date, abs(ln(p.close / lag(p.close) over (order by p.trade_date))) as move
    from stocks_research.prices_daily p
    where p.security_id = l.security_id
      and p.trade_date between l.ex_session - 45 and l.ex_session + 45
      and p.close > 0) m
  where m.trade_date <> l.after_date) usual_move
cross join lateral (
  select
    nullif(percentile_cont(0.5) within group (order by (p.close * p.volume)::float8)
      filter (where p.trade_date < l.ex_session), 0)::numeric as usual,
    max(p.close * p.volume) filter (where p.trade_date >= l.ex_session) as now
  from stocks_research.prices_daily p
  where p.security_id = l.security_id
    and p.trade_date between l.ex_session - 30 and l.after_date) traded
where l.leap > ln(1.3)
  and l.leap > 8 * coalesce(usual_move.median, 0) * sqrt(greatest(l.sessions_count, 1))
  and (
    coalesce(traded.now < 3 * traded.usual, true)
    or l.leap > ln(3) and (abs(l.share_shown) <= 0.25 or l.share_shown >= 1.75))
