import { z } from 'zod';
import { euros, onDay, stateName } from './spelling.ts';
import { defineTool, type Outcome } from './tool.ts';

interface LineRow {
  readonly number: number;
  readonly status: string;
  readonly placed: string;
  readonly expected: string | null;
  readonly customer: string;
  readonly product: string;
  readonly quantity: number;
  readonly price_cents: number;
}

/** An order number as people and models write it. */
export const orderNumber = z.int().min(1).max(2_000_000_000).describe('The order number, such as 1001');

export const orderStatus = defineTool({
  name: 'order_status',
  description: 'Shows one order by its number: where it is, when it should arrive, what is in it.',
  input: z.strictObject({ number: orderNumber }),
  scopes: ['orders:read'],
  policy: 'orders_own',
  supportPolicy: 'orders_support',
  async run({ input, db, name }) {
    const { rows } = await db.support.query<LineRow>(
      `select o.number, o.status, (o.placed_at at time zone 'UTC')::date::text as placed, o.expected_on::text as expected,
              c.name as customer, p.name as product, i.quantity, i.price_cents
         from shop.orders o
         join shop.customers c on c.id = o.customer_id
         join shop.order_items i on i.order_number = o.number
         join shop.products p on p.sku = i.sku
        where o.number = $1
        order by i.sku`,
      [input.number],
    );
    const [order] = rows;
    return order === undefined ? nothing(input.number, name) : shown(order, rows);
  },
});

/** The answer for an order that is not there for this person, whether it exists or not. */
function nothing(number: number, name: string): Outcome {
  return {
    rows: 0,
    answer: { found: false, number, note: 'No order with this number is visible to the person who is signed in.' },
    text: `No order ${number} is visible to ${name}. The database decided this, not the assistant.`,
  };
}

function shown(order: LineRow, lines: readonly LineRow[]): Outcome {
  const items = lines.map(({ product, quantity, price_cents }) => ({ product, quantity, price: euros(price_cents) }));
  const total = euros(lines.reduce((sum, line) => sum + line.quantity * line.price_cents, 0));
  const { number, status, placed, expected, customer } = order;
  return {
    rows: 1,
    answer: { found: true, number, status, placed, expected, customer, items, total },
    table: {
      columns: ['Order', 'Customer', 'Status', 'Arrives', 'Total'],
      rows: [[String(number), customer, stateName(status), onDay(expected), total]],
    },
    text: items.map(({ product, quantity }) => (quantity > 1 ? `${quantity} × ${product}` : product)).join(', '),
  };
}
