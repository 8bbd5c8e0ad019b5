-- The values of securities that differ between the providers, column by column.
select o.source_id, old_value.key as column_name, old_value.value as former, new_value.value as new
from compared.old_securities o
join compared.new_securities n using (source_id)
cross join lateral jsonb_each_text(to_jsonb(o)) old_value
join lateral jsonb_each_text(to_jsonb(n)) new_value using (key)
where old_value.value is distinct from new_value.value
order by o.source_id collate "C", old_value.key collate "C"
