-- claim: holders of a delisted security received half to twice its last close
-- severity: soft
-- job: corporate-actions
-- why: In the last days before a merger the price is close to what is paid. Proceeds far from it point to
--      terms of another security, a rate the wrong way round, terms on shares before a split, or a close of
--      long before. A removal as worthless is not compared. A liquidation that paid its holders earlier, or
--      less than hoped, is listed too: its payments may be incomplete.
select
  d.source_id as subject,
  d.delisting_code,
  d.last_trade_date,
  d.last_close,
  d.value_per_share,
  d.cash_per_share,
  d.shares_per_share,
  round(d.value_per_share / d.last_close, 4) as ratio
from stocks_research.delistings_v d
where d.delisting_code <> 'worthless'
  and (d.value_per_share < 0.5 * d.last_close or d.value_per_share > 2 * d.last_close)
