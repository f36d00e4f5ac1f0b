-- From here on nobody sees a row without a policy that lets it through: not even the owner of the tables.
alter table shop.customers enable row level security;
alter table shop.customers force row level security;
alter table shop.products enable row level security;
alter table shop.products force row level security;
alter table shop.orders enable row level security;
alter table shop.orders force row level security;
alter table shop.order_items enable row level security;
alter table shop.order_items force row level security;

grant usage on schema shop to shop_customer, shop_support;

-- The range of goods is the same for everybody.
grant select on shop.products to shop_customer, shop_support;
create policy products_everybody on shop.products for select to shop_customer, shop_support using (true);

-- Customers: their own rows. `(select …)` makes PostgreSQL evaluate the identity once for each statement.
grant select on shop.customers, shop.orders, shop.order_items to shop_customer;
create policy customers_self on shop.customers for select to shop_customer
  using (subject = (select safeconduct.subject()));
create policy orders_own on shop.orders for select to shop_customer
  using (customer_id = (select c.id from shop.customers c where c.subject = (select safeconduct.subject())));
create policy order_items_own on shop.order_items for select to shop_customer
  using (customer_id = (select c.id from shop.customers c where c.subject = (select safeconduct.subject())));

-- The one thing that a customer may change: from placed or packed to cancelled, on an own order, and no other column.
grant update (status) on shop.orders to shop_customer;
create policy orders_cancel on shop.orders for update to shop_customer
  using (
    status in ('placed', 'packed')
    and customer_id = (select c.id from shop.customers c where c.subject = (select safeconduct.subject()))
  )
  with check (
    status = 'cancelled'
    and customer_id = (select c.id from shop.customers c where c.subject = (select safeconduct.subject()))
  );

-- Employees: read only, and only when the verified identity has the role. Both locks must open.
grant select on shop.customers, shop.orders, shop.order_items to shop_support;
create policy customers_support on shop.customers for select to shop_support
  using ((select safeconduct.has_role('support')));
create policy orders_support on shop.orders for select to shop_support
  using ((select safeconduct.has_role('support')));
create policy order_items_support on shop.order_items for select to shop_support
  using ((select safeconduct.has_role('support')));
