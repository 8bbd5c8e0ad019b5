-- 065 · Edits that went round the triggers stand in the ledger like all others.
--
-- Before a run changes anything, it compares the core tables with what was last recorded of them. What
-- differs, and no trigger saw, is written down here: otherwise the next recording would make the edit the
-- truth.

alter table ingestion.table_changes drop constraint table_changes_operation_check;
alter table ingestion.table_changes add constraint table_changes_operation_check
  check (operation in ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'UNSEEN'));
alter table ingestion.table_changes add column detail jsonb;
alter table ingestion.table_changes add constraint table_changes_detail_of_unseen check ((operation = 'UNSEEN') = (detail is not null));
comment on column ingestion.table_changes.operation is 'What was done; UNSEEN for a change that no trigger saw, which the next run found by hash. Its other columns say who found it, and when.';
comment on column ingestion.table_changes.detail is 'Of an unseen change: rows and SHA-256 as recorded and as found, and the ranges of keys that differ. Null for all others.';

-- With the rights of its owner, so that a role which brings rows in can write down what it found, and still
-- nothing else.
create function ingestion.record_unseen_change(changed_table text, found jsonb) returns void
language sql security definer set search_path = pg_catalog as $$
  insert into ingestion.table_changes (run_id, table_name, operation, detail) values (null, changed_table, 'UNSEEN', found)
$$;
revoke execute on function ingestion.record_unseen_change(text, jsonb) from public;
comment on function ingestion.record_unseen_change(text, jsonb) is 'Writes down a change that went round the triggers: the table, and the detail of ingestion.table_changes.';

alter table ingestion.content_hashes add column columns text[];
comment on column ingestion.content_hashes.columns is 'The columns that were hashed, in order, quoted where they must be; the comparison hashes the same ones, though a migration added others since. Null before migration 065: all of that time.';
