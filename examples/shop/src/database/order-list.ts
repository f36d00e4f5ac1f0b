import type { OrderState } from '../data/orders.ts';
import type { Rows } from './doors.ts';

/** One order in a list. */
export interface ListedOrder {
  readonly number: number;
  readonly status: string;
  /** ISO date. */
  readonly placed: string;
  readonly expected: string | null;
  readonly total_cents: number;
}

const most = 20;

/** Lists orders, newest first. Without a customer it says nothing about whose: the policy on the table decides. */
export async function listOrders(
  db: Rows,
  { status, customer }: { status?: OrderState | undefined; customer?: string | undefined },
): Promise<ListedOrder[]> {
  const { rows } = await db.query<ListedOrder>(
    `select o.number, o.status, (o.placed_at at time zone 'UTC')::date::text as placed, o.expected_on::text as expected,
            coalesce(sum(i.quantity * i.price_cents), 0)::int as total_cents
       from shop.orders o left join shop.order_items i on i.order_number = o.number
      where ($1::text is null or o.status = $1) and ($2::text is null or o.customer_id = $2)
      group by o.number
      order by o.number desc
      limit $3`,
    [status ?? null, customer ?? null, most],
  );
  return rows;
}
