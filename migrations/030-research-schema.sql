-- A place for what its users compute: tables, views and functions of their own.
--
-- What is in it belongs to them. It is in every backup, it is never drift and part of no hash of the market
-- tables, and the checklist, which drops the database, puts it back (helpers/backup/own-tables.ts). The role
-- analyst may create in it (npm run db:roles), the other roles only read it.

create schema if not exists research; -- Somebody may have made one before.
comment on schema research is
  'Tables, views and functions that users of this database made. The product puts nothing here, and reads '
  'nothing from here. Reference securities by source_id: security_id is another one after a rebuild.';
