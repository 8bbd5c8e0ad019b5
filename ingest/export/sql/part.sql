-- The rows of a part of the export, as the texts that both sides hash.
select :texts
from :relation r
where :condition
order by :sort
