-- The role that the program logs in as: it may take the person's role, has none of its rights by itself,
-- and so gets an error instead of rows when somebody forgets to name the person.
grant execute on function pg_catalog.set_config(text, text, boolean) to :"login";
do $$ begin
  if current_setting('server_version_num')::int >= 160000 then
    execute format('grant %I to %I with inherit false, set true', :'role', :'login');
  else
    execute format('grant %I to %I', :'role', :'login');
    execute format('alter role %I noinherit', :'login');
  end if;
  execute format('alter role %I in database %I set search_path = %s', :'login', current_database(), :'path');
end $$;
