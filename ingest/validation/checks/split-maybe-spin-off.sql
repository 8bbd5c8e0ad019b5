-- claim: every split ratio between 1 and 2 is a ratio of small whole numbers
-- severity: soft
-- job: corporate-actions
-- why: Some sources report a spin-off as a split, and a spin-off must not change the volume. The finest
--      common split is 21 for 20; 1 for 1.046 was a spin-off. A stock dividend may have any ratio, and has a
--      kind of its own.
select
  s.source_id as subject,
  a.ex_date,
  a.split_from,
  a.split_to,
  round(a.split_to / a.split_from, 7) as split_ratio
from stocks_research.corporate_actions a
join stocks_research.securities s using (security_id)
where a.kind = 'split'
  and a.split_to > a.split_from
  and a.split_to < 2 * a.split_from
  and not exists (
    select
    from generate_series(1, 20) n
    where abs(n * a.split_to / a.split_from - round(n * a.split_to / a.split_from)) < 0.0001)
