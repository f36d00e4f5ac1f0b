-- Third parties: how the issuer reaches them, who signs in through them, and the tokens that people let applications use there.

create table issuer.connection (
  id text primary key,          -- the name that programs send: `connection=calendar`
  organization_id text not null references issuer.organization (id),
  name text not null,
  preset text not null check (preset in ('oidc', 'oauth2', 'google', 'github', 'microsoft', 'slack')),
  sign_in boolean not null default false,   -- people may sign in through it
  sign_up boolean not null default false,   -- and somebody unknown becomes a new user
  accounts boolean not null default false,  -- people may connect their account there, for applications to use
  issuer text,                              -- OpenID Connect: `iss`, exactly
  endpoints jsonb not null default '{}',
  client_id text not null,
  client_secret text,                       -- sealed
  demo_secret boolean not null default false,
  -- Null, here and in `scopes` and `refresh_retry`: what the preset says.
  auth_method text check (auth_method in ('client_secret_basic', 'client_secret_post', 'none')),
  scopes text[],                            -- always asked for
  authorization_params jsonb not null default '{}',
  public_clients boolean not null default false,
  refresh_retry text check (refresh_retry in ('never', 'safe')),
  proxy jsonb,                              -- null: nothing is passed on
  disabled_at timestamptz,
  created_at timestamptz not null default now(),
  check (sign_in or accounts)
);
create index connection_organization on issuer.connection (organization_id);

-- Which applications may use what people connect.
create table issuer.connection_application (
  connection_id text not null references issuer.connection (id) on delete cascade,
  application_id text not null references issuer.application (id),
  scopes text[],                            -- null: whatever the person allows
  tokens boolean not null default true,     -- false: through the proxy only
  primary key (connection_id, application_id)
);
create index connection_application_application on issuer.connection_application (application_id);

-- Who somebody is elsewhere. Found by issuer and subject alone, within the organization whose connection vouches for them, never
-- by e-mail.
create table issuer.linked_identity (
  organization_id text not null references issuer.organization (id),
  issuer text not null,
  subject text not null,
  user_id text not null references issuer.users (id) on delete cascade,
  connection_id text not null references issuer.connection (id),
  name text,
  linked_at timestamptz not null default now(),
  last_used_at timestamptz,
  primary key (organization_id, issuer, subject)
);
create index linked_identity_user on issuer.linked_identity (user_id);

-- Data keys of the vault, one in use per organization and connection, each wrapped by a key-encryption key.
create table issuer.data_key (
  id text primary key,
  organization_id text not null references issuer.organization (id),
  connection_id text not null references issuer.connection (id),
  kek text not null,
  wrapped text not null,
  created_at timestamptz not null default now(),
  retired_at timestamptz
);
create unique index data_key_current on issuer.data_key (organization_id, connection_id) where retired_at is null;

-- The vault: one account of one person at one third party, with its tokens.
create table issuer.connected_account (
  id text primary key,                      -- cac_ and letters or digits
  organization_id text not null references issuer.organization (id),
  user_id text not null references issuer.users (id) on delete cascade,
  connection_id text not null references issuer.connection (id),
  account text not null,                    -- the person's id over there
  account_name text,
  scopes text[] not null,                   -- as the third party granted them
  state text not null default 'active' check (state in ('active', 'reconnect')),
  state_reason text,
  version integer not null default 1,       -- counts the writes of `tokens`
  data_key_id text not null references issuer.data_key (id),
  tokens text not null,                     -- sealed; bound to organization, user, connection, id and version
  expires_at timestamptz,                   -- of the access token; null when it has no end
  refreshable boolean not null,
  refresh_claim text,                       -- set before a refresh token is sent, so that no second one is sent after a crash
  refresh_claimed_at timestamptz,
  connected_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (user_id, connection_id, account)
);
create index connected_account_connection on issuer.connected_account (connection_id);
create index connected_account_data_key on issuer.connected_account (data_key_id);

-- What each application may do with a connected account.
create table issuer.connected_account_use (
  account_id text not null references issuer.connected_account (id) on delete cascade,
  application_id text not null references issuer.application (id),
  scopes text[] not null,
  allowed_at timestamptz not null default now(),
  last_used_at timestamptz,
  primary key (account_id, application_id)
);

-- A sign-in or a connecting that is under way at a third party, or waits for the person's last word. `id` is the SHA-256 of
-- `state`, `browser` that of a cookie.
create table issuer.upstream_request (
  id text primary key,
  browser text not null,
  purpose text not null check (purpose in ('sign-in', 'connect', 'link', 'confirm-connect', 'confirm-link')),
  connection_id text not null references issuer.connection (id) on delete cascade,
  payload text not null,                    -- sealed
  expires_at timestamptz not null,
  consumed_at timestamptz
);
create index upstream_request_expiry on issuer.upstream_request (expires_at);

-- A connecting that an application began over the JSON API. `id` and the two codes are SHA-256.
create table issuer.connect_ticket (
  id text primary key,
  auth_session text not null unique,
  user_id text not null references issuer.users (id) on delete cascade,
  application_id text not null references issuer.application (id),
  connection_id text not null references issuer.connection (id) on delete cascade,
  redirect_uri text not null,
  state text,
  code_challenge text not null,
  scopes text[] not null,
  authorization_params jsonb not null default '{}',
  opened_at timestamptz,
  connect_code text unique,
  result text,                              -- sealed: what the third party gave, until the application completes it
  completed_at timestamptz,
  expires_at timestamptz not null
);
create index connect_ticket_expiry on issuer.connect_ticket (expires_at);
