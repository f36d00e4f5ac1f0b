-- Schema safeconduct: what a policy asks about the person that a query runs as. Version 1.
-- One installation at a time; everything below is one transaction and may run again.
select pg_catalog.pg_advisory_xact_lock(7233000111);

create schema if not exists safeconduct;
create table if not exists safeconduct.installed (
  version integer not null primary key,
  signed boolean not null,
  installed_at timestamptz not null default now()
);
