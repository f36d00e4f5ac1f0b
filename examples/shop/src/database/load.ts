import type { ClientBase } from 'pg';
import { catalogue } from '../data/catalogue.ts';
import { customers } from '../data/customers.ts';
import { ordersUntil } from '../data/orders.ts';

/** Fills empty tables with the demo data. */
export async function loadDemoData(client: ClientBase, today: Date): Promise<void> {
  const orders = ordersUntil(today);
  await client.query(
    `insert into shop.customers
     select * from jsonb_to_recordset($1::jsonb)
       as r (id text, subject text, name text, email text, city text, country text, since date)`,
    [JSON.stringify(customers)],
  );
  await client.query(
    `insert into shop.products
     select sku, name, category, "priceCents", stock, description from jsonb_to_recordset($1::jsonb)
       as r (sku text, name text, category text, "priceCents" int, stock int, description text)`,
    [JSON.stringify(catalogue)],
  );
  await client.query(
    `insert into shop.orders
     select number, "customerId", status, "placedAt", "expectedOn" from jsonb_to_recordset($1::jsonb)
       as r (number int, "customerId" text, status text, "placedAt" timestamptz, "expectedOn" date)`,
    [JSON.stringify(orders)],
  );
  const items = orders.flatMap((order) => order.items.map((item) => ({ number: order.number, customerId: order.customerId, ...item })));
  await client.query(
    `insert into shop.order_items
     select number, "customerId", sku, quantity, "priceCents" from jsonb_to_recordset($1::jsonb)
       as r (number int, "customerId" text, sku text, quantity int, "priceCents" int)`,
    [JSON.stringify(items)],
  );
}
