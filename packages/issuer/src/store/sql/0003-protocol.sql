-- What the protocol engine must remember. Ids are `Kind:sha256`: no usable token, code or cookie is in the database.

create table issuer.artifact (
  id          text primary key,
  kind        text not null,
  payload     jsonb not null,
  grant_id    text,         -- artifact.id of the grant behind it; ending the grant ends every token of its family
  session_id  text,         -- the sign-in session it ends with: a row of kind SessionEnd under this id ends it
  account_id  text,         -- whose it is; revoking every row of an account ends all that the account holds
  handle      text,         -- second way to find it, hashed: a device's user code
  claimed_by  text,         -- device codes: the browser that typed the code first
  polled_at   timestamptz,  -- device codes: when the device asked last
  created_at  timestamptz not null default now(),
  expires_at  timestamptz not null,
  consumed_at timestamptz,  -- single use: set once, by the database's clock, never cleared
  successor   text,         -- refresh tokens: the child's value, sealed, for the grace window
  revoked_at  timestamptz   -- a tombstone: the row stays, so that a late write cannot bring it back
);
create index artifact_session on issuer.artifact (session_id) where session_id is not null;
create index artifact_account on issuer.artifact (account_id) where account_id is not null;
create index artifact_handle on issuer.artifact (handle) where handle is not null;
create index artifact_expiry on issuer.artifact (expires_at);

-- Failed guesses (client secrets, user codes) per bucket, shared by all processes.
create table issuer.attempt (
  bucket     text primary key,
  failures   integer not null,
  expires_at timestamptz not null
);
create index attempt_expiry on issuer.attempt (expires_at);

-- Back-channel logout: what applications must still be told. Written in the same statement that ends the session.
create table issuer.logout_notice (
  id         text primary key,
  client_id  text not null,
  account_id text not null,
  sid        text,
  attempts   integer not null default 0,
  next_at    timestamptz not null default now(),
  expires_at timestamptz not null
);
create index logout_notice_next on issuer.logout_notice (next_at);
