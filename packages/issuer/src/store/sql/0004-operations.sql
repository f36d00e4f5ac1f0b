-- Keys, the audit log, and its seal.

create table issuer.signing_key (
  kid text primary key,
  algorithm text not null,
  state text not null check (state in ('next', 'active', 'retired')),
  public_jwk jsonb not null,
  -- The private JWK, sealed with the master key.
  private_jwk text not null,
  published_at timestamptz not null default now(),
  activated_at timestamptz,
  retired_at timestamptz
);
-- One key of each algorithm signs.
create unique index signing_key_active on issuer.signing_key (algorithm) where state = 'active';

insert into issuer.lease (name) values ('signing keys'), ('audit'), ('configuration'), ('cleaning') on conflict do nothing;

-- Security events. Nobody may change or delete a row, the owner of the table included.
create table issuer.event (
  id text primary key,
  at timestamptz not null default now(),
  type text not null,
  actor text,
  client text,
  organization text,
  target text,
  outcome text not null check (outcome in ('ok', 'refused', 'failed')),
  reason text,
  request_id text,
  ip_prefix text,
  details jsonb not null default '{}'
);
create index event_at on issuer.event (at);
create index event_actor on issuer.event (actor, at) where actor is not null;

-- Each event's place in the chain: hash = SHA-256 of the hash before it and the event.
create table issuer.event_chain (
  position bigint primary key,
  event_id text not null unique,
  hash text not null
);

-- An owner can give these rights back to itself, but only on purpose; and the chain shows what was changed.
revoke update, delete, truncate on issuer.event from current_user;
revoke update, delete, truncate on issuer.event_chain from current_user;

alter table issuer.role_grant add foreign key (user_id) references issuer.users (id) on delete cascade;

-- Hashes of secrets that were declared as demo values: production does not start while one of them is in use.
create table issuer.demo_secret (
  owner text not null,
  hash text not null,
  primary key (owner, hash)
);
