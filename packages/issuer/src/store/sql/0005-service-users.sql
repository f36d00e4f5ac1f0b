-- Service users, their keys, and personal access tokens.

-- A service user is a user and, under the same id, the application with which it gets tokens for itself. One that needs no
-- project of its own belongs to its organization alone.
alter table issuer.application alter column project_id drop not null;
alter table issuer.application add constraint application_in_project check (kind = 'service' or project_id is not null);
insert into issuer.users (id, kind, organization_id, name)
  select a.id, 'service', p.organization_id, a.name from issuer.application a join issuer.project p on p.id = a.project_id
  where a.kind = 'service' on conflict (id) do nothing;
-- The other way round: a service user that was declared without an application gets one that may do nothing yet.
insert into issuer.application (id, kind, name, auth_method, grant_types)
  select u.id, 'service', coalesce(u.name, u.id), 'client_secret_basic', '{client_credentials}' from issuer.users u
  where u.kind = 'service' on conflict (id) do nothing;

-- Public keys for private_key_jwt, two live ones at most, so that one can be replaced without an outage. `id` is the kid.
create table issuer.application_key (
  application_id text not null references issuer.application (id),
  id text not null,
  jwk jsonb not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  primary key (application_id, id)
);
insert into issuer.application_key (application_id, id, jwk)
  select a.id, coalesce(k.jwk ->> 'kid', 'key-' || k.place), k.jwk
  from issuer.application a cross join lateral jsonb_array_elements(a.jwks -> 'keys') with ordinality as k(jwk, place)
  on conflict do nothing;
alter table issuer.application drop column jwks;

-- A secret is named by an id, so that one can be removed without knowing it.
alter table issuer.application_secret add column id text;
update issuer.application_secret set id = 'sec_' || md5(application_id || ' ' || hash);
alter table issuer.application_secret alter column id set not null;
create unique index application_secret_id on issuer.application_secret (application_id, id);

-- Tokens that people and service users make for their scripts. Only the SHA-256 is kept; `prefix` is for people to recognize one.
create table issuer.personal_access_token (
  id           text primary key,
  user_id      text not null references issuer.users (id) on delete cascade,
  name         text not null,
  hash         text not null unique,
  prefix       text not null,
  resources    text[] not null,     -- resource indicators (RFC 8707) of the APIs that it is for
  scopes       text[] not null default '{}',
  created_by   text not null,
  created_at   timestamptz not null default now(),
  expires_at   timestamptz not null,
  last_used_at timestamptz          -- to the minute
);
create index personal_access_token_user on issuer.personal_access_token (user_id);
create index personal_access_token_expiry on issuer.personal_access_token (expires_at);
