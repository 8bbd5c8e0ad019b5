-- 070 · Joins of quarters by hash.
--
-- The planner cannot know how many rows a common table expression gives, takes one, and then sorts both sides
-- of each join anew. By hash the same rows come in two thirds of the time.

alter function stocks_research.derive_fundamentals(text[]) set enable_mergejoin = off;
