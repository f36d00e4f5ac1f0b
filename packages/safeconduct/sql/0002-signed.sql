-- The identity is <64 hex digits of HMAC-SHA-256><JSON with exp>, and every function below checks the signature.
-- HMAC in SQL with the built-in sha256 (RFC 2104), no extension. The key's two padded blocks come from outside.
create table if not exists safeconduct.seal (
  inner_pad bytea not null primary key,
  outer_pad bytea not null,
  until timestamptz
);
revoke all on safeconduct.seal from public;
update safeconduct.seal set until = now() + interval '1 day' where until is null and inner_pad <> :'inner'::bytea;
insert into safeconduct.seal (inner_pad, outer_pad) values (:'inner'::bytea, :'outer'::bytea)
  on conflict (inner_pad) do update set until = null;

-- plpgsql keeps its plans for the session; a SECURITY DEFINER function in SQL is planned on every call before 18.
-- The codes are hashed once more before they are compared: how long the comparison takes tells nothing.
-- now() is when the transaction began: a long one that began in time may end.
create or replace function safeconduct.unsealed() returns jsonb language plpgsql stable parallel safe security definer
  set search_path = pg_catalog, pg_temp as $$
declare
  setting text := current_setting('safeconduct.identity', true);
  body bytea;
  claims jsonb;
begin
  if setting is null or setting = '' then
    return null;
  end if;
  body := convert_to(substr(setting, 65), 'UTF8');
  if exists (
    select from safeconduct.seal k
    where (k.until is null or k.until > now())
      and sha256(convert_to(encode(sha256(k.outer_pad || sha256(k.inner_pad || body)), 'hex'), 'UTF8'))
        = sha256(convert_to(left(setting, 64), 'UTF8'))
  ) then
    claims := substr(setting, 65)::jsonb;
    if (claims ->> 'exp')::float8 > extract(epoch from now()) then
      return claims;
    end if;
  end if;
  raise exception 'the identity is not signed with a key of this database, or it has expired' using errcode = '28000';
end $$;

create or replace function safeconduct.identity() returns jsonb language sql stable parallel safe
  return safeconduct.unsealed();

create or replace function safeconduct.subject() returns text language sql stable parallel safe
  return safeconduct.unsealed() ->> 'sub';

create or replace function safeconduct.organization() returns text language sql stable parallel safe
  return safeconduct.unsealed() ->> 'org';

create or replace function safeconduct.has_role(role text) returns boolean language sql stable parallel safe
  return (safeconduct.unsealed() -> 'roles') ? role;
