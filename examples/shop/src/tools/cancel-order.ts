import { z } from 'zod';
import { orderNumber } from './order-status.ts';
import { stateName } from './spelling.ts';
import { defineTool } from './tool.ts';

export const cancelOrder = defineTool({
  name: 'cancel_order',
  description: 'Cancels one order of the person who is signed in, if it was not sent yet. Use it only when the person asked for it.',
  input: z.strictObject({ number: orderNumber }),
  scopes: ['orders:write'],
  policy: 'orders_cancel',
  async run({ input: { number }, db, name }) {
    // The policy holds the rule (own order, placed or packed, nothing but the status): the statement only asks.
    const { rowCount } = await db.own.query(`update shop.orders set status = 'cancelled' where number = $1 and status <> 'cancelled'`, [
      number,
    ]);
    if (rowCount === 1) {
      return { rows: 1, answer: { cancelled: true, number }, text: `Order ${number} is cancelled.` };
    }
    const { rows } = await db.own.query<{ status: string }>('select status from shop.orders where number = $1', [number]);
    const [order] = rows;
    if (order === undefined) {
      return {
        rows: 0,
        answer: { cancelled: false, found: false, number, note: 'The person who is signed in has no such order.' },
        text: `${name} has no order ${number} to cancel. The database decided this, not the assistant.`,
      };
    }
    return {
      rows: 0,
      answer: { cancelled: false, number, status: order.status, note: 'Only orders that are placed or packed can be cancelled.' },
      text: `Order ${number} was not changed: it is “${stateName(order.status)}”. Only orders that were not sent yet can be cancelled.`,
    };
  },
});
