/** The middle of the journey: what this person may see, and what nobody can make it see. */
import pg from 'pg';
import { asUser } from 'safeconduct/query';
import { forgeries } from './forgeries.ts';
import { expect, type Journey } from './journey.ts';
import { type Bearer, json, statusOf } from './traveller.ts';

export async function act(journey: Journey, traveller: Bearer): Promise<void> {
  const { step } = journey;
  const { ada, ben } = traveller;
  await step('API call', () => callApi(traveller));
  await step(`orders of ${ada.name}`, () => ownOrders(traveller));
  await step(`order 1002 of ${ben.name}`, () => foreignOrder(traveller));
  await step('the assistant, asked for the same', () => askAssistant(traveller));
  await step('forged access tokens', () => forgeTokens(traveller));
  await step('a forged identity', () => forgeIdentity(traveller));
}

async function callApi({ shopUrl, bearer, ada }: Bearer): Promise<string> {
  const without = await fetch(`${shopUrl}/api/me`);
  const challenge = without.headers.get('www-authenticate') ?? '';
  expect(without.status === 401 && challenge.startsWith('Bearer') && !challenge.includes('error='), `without a token ${without.status}`);
  const me = await json<Record<string, unknown>>(`${shopUrl}/api/me`, bearer);
  expect(JSON.stringify(me).includes(ada.id), 'the API took somebody else');
  return `without a token 401, with it 200 as ${ada.id}`;
}

async function ownOrders({ shopUrl, bearer }: Bearer): Promise<string> {
  const { orders } = await json<{ orders: { number: number }[] }>(`${shopUrl}/api/orders`, bearer);
  const numbers = orders.map(({ number }) => number);
  expect(numbers.includes(1001) && !numbers.includes(1002), `numbers ${numbers.join(', ')}`);
  return `${numbers.length} rows: ${numbers.join(', ')}`;
}

async function foreignOrder({ shopUrl, bearer }: Bearer): Promise<string> {
  const answer = await fetch(`${shopUrl}/api/orders/1002`, { headers: bearer });
  const { error_description: why } = (await answer.json()) as { error_description?: string };
  expect(answer.status === 404, `status ${answer.status}`);
  return `${answer.status}, "${why}"`;
}

async function askAssistant({ shopUrl, bearer }: Bearer): Promise<string> {
  const body = JSON.stringify({ messages: [{ role: 'user', text: 'show order 1002' }] });
  const answer = await fetch(`${shopUrl}/api/chat`, { method: 'POST', headers: { ...bearer, 'content-type': 'application/json' }, body });
  const events = (await answer.text()).trim().split('\n');
  const result = events.map((line) => JSON.parse(line) as Record<string, unknown>).find(({ type }) => type === 'tool-result');
  expect(result?.rows === 0, `rows ${String(result?.rows)}`);
  return `${String(result?.tool)} ran as ${String(result?.ranAs)}, 0 rows: ${String(result?.note ?? result?.text)}`;
}

async function forgeTokens({ shopUrl, signedIn }: Bearer): Promise<string> {
  const tried = forgeries(signedIn.tokens.accessToken.reveal());
  for (const { name, token } of tried) {
    const status = await statusOf(`${shopUrl}/api/orders`, { authorization: `Bearer ${token}` });
    expect(status === 401, `${name}: ${status}`);
  }
  return `401 for ${tried.map(({ name }) => name).join(', ')}`;
}

async function forgeIdentity({ signedIn, ben }: Bearer): Promise<string> {
  const copy = { ...signedIn.identity, subject: ben.id };
  const pool = new pg.Pool({ max: 1 });
  try {
    asUser(copy, pool);
  } catch (error) {
    expect(error instanceof TypeError, `another error: ${String(error)}`);
    return `asUser refuses a copy with ${ben.id}: "${error.message.slice(0, 23)}"`;
  } finally {
    await pool.end();
  }
  throw new Error('asUser took a copy for an identity');
}
