-- Edits one row by hand, around the triggers that record changes: as the owner of the table, who disables
-- them for the edit.
begin;
alter table stocks_research.prices_daily disable trigger user;
update stocks_research.prices_daily
set volume = volume + 1
where (security_id, trade_date) = (
  select security_id, max(trade_date)
  from stocks_research.prices_daily
  group by security_id
  order by security_id
  limit 1
);
alter table stocks_research.prices_daily enable trigger user;
commit;
