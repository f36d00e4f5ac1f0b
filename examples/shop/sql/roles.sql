-- Who may do what. Roles belong to the whole server, so this runs at every start and leaves alone what is there.
--   shop_owner     owns the tables; nobody logs in as it, and row-level security binds it too (FORCE)
--   shop_login     the shop's program logs in as it; it has no right on any table
--   shop_customer  what a statement for a signed-in person runs as
--   shop_support   the same for employees: a role of its own, because a second permissive policy on the customers'
--                  role ("own rows OR support") would turn every customer's index scan into a scan of the table
do $roles$
declare
  wanted text;
begin
  foreach wanted in array array['shop_owner', 'shop_login', 'shop_customer', 'shop_support'] loop
    begin
      execute format('create role %I', wanted);
    exception
      when duplicate_object or unique_violation then null;
    end;
  end loop;
end
$roles$;
