-- Who there is, and which programs speak for them. Ids are made by the application; a client id never begins with usr_.

create table issuer.organization (
  id text primary key,
  name text not null,
  created_at timestamptz not null default now()
);

create table issuer.project (
  id text primary key,
  organization_id text not null references issuer.organization (id),
  name text not null,
  created_at timestamptz not null default now()
);
create index project_organization on issuer.project (organization_id);

create table issuer.role (
  project_id text not null references issuer.project (id),
  key text not null,
  name text not null,
  primary key (project_id, key)
);

-- What a person may do in a project, as a member of an organization.
create table issuer.role_grant (
  organization_id text not null references issuer.organization (id),
  user_id text not null,
  project_id text not null,
  role_key text not null,
  granted_at timestamptz not null default now(),
  primary key (organization_id, user_id, project_id, role_key),
  foreign key (project_id, role_key) references issuer.role (project_id, key)
);
create index role_grant_user on issuer.role_grant (user_id, project_id);

-- An OAuth client (web, native, spa, service) or an API that tokens are for (api). `id` is the client_id.
create table issuer.application (
  id text primary key,
  project_id text not null references issuer.project (id),
  kind text not null check (kind in ('web', 'native', 'spa', 'service', 'api')),
  name text not null,
  first_party boolean not null default false,
  redirect_uris text[] not null default '{}',
  post_logout_redirect_uris text[] not null default '{}',
  backchannel_logout_uri text,
  grant_types text[] not null default '{}',
  auth_method text not null check (auth_method in ('none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt')),
  jwks jsonb,
  scopes text[] not null default '{}',
  resources text[] not null default '{}',
  default_resource text,
  pkce_required boolean not null default true,
  dialects text[] not null default '{standard}',
  issuer_admin boolean not null default false,
  -- The rest is for kind api: the resource indicator (RFC 8707) is the audience of its tokens.
  resource text unique,
  resource_scopes jsonb not null default '{}',
  token_format text not null default 'jwt' check (token_format in ('jwt', 'opaque')),
  token_lifetime int not null default 600,
  disabled_at timestamptz,
  created_at timestamptz not null default now(),
  check (kind <> 'api' or resource is not null)
);
create index application_project on issuer.application (project_id);

-- At most two live secrets per application, so that one can be replaced without an outage. Only the SHA-256 is kept.
create table issuer.application_secret (
  application_id text not null references issuer.application (id),
  hash text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  primary key (application_id, hash)
);
