-- Counts of ticker intervals and facts: of both providers, and those that only one has.
select
  (select count(*) from compared.old_intervals)::integer as old_intervals,
  (select count(*) from compared.new_intervals)::integer as new_intervals,
  (
    select count(*)
    from (table compared.old_intervals except table compared.new_intervals) lost
  )::integer as lost_intervals,
  (
    select count(*)
    from (table compared.new_intervals except table compared.old_intervals) gained
  )::integer as gained_intervals,
  (select count(*) from compared.old_events)::integer as old_events,
  (select count(*) from compared.new_events)::integer as new_events,
  (select count(*) from compared.old_facts)::integer as old_facts,
  (select count(*) from compared.new_facts)::integer as new_facts,
  (
    select count(*)
    from (table compared.old_facts except all table compared.new_facts) lost
  )::integer as lost_facts,
  (
    select count(*)
    from (table compared.new_facts except all table compared.old_facts) gained
  )::integer as gained_facts
