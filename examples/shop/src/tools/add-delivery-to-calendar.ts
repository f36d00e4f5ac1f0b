import { z } from 'zod';
import type { Added, CalendarEvent } from '../calendar/calendar.ts';
import { calendarName } from '../calendar/calendar.ts';
import { orderNumber } from './order-status.ts';
import { onDay } from './spelling.ts';
import { defineTool, type Outcome } from './tool.ts';

interface DeliveryRow {
  readonly number: number;
  readonly status: string;
  readonly expected: string | null;
}

export const addDeliveryToCalendar = defineTool({
  name: 'add_delivery_to_calendar',
  description:
    'Adds the delivery day of one order to the calendar of the person who is signed in. Use it only when the person asked for it. ' +
    'When the calendar is not connected yet, the person is shown how to connect it.',
  input: z.strictObject({ number: orderNumber }),
  scopes: ['orders:read'],
  policy: 'orders_own',
  async run({ input: { number }, db, name, calendar }) {
    const { rows } = await db.own.query<DeliveryRow>(
      'select number, status, expected_on::text as expected from shop.orders where number = $1',
      [number],
    );
    const [order] = rows;
    if (order === undefined) return nothing(number, name);
    const { expected } = order;
    if (expected === null) return withoutDay(number);
    const event = eventOf({ ...order, expected });
    return outcomeOf(await calendar.add(event), event, { number, name });
  },
});

function eventOf({ number, status, expected }: DeliveryRow & { readonly expected: string }): CalendarEvent {
  const over = status === 'delivered' || status === 'returned';
  return {
    id: `shop-order-${number}`,
    title: over ? `Order ${number} arrived` : `Order ${number} should arrive`,
    day: expected,
    note: 'Added by the shop assistant.',
  };
}

interface About {
  readonly number: number;
  readonly name: string;
}

function outcomeOf(added: Added, event: CalendarEvent, { number, name }: About): Outcome {
  switch (added.kind) {
    case 'added':
    case 'known':
      return {
        rows: 1,
        answer: { added: true, number, day: event.day, alreadyThere: added.kind === 'known' },
        table: { columns: ['Day', 'In the calendar'], rows: [[onDay(event.day), event.title]] },
        note: `The order came from PostgreSQL as ${name}; the event went to the ${calendarName} with ${name}’s own access, which no model sees.`,
      };
    case 'needs-connection':
      return {
        rows: 0,
        answer: { added: false, number, reason: 'not_connected', note: 'The person is being shown how to connect the calendar.' },
        text: `The ${calendarName} is not connected yet. Nothing was added.`,
        note: `The issuer gives access to ${name}’s calendar only after ${name} has allowed it.`,
        connect: { name: calendarName, why: 'add events to it', link: added.link },
      };
    case 'ended':
      return {
        rows: 0,
        answer: { added: false, number, reason: 'access_ended', note: 'The calendar no longer accepts the access that it gave.' },
        text: `The ${calendarName} no longer accepts the access that it gave. Disconnect it on the account page, then ask again to connect it anew.`,
        connect: { name: calendarName, why: 'add events to it', link: added.link, ended: true },
      };
    case 'failed':
      return { rows: 0, answer: { added: false, number, error: 'calendar', message: added.message }, text: added.message };
  }
}

/** The answer for an order that is not there for this person, whether it exists or not. */
function nothing(number: number, name: string): Outcome {
  return {
    rows: 0,
    answer: { added: false, found: false, number, note: 'No order with this number is visible to the person who is signed in.' },
    text: `${name} has no order ${number}, so nothing was added. The database decided this, not the assistant.`,
  };
}

function withoutDay(number: number): Outcome {
  return {
    rows: 1,
    answer: { added: false, number, reason: 'no_delivery', note: 'This order has no delivery day.' },
    text: `Order ${number} was cancelled: it has no delivery day, and nothing was added.`,
  };
}
