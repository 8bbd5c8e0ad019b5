-- case: shares without a value
-- finds: z | merger_mixed | 2 | 20 | 20 | 2 | null
select plant.in_view('delistings_v', 'COALESCE((e.shares_per_share * q.close), (0)::numeric)', '0::numeric');

-- case: cash alone
-- finds: nothing
update stocks_research.corporate_actions set shares_per_share = null, acquirer_ticker = null
where kind = 'merger';
