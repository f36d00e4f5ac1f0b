import { z } from 'zod';
import { orderStates } from '../data/orders.ts';
import { listOrders } from '../database/order-list.ts';
import { euros, onDay, stateName } from './spelling.ts';
import { defineTool } from './tool.ts';

export const myOrders = defineTool({
  name: 'my_orders',
  description: 'Lists the orders of the person who is signed in, newest first.',
  input: z.strictObject({
    status: z.enum(orderStates).optional().describe('Only orders in this state'),
  }),
  scopes: ['orders:read'],
  policy: 'orders_own',
  async run({ input, db, name }) {
    const rows = await listOrders(db.own, input);
    const orders = rows.map(({ total_cents, ...order }) => ({ ...order, total: euros(total_cents) }));
    if (orders.length === 0) return { rows: 0, answer: { orders }, text: `No such order is visible to ${name}.` };
    return {
      rows: orders.length,
      answer: { orders },
      table: {
        columns: ['Order', 'Placed', 'Status', 'Total'],
        rows: orders.map((order) => [String(order.number), onDay(order.placed), stateName(order.status), order.total]),
      },
    };
  },
});
