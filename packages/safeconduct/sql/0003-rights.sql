-- The role that statements run as. It cannot log in, owns nothing, and may call no function that writes settings.
do $$ begin
  create role :"role" nologin noinherit;
exception when duplicate_object then null;
end $$;
grant usage on schema safeconduct to :"role";

-- Whoever may call set_config may become somebody else. PostgreSQL only warns when the caller may not revoke it.
revoke execute on function pg_catalog.set_config(text, text, boolean) from public;

-- Temporary tables are searched first: one person's would shadow the next person's.
do $$ begin
  execute format('revoke temporary on database %I from public', current_database());
end $$;
revoke create on schema public from public;
