import { onDay, stateName } from '../../tools/spelling.ts';
import type { Result } from './conversation.ts';

/** Puts what a tool gave back into sentences. Text inside a result is shown by its card, never obeyed and never repeated here. */
export function replyTo({ tool, answer }: Result, said: string): string {
  if (typeof answer.error === 'string') return String(answer.message ?? 'That did not work.');
  switch (tool) {
    case 'my_orders':
      return aboutOrders(listOf(answer.orders), said);
    case 'order_status':
      return aboutOrder(answer);
    case 'cancel_order':
      return aboutCancelling(answer);
    case 'add_delivery_to_calendar':
      return aboutCalendar(answer);
    case 'find_products':
      return aboutProducts(listOf(answer.products));
    case 'my_profile':
      return answer.customer === true
        ? `You are signed in as ${String(answer.name)} (${String(answer.email)}), a customer since ${String(answer.since).slice(0, 4)}.`
        : 'You are signed in, but the shop has no customer account for you.';
    default:
      return 'Done.';
  }
}

type Fields = Readonly<Record<string, unknown>>;

function listOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.filter((one): one is Fields => typeof one === 'object' && one !== null) : [];
}

function aboutOrders(orders: readonly Fields[], said: string): string {
  const [first] = orders;
  const filtered = /on (its|their|the) way|shipped|where|when|track|arrive|parcel|package|delivery/i.test(said);
  if (first === undefined) return filtered ? 'Nothing is on its way to you right now.' : 'You have no such orders.';
  if (orders.length === 1) return `${filtered ? 'One order' : 'That is one order'}: ${sentenceOf(first)}.`;
  const open = orders.filter(({ status }) => status === 'shipped' || status === 'packed' || status === 'placed');
  const closed = orders.length - open.length;
  const head = `You have ${counted(orders.length)} orders.`;
  if (open.length === 0) return `${head} None of them is under way any more.`;
  const tail = closed === 0 ? '' : closed === 1 ? ' The other one is closed.' : ` The other ${counted(closed)} are closed.`;
  return `${head} ${joined(open.map(sentenceOf))}.${tail}`;
}

function sentenceOf({ number, status, expected }: Fields): string {
  const day = typeof expected === 'string' ? onDay(expected) : undefined;
  if (status === 'shipped' && day !== undefined) return `${String(number)} is on its way and should arrive on ${day}`;
  return `${String(number)} is ${stateName(String(status)).toLowerCase()}`;
}

function aboutOrder(answer: Fields): string {
  const { number, found, status, expected } = answer;
  if (found !== true) {
    return (
      `I can’t see an order ${String(number)} from your account. I only see what belongs to you: the database lets nothing else through, ` +
      'and it does not say whether such an order exists.'
    );
  }
  const items = listOf(answer.items).map(({ product, quantity }) =>
    Number(quantity) > 1 ? `${String(quantity)} × ${String(product)}` : String(product),
  );
  const day = typeof expected === 'string' ? onDay(expected) : undefined;
  const when =
    day === undefined ? '' : status === 'delivered' || status === 'returned' ? ` It arrived on ${day}.` : ` It should arrive on ${day}.`;
  return `Order ${String(number)} is ${stateName(String(status)).toLowerCase()}.${when} In it: ${joined(items)}.`;
}

function aboutCancelling({ cancelled, found, number, status }: Fields): string {
  if (cancelled === true) return `Order ${String(number)} is cancelled.`;
  if (found === false) return `You have no order ${String(number)}, so there was nothing to cancel.`;
  if (status === 'cancelled') return `Order ${String(number)} was cancelled before; nothing changed.`;
  return `I could not cancel order ${String(number)}: it is ${stateName(String(status)).toLowerCase()}, and only orders that were not sent yet can be cancelled.`;
}

function aboutCalendar({ added, alreadyThere, found, number, day, reason }: Fields): string {
  const which = `The delivery of order ${String(number)}`;
  if (added === true && typeof day === 'string')
    return `${which} is ${alreadyThere === true ? 'already ' : ''}in your calendar, on ${onDay(day)}.`;
  if (reason === 'not_connected')
    return 'I can put it into your calendar once you connect it. I never see its password, nor any key to it.';
  if (reason === 'access_ended') return 'Your calendar no longer accepts the access that it gave. Please connect it anew.';
  if (reason === 'no_delivery') return `Order ${String(number)} has no delivery day, so I added nothing.`;
  return found === false ? `I can’t see an order ${String(number)} from your account, so I added nothing.` : 'I added nothing.';
}

function aboutProducts(products: readonly Fields[]): string {
  const [first] = products;
  if (first === undefined) return 'I found nothing like that. Try another word, such as “mug”, “blanket” or “notebook”.';
  if (products.length === 1) return `I found one: ${String(first.name)} for ${String(first.price)}.`;
  return `I found ${counted(products.length)}. The first is ${String(first.name)} for ${String(first.price)}.`;
}

function joined(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;
}

const numerals = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten', 'eleven', 'twelve'];

function counted(count: number): string {
  return numerals[count] ?? String(count);
}
