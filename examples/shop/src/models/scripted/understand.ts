import { type Conversation, numbersIn } from './conversation.ts';

/** What the stand-in does with the person's words: say something, or call one tool. */
export type Plan = { readonly say: string } | { readonly tool: string; readonly input: Readonly<Record<string, unknown>> };

type Rule = (words: string, conversation: Conversation) => Plan | undefined;

const help =
  'I can show your orders, look at one order by its number, say where a parcel is, cancel an order that was not sent yet, ' +
  'put its delivery into your calendar, find products, and show your profile. Try “show my orders”, “where is my order?”, “find mugs under 15 euros” or “who am I?”.';

/** The first rule that fits decides. Order matters: the narrow ones come first. */
const rules: readonly Rule[] = [
  greeting,
  thanks,
  helpWanted,
  calendar,
  cancelling,
  orderByNumber,
  profile,
  othersOrders,
  parcel,
  followUp,
  orders,
  products,
];

/** Plans the next step for words that nobody answered yet. */
export function understand(conversation: Conversation): Plan {
  const words = conversation.said.toLowerCase().replace(/[’`]/g, "'").trim();
  for (const rule of rules) {
    const plan = rule(words, conversation);
    if (plan !== undefined) return plan;
  }
  return { say: `I am a script, not a language model, and did not understand that. ${help}` };
}

function greeting(words: string): Plan | undefined {
  if (!/^(hi|hello|hey|hallo|good (morning|afternoon|evening|day))\b[^?]{0,24}$/.test(words)) return undefined;
  return { say: `Hello! ${help}` };
}

function thanks(words: string): Plan | undefined {
  return /^(thanks|thank you|thx|great|perfect|ok|okay|bye|goodbye)\b.{0,24}$/.test(words)
    ? { say: 'You are welcome. Is there anything else?' }
    : undefined;
}

function helpWanted(words: string): Plan | undefined {
  return /^\/?(help|menu|\?+)$|what can (you|i) (do|ask|say)|how does this work|who are you|are you (a |an )?(bot|ai|model|human)/.test(
    words,
  )
    ? { say: `I am a scripted stand-in for a language model; the tools and the database behind me are real. ${help}` }
    : undefined;
}

function calendar(words: string, { order, listed }: Conversation): Plan | undefined {
  if (!/\b(calendar|diary|agenda)\b/.test(words)) return undefined;
  const number = numbersIn(words)[0] ?? ordinal(words, listed) ?? order;
  if (number === undefined)
    return { say: 'Which order’s delivery shall I put into your calendar? Please tell me its number; “show my orders” lists them.' };
  return { tool: 'add_delivery_to_calendar', input: { number } };
}

function cancelling(words: string, { order, listed }: Conversation): Plan | undefined {
  if (!/\b(cancel|call off|don't want|do not want)\b/.test(words) || /\bcancell?ed\b/.test(words)) return undefined;
  const number = numbersIn(words)[0] ?? ordinal(words, listed) ?? order;
  if (number === undefined) return { say: 'Which order shall I cancel? Please tell me its number; “show my orders” lists them.' };
  return { tool: 'cancel_order', input: { number } };
}

function orderByNumber(words: string): Plan | undefined {
  const [number] = numbersIn(words);
  return number === undefined ? undefined : { tool: 'order_status', input: { number } };
}

function profile(words: string): Plan | undefined {
  return /who am i|my (profile|account|details|data|address|e-?mail|name)\b|about me\b|whoami/.test(words)
    ? { tool: 'my_profile', input: {} }
    : undefined;
}

function othersOrders(words: string): Plan | undefined {
  if (/\bmy\b/.test(words) || !/\b(orders?|bought|buy|customers?|parcels?|profile|address|e-?mail)\b/.test(words)) return undefined;
  const others = /\b(\w+'s|everybody|everyone|every|all|another|other|someone|somebody|his|her|their|customers|ada|ben|eve|did)\b/;
  if (!others.test(words)) return undefined;
  return {
    say:
      'I have no tool for that: every tool runs as you, and none takes a name. I can show your own orders. ' +
      'If you give me an order number, I will look, and the database decides whether you may see it.',
  };
}

function parcel(words: string, { order }: Conversation): Plan | undefined {
  const asks = /\b(where('s| is| are)|when|track|tracking|arrive|delivery|parcel|package)\b/.test(words);
  if (!asks || !/\b(it|that|order|orders|parcel|package|delivery|stuff)\b/.test(words)) return undefined;
  if (/\b(it|that)\b/.test(words) && order !== undefined) return { tool: 'order_status', input: { number: order } };
  return { tool: 'my_orders', input: { status: 'shipped' } };
}

function followUp(words: string, { listed, order }: Conversation): Plan | undefined {
  if (listed.length === 0 && ordinals.some((name) => words.includes(`${name} one`)))
    return { say: 'Which one? Please tell me the order number; “show my orders” lists them.' };
  const number = ordinal(words, listed) ?? (/^(show|tell|what|and)\b.*\b(it|that one|this one|more)\b/.test(words) ? order : undefined);
  return number === undefined ? undefined : { tool: 'order_status', input: { number } };
}

const states: readonly (readonly [RegExp, string])[] = [
  [/on (its|their|the) way|shipped|sent|under way/, 'shipped'],
  [/delivered|arrived/, 'delivered'],
  [/cancell?ed/, 'cancelled'],
  [/returned|sent back/, 'returned'],
  [/packed/, 'packed'],
  [/\bplaced|\bnew\b/, 'placed'],
];

function orders(words: string): Plan | undefined {
  if (!/\borders?\b|\bpurchases?\b|\bi (bought|ordered)\b/.test(words)) return undefined;
  const status = states.find(([pattern]) => pattern.test(words))?.[1];
  return { tool: 'my_orders', input: status === undefined ? {} : { status } };
}

function products(words: string): Plan | undefined {
  const wish =
    /\b(?:find|search(?: for)?|look(?:ing)? for|do you (?:have|sell)|show(?: me)?|need|want|buy|got any|have you got|any|is there|are there)\b\s*(.+)$/.exec(
      words,
    );
  if (wish === null) return undefined;
  const price = /(?:under|below|less than|up to|max(?:imum)?)\s*€?\s*(\d{1,4}(?:[.,]\d{1,2})?)/.exec(words);
  const looked = (wish[1] ?? '')
    .replace(/\b(under|below|less than|up to|max(imum)?)\b.*$/, '')
    .replace(/[^\p{L}\p{N}\s-]/gu, ' ')
    .replace(/\b(a|an|the|some|any|me|for|please|products?|things?|something|cheap|nice|good|you|have|with|of|in|stock)\b/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 80);
  if (looked === '') return undefined;
  return {
    tool: 'find_products',
    input: { words: looked, ...(price === null ? {} : { max_price_euro: Number((price[1] ?? '').replace(',', '.')) }) },
  };
}

const ordinals = ['first', 'second', 'third', 'fourth', 'fifth', 'sixth'];

function ordinal(words: string, listed: readonly number[]): number | undefined {
  if (/\b(the )?(last|latest|newest) (one|order)\b/.test(words)) return listed.length > 0 ? Math.max(...listed) : undefined;
  const index = ordinals.findIndex((name) => new RegExp(`\\b${name}( one)?\\b`).test(words));
  return index < 0 ? undefined : listed[index];
}
