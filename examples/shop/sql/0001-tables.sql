create table shop.customers (
  id text primary key,
  -- The `sub` of the person at the issuer; null for those who ordered as guests.
  subject text unique,
  name text not null,
  email text not null unique,
  city text not null,
  country text not null,
  since date not null
);

create table shop.products (
  sku text primary key,
  name text not null,
  category text not null,
  price_cents integer not null check (price_cents >= 0),
  stock integer not null check (stock >= 0),
  description text not null
);

create table shop.orders (
  number integer primary key,
  customer_id text not null references shop.customers (id),
  status text not null check (status in ('placed', 'packed', 'shipped', 'delivered', 'cancelled', 'returned')),
  placed_at timestamptz not null,
  expected_on date,
  unique (customer_id, number)
);

-- The owner stands on every row that belongs to somebody, so that each policy is one comparison with an index behind it.
create table shop.order_items (
  order_number integer not null,
  customer_id text not null,
  sku text not null references shop.products (sku),
  quantity integer not null check (quantity > 0),
  price_cents integer not null check (price_cents >= 0),
  primary key (order_number, sku),
  foreign key (customer_id, order_number) references shop.orders (customer_id, number)
);
create index order_items_customer on shop.order_items (customer_id);
