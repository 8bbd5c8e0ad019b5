-- claim: daily returns of a security compound to its total return and its delisting return
-- severity: hard
-- job: adjustment-factors
-- why: One return too many, too few or of the wrong day changes the product of all returns. It is compared
--      with the first and last total-return close, and with the delisting return.
with compounded as (
  -- The product of the returns of a security. A return of -1 (worthless) gives a product of 0.
  select
    r.security_id,
    count(*) as returns_count,
    count(*) filter (where r.is_delisting_return) as delisting_returns_count,
    case
      when bool_or(r.return <= -1) then 0
      else exp(sum(ln(1 + r.return::float8)) filter (where r.return > -1))
    end as growth
  from stocks_research.returns_daily_v r
  group by r.security_id
), spans as (
  -- First and last bar of a security.
  select
    p.security_id,
    count(*) as bars_count,
    min(p.trade_date) as first_date,
    max(p.trade_date) as last_date
  from stocks_research.prices_daily p
  group by p.security_id
), bars as (
  -- Total-return closes of these bars. Where every factor is known, every return is.
  select
    n.security_id,
    n.bars_count,
    not exists (
      select
      from stocks_research.adjustment_factors f
      where f.security_id = n.security_id and f.total_return_factor is null) as is_complete,
    a.total_return_close as first_close,
    z.total_return_close as last_close
  from spans n
  cross join lateral (
    select v.total_return_close
    from stocks_research.prices_daily_adjusted_v v
    where v.security_id = n.security_id and v.trade_date = n.first_date
    offset 0) a
  cross join lateral (
    select v.total_return_close
    from stocks_research.prices_daily_adjusted_v v
    where v.security_id = n.security_id and v.trade_date = n.last_date
    offset 0) z
)
select
  s.source_id as subject,
  c.returns_count,
  b.bars_count,
  d.delisting_return,
  c.growth,
  round(b.last_close / b.first_close * (1 + coalesce(d.delisting_return, 0)), 12) as expected_growth
from stocks_research.securities s
join bars b on b.security_id = s.security_id
left join compounded c on c.security_id = s.security_id
left join stocks_research.delistings_v d on d.security_id = s.security_id
where c.returns_count is distinct from b.bars_count
  or c.delisting_returns_count is distinct from (d.delisting_return is not null)::integer
  or (
    b.is_complete
    and b.bars_count > 1
    and not coalesce(
      abs(c.growth - b.last_close / b.first_close * (1 + coalesce(d.delisting_return, 0)))
        <= 1e-6 * greatest(b.last_close / b.first_close, 1e-6),
      false))
