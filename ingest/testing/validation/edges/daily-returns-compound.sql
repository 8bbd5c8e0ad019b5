-- case: a view without the delisting return
-- finds: z | 116 | 116 | -0.118400000000 | 1.011999904572023 | 0.892179115872
select plant.in_view('returns_daily_v', 'COALESCE(d.delisting_return, (0)::numeric)', '0::numeric');

-- case: worthless shares
-- finds: nothing
select plant.ended(1, '2020-06-30', 0, 'worthless');

-- case: a factor that is null with a reason
-- finds: nothing
update stocks_research.adjustment_factors set total_return_factor = null, reason = 'why'
where security_id = 2 and last_date < '2020-02-01';
