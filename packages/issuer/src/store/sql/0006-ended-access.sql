-- When a user was disabled last: what it got for itself before then has ended, also when it is enabled again.
alter table issuer.users add column access_ended_at timestamptz;
