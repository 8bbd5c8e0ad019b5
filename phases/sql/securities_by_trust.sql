-- Securities with their grade of trust and its reasons, the least trusted ones first.
select q.ticker, q.grade, array_to_string(q.grade_reasons, ', ') as reasons,
  round(100 * q.coverage_ratio, 2)::float8 as coverage_percent,
  q.longest_gap_sessions::integer as longest_gap,
  q.hard_findings::integer as hard,
  q.soft_findings::integer as soft,
  q.refused_events::integer as refused
from stocks_research.security_quality_v q
order by q.grade desc, q.hard_findings desc, q.coverage_ratio, q.soft_findings desc, q.source_id
