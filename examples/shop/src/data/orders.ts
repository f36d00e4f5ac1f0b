import { catalogue } from './catalogue.ts';
import { customers } from './customers.ts';

/** Where an order is. */
export const orderStates = ['placed', 'packed', 'shipped', 'delivered', 'cancelled', 'returned'] as const;
export type OrderState = (typeof orderStates)[number];

export interface OrderItem {
  readonly sku: string;
  readonly quantity: number;
  readonly priceCents: number;
}

export interface Order {
  readonly number: number;
  readonly customerId: string;
  readonly status: OrderState;
  /** ISO instant. */
  readonly placedAt: string;
  /** ISO date: when it should arrive, or did. */
  readonly expectedOn: string | null;
  readonly items: readonly OrderItem[];
}

const first = 1001;
const count = 300;
const day = 86_400_000;
/** How long ago the first order was placed. */
const span = 112 * day;

/** The orders that belong to the people who can sign in. Documentation and tests name these numbers. */
const fixed: Readonly<Record<number, { customer: string; status: OrderState }>> = {
  1001: { customer: 'C-1001', status: 'delivered' },
  1118: { customer: 'C-1001', status: 'delivered' },
  1194: { customer: 'C-1001', status: 'returned' },
  1243: { customer: 'C-1001', status: 'cancelled' },
  1288: { customer: 'C-1001', status: 'shipped' },
  1296: { customer: 'C-1001', status: 'placed' },
  1002: { customer: 'C-1002', status: 'delivered' },
  1150: { customer: 'C-1002', status: 'delivered' },
  1285: { customer: 'C-1002', status: 'shipped' },
  1291: { customer: 'C-1002', status: 'packed' },
  1299: { customer: 'C-1002', status: 'placed' },
  1003: { customer: 'C-1003', status: 'delivered' },
  1286: { customer: 'C-1003', status: 'shipped' },
  1298: { customer: 'C-1003', status: 'placed' },
};

/** Every order, the same on every machine but for the days: they end on the day before `today`. */
export function ordersUntil(today: Date): readonly Order[] {
  const midnight = Math.floor(today.getTime() / day) * day;
  return Array.from({ length: count }, (_, index) => orderAt(index, midnight));
}

function orderAt(index: number, midnight: number): Order {
  const number = first + index;
  const random = sequence(number);
  const placed = midnight - span + Math.floor((index / count) * (span - day)) + Math.floor(random() * 12 * 3_600_000);
  const known = fixed[number];
  const guests = customers.slice(3);
  const customerId = known?.customer ?? guests[Math.floor(random() * guests.length)]?.id ?? 'C-1004';
  const status = known?.status ?? stateAt((midnight - placed) / day, random());
  return {
    number,
    customerId,
    status,
    placedAt: new Date(placed).toISOString(),
    expectedOn: expectedOn(status, placed + (3 + Math.floor(random() * 3)) * day, midnight),
    items: itemsOf(random),
  };
}

// What has not arrived is due tomorrow at the earliest.
function expectedOn(status: OrderState, due: number, midnight: number): string | null {
  if (status === 'cancelled') return null;
  const open = status === 'placed' || status === 'packed' || status === 'shipped';
  return new Date(open ? Math.max(due, midnight + day) : Math.min(due, midnight - day)).toISOString().slice(0, 10);
}

function stateAt(days: number, chance: number): OrderState {
  if (days < 2) return 'placed';
  if (days < 3.5) return 'packed';
  if (days < 6) return 'shipped';
  if (chance < 0.05) return 'cancelled';
  return chance < 0.09 ? 'returned' : 'delivered';
}

function itemsOf(random: () => number): OrderItem[] {
  const wanted = 1 + Math.floor(random() * 3);
  const picked = new Set(Array.from({ length: wanted }, () => Math.floor(random() * catalogue.length)));
  return [...picked].flatMap((index) => {
    const product = catalogue[index];
    return product ? [{ sku: product.sku, quantity: random() < 0.75 ? 1 : 2, priceCents: product.priceCents }] : [];
  });
}

/** Mulberry32: the same numbers for the same start, which is all that demo data needs. */
function sequence(start: number): () => number {
  let state = start >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
