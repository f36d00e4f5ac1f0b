-- Who can sign in: people and service users, their passwords, and the count of wrong passwords.

create table issuer.users (
  id              text primary key,
  kind            text not null check (kind in ('person', 'service')),
  organization_id text not null references issuer.organization (id),
  email           text,
  email_key       text,               -- the e-mail as it is compared: NFC, lower case
  email_verified  boolean not null default false,
  name            text,
  given_name      text,
  family_name     text,
  locale          text,
  state           text not null default 'active' check (state in ('active', 'disabled')),
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  disabled_at     timestamptz
);
create unique index users_email_key on issuer.users (email_key);
create index users_organization on issuer.users (organization_id);

-- One password each, as a PHC string. Changing it ends the trust in browsers that signed in with the old one.
create table issuer.user_password (
  user_id    text primary key references issuer.users (id) on delete cascade,
  hash       text not null,
  changed_at timestamptz not null default now()
);

-- Wrong passwords in a row, per bucket: an e-mail, a network or a browser that signed in before.
-- A bucket is a keyed hash, so that the table names nobody, and exists for e-mails that nobody has, too.
create table issuer.sign_in_throttle (
  bucket         text primary key,
  failures       integer not null,
  last_failed_at timestamptz not null,
  paused_until   timestamptz not null
);
create index sign_in_throttle_age on issuer.sign_in_throttle (last_failed_at);
