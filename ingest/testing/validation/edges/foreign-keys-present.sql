-- case: a table without its foreign key
-- finds: stocks_research.corporate_actions | no foreign key to securities
select plant.drop_constraint('corporate_actions', 'corporate_actions_security_id_fkey');

-- case: a partitioned table without one
-- finds: stocks_research.child | no foreign key to securities
create table stocks_research.child (security_id bigint) partition by range (security_id);

-- case: a foreign key to another table
-- finds: stocks_research.child | no foreign key to securities
create table plant.other (security_id bigint primary key);
create table stocks_research.child (security_id bigint references plant.other);

-- case: a table of another schema, and one of ours without the column
-- finds: nothing
create table plant.child (security_id bigint);
create table stocks_research.child (id bigint);

-- case: triggers that are disabled in our schemas
-- finds: stocks_research.securities | trigger change_delete is disabled
-- finds: stocks_research.securities | trigger change_insert is disabled
-- finds: stocks_research.securities | trigger change_truncate is disabled
-- finds: stocks_research.securities | trigger change_update is disabled
-- finds: stocks_research.securities | trigger version_delete is disabled
-- finds: stocks_research.securities | trigger version_insert is disabled
-- finds: stocks_research.securities | trigger version_truncate is disabled
-- finds: stocks_research.securities | trigger version_update is disabled
alter table stocks_research.securities disable trigger user;

-- case: triggers that are always enabled, and disabled ones of another schema
-- finds: nothing
create table plant.parent (n integer primary key);
create table plant.child (n integer references plant.parent);
alter table plant.child disable trigger all;
alter table stocks_research.prices_daily enable always trigger change_delete;
