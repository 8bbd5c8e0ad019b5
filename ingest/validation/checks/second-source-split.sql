-- claim: every split is in both sources, on one day and with one ratio
-- severity: soft
-- job: corporate-actions
-- needs: second source
-- why: Events are matched by day, else by value within a week, on days on which both sources have closes.
--      Some vendors print a ratio to seven digits, so ratios may differ by 0.01%.
with spans as (
  -- Days on which both sources have closes of a security.
  select c.security_id, c.source_id, c.first_date, c.last_date
  from ingestion.second_source_coverage_v c
  where c.compared_count > 0
), ours as materialized (
  select s.security_id, s.ex_date, round(s.split_to / nullif(s.split_from, 0), 12) as value
  from (
    select
      n.security_id,
      a.ex_date,
      stocks_research.product_exact(a.split_to) as split_to,
      stocks_research.product_exact(a.split_from) as split_from
    from spans n
    join stocks_research.corporate_actions a using (security_id)
    where a.ex_date > n.first_date
      and a.ex_date <= n.last_date
      and stocks_research.is_split_kind(a.kind)
    group by n.security_id, a.ex_date) s
  where s.split_to / nullif(s.split_from, 0) is not null
), theirs as materialized (
  select n.security_id, a.ex_date, round(stocks_research.product_exact(a.split_ratio), 12) as value
  from spans n
  join ingestion.second_events a using (security_id)
  where a.ex_date > n.first_date
    and a.ex_date <= n.last_date
    and a.split_ratio is not null
  group by n.security_id, a.ex_date
), pairs as (
  select security_id, o.ex_date, t.ex_date as other_ex_date, o.value, t.value as other_value
  from ours o
  full join theirs t using (security_id, ex_date)
), alone as (
  select *
  from pairs
  where ex_date is null or other_ex_date is null
), moved as (
  -- Equal values within a week of each other.
  select a.security_id, a.ex_date, b.other_ex_date, a.value, b.other_value
  from alone a
  join alone b on b.security_id = a.security_id
    and abs(b.other_ex_date - a.ex_date) <= 7
    and abs(a.value / b.other_value - 1) < 0.0001
), apart as (
  select p.*, 'the amount differs' as verdict
  from pairs p
  where p.ex_date = p.other_ex_date
    and not (abs(p.value / p.other_value - 1) < 0.0001)
  union all
  select m.*, 'the day differs'
  from moved m
  union all
  select a.*,
    case
      when a.ex_date is null then 'only the second source has it'
      else 'the second source does not have it'
    end
  from alone a
  where not exists (
    select
    from moved m
    where m.security_id = a.security_id
      and (m.ex_date = a.ex_date or m.other_ex_date = a.other_ex_date))
)
select n.source_id as subject, a.verdict, a.ex_date, a.other_ex_date, a.value, a.other_value
from apart a
join spans n using (security_id)
where exists (select from ingestion.second_source where has_splits)
