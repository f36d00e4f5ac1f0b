-- What origins that speak as a vendor does need: a set of keys for each issuer, and what vendors know about people and organizations.

-- '' is the issuer itself; any other is named as its tokens name it.
alter table issuer.signing_key add column issuer text not null default '';
drop index issuer.signing_key_active;
create unique index signing_key_active on issuer.signing_key (issuer, algorithm) where state = 'active';

-- Primary domain: it names the organization where a dialect wants a domain.
alter table issuer.organization add column domain text;
create unique index organization_domain on issuer.organization (domain);

-- `sub` by dialect, for people who moved here and keep theirs.
alter table issuer.users add column subjects jsonb not null default '{}';
-- Further standard claims (OpenID Connect Core, 5.1).
alter table issuer.users add column claims jsonb not null default '{}';
-- Keys and values as text.
alter table issuer.users add column metadata jsonb not null default '{}';
-- The account elsewhere that somebody first came with: {"connection", "subject"}.
alter table issuer.users add column came_with jsonb;

-- Leniencies of a dialect that the application does without.
alter table issuer.application add column refuses text[] not null default '{}';
-- For kind `api`: which form of token it wants, where a dialect has several.
alter table issuer.application add column token_version integer not null default 2 check (token_version in (1, 2));

-- Who is to tell of it: '' is the issuer itself, any other a realm of its own (one origin's dialect, or one tenant's issuer there).
alter table issuer.logout_notice add column realm text not null default '';
