-- The identity is one JSON setting. '' is what PostgreSQL leaves behind when a local setting ends.
-- Each function is one expression, so that PostgreSQL inlines it: a policy costs no call.
create or replace function safeconduct.identity() returns jsonb language sql stable parallel safe
  return nullif(pg_catalog.current_setting('safeconduct.identity', true), '')::jsonb;

create or replace function safeconduct.subject() returns text language sql stable parallel safe
  return nullif(pg_catalog.current_setting('safeconduct.identity', true), '')::jsonb ->> 'sub';

create or replace function safeconduct.organization() returns text language sql stable parallel safe
  return nullif(pg_catalog.current_setting('safeconduct.identity', true), '')::jsonb ->> 'org';

-- NULL without an identity, so that "not has_role(...)" opens no door either.
create or replace function safeconduct.has_role(role text) returns boolean language sql stable parallel safe
  return (nullif(pg_catalog.current_setting('safeconduct.identity', true), '')::jsonb -> 'roles') ? role;
