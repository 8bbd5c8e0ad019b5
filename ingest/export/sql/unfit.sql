-- A row of a part of the export with a decimal that its type cannot hold.
select
  to_jsonb(array[:keys]) as key,
  u.name,
  u.value::text as value
from :relation r
cross join lateral (
  values :decimals
) u (name, value, fits)
where :condition
  and not u.fits
limit 1
