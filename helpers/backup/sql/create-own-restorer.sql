-- Creates the role that restores schema research: it may do what the analyst may, and refer to the tables of
-- the product. The fragments are quoted names and literals.
create role :role login nosuperuser nocreatedb nocreaterole noreplication nobypassrls
  password :verifier valid until :valid_until;
grant :role to current_user;
grant connect on database :database to :role;
grant usage on schema stocks_research, ingestion to :role;
grant usage, create on schema research to :role;
grant select, references on all tables in schema stocks_research, ingestion to :role;
grant select on all tables in schema research to :role;
