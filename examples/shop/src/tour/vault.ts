/** What the vault promises: one refresh for many callers, nobody else's account, and no token where the proxy will do. */
import { createLogin, finishLogin, startLogin } from 'safeconduct/login';
import { safeconduct } from 'safeconduct/providers';
import { createReach } from 'safeconduct/reach';
import { demoApiSecret, demoClientSecret } from '../demo-client.ts';
import { benThere, tokenRequests } from './almanac.ts';
import { createBrowser } from './browser.ts';
import { throughConnecting } from './connect.ts';
import { expect, type Journey } from './journey.ts';
import { type Bearer, post, statusOf } from './traveller.ts';
import { fromTwoProcesses, type TokenRequest } from './two-processes.ts';

const apiAuthorization = `Basic ${Buffer.from(`shop-api:${demoApiSecret}`).toString('base64')}`;

export async function openVault({ step }: Journey, traveller: Bearer): Promise<string> {
  await step('a second exchange', () => exchangeTwice(traveller));
  await step('Ben’s calendar, asked for as Ada', () => askForBens(traveller));
  await step('through the proxy, without a token', () => throughProxy(traveller));
  return step('renewal, for two processes at once', () => renew(traveller));
}

/** What the shop's API sends for a token of the calendar (RFC 8693). */
function exchange({ metadata, signedIn }: Bearer, more: Readonly<Record<string, string>> = {}): TokenRequest {
  const fields = {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    requested_token_type: 'urn:safeconduct:params:oauth:token-type:connection-access-token',
    subject_token: signedIn.tokens.accessToken.reveal(),
    subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    connection: 'calendar',
    ...more,
  };
  return { tokenEndpoint: metadata.token_endpoint, authorization: apiAuthorization, fields };
}

const send = ({ tokenEndpoint, authorization, fields }: TokenRequest) => post(tokenEndpoint, authorization, fields);

async function exchangeTwice(traveller: Bearer): Promise<string> {
  const before = tokenRequests(traveller.calendarLog);
  const [first, second] = [await send(exchange(traveller)), await send(exchange(traveller))];
  expect(first.status === 200 && second.status === 200, `status ${first.status} and ${second.status}: ${String(first.body.error)}`);
  const upstream = tokenRequests(traveller.calendarLog) - before;
  expect(first.body.access_token === second.body.access_token && upstream === 0, `${upstream} upstream calls`);
  return `200 and 200, scope ${String(first.body.scope)}, ${String(second.body.expires_in)} s left; 0 calls to the calendar`;
}

async function askForBens(traveller: Bearer): Promise<string> {
  const theirs = await benConnects(traveller);
  const hinted = await send(exchange(traveller, { login_hint: benThere.id }));
  expect(hinted.status === 401 && hinted.body.access_token === undefined, `status ${hinted.status}`);
  const own = await send(exchange(traveller));
  expect(own.status === 200 && own.body.access_token !== theirs, 'the exchange gave Ben’s token');
  return `Ben connected his; for Ada login_hint=${benThere.id} is ${hinted.status} ${String(hinted.body.error)}`;
}

/** Ben signs in, connects his calendar, and the shop gets his token. Nothing of it is Ada's. */
async function benConnects(traveller: Bearer): Promise<string> {
  const { shopUrl, issuerUrl, callback, ben } = traveller;
  const browser = createBrowser();
  const login = createLogin({
    provider: safeconduct({ issuer: issuerUrl }),
    clientId: 'shop-web',
    clientSecret: demoClientSecret,
    redirectUri: callback,
    scopes: ['openid', 'orders:read'],
    resource: `${shopUrl}/api`,
  });
  const { url, transaction } = await startLogin(login);
  const consent = await browser.submit(await browser.open(url, callback), { email: ben.email, password: ben.password }, callback);
  const page = await browser.submit(consent, { decision: 'allow' }, callback);
  const signedIn = await finishLogin(login, page.url, transaction);
  const reach = createReach({ provider: safeconduct({ issuer: issuerUrl }), clientId: 'shop-api', clientSecret: demoApiSecret });
  const before = await reach.tokenFor(signedIn.identity, 'calendar', { scopes: ['calendar.write'] });
  expect(before.kind === 'needs-connection', 'Ben had a calendar before he connected one');
  await throughConnecting(browser, { link: before.link, there: benThere });
  const after = await reach.tokenFor(signedIn.identity, 'calendar', { scopes: ['calendar.write'] });
  expect(after.kind === 'token', 'Ben has connected, and still needs to');
  return after.token.reveal();
}

async function throughProxy(traveller: Bearer): Promise<string> {
  const { issuerUrl, signedIn, calendarUrl } = traveller;
  const reach = createReach({ provider: safeconduct({ issuer: issuerUrl }), clientId: 'shop-api', clientSecret: demoApiSecret });
  const viaProxy = reach.fetchAs(signedIn.identity, 'calendar', { through: 'proxy', scopes: ['calendar.write'] });
  const body = JSON.stringify({ id: 'tour-proxy', title: 'Through the proxy', day: '2026-12-24' });
  const added = await viaProxy('/events', { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  expect(added.status === 201, `status ${added.status}`);
  const elsewhere = await viaProxy('/events/everything', { method: 'POST', body: '{}' });
  expect(elsewhere.status === 403 || elsewhere.status === 404, `a path that is not declared: ${elsewhere.status}`);
  const { body: answer } = await send(exchange(traveller, { requested_token_type: 'urn:ietf:params:oauth:token-type:access_token' }));
  const direct = await statusOf(`${calendarUrl}/calendar/events`, { authorization: `Bearer ${String(answer.access_token)}` });
  expect(direct === 401, `the proxy’s token works at the calendar itself: ${direct}`);
  return `201; another path ${elsewhere.status}; the caller’s token is worth nothing at the calendar (${direct})`;
}

/** The vault renews a token shortly before its end; the tour's calendar gives short ones. */
async function renew(traveller: Bearer): Promise<{ value: string; evidence: string }> {
  const old = await send(exchange(traveller));
  const left = Number(old.body.expires_in) - margin;
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, left + 1) * 1000));
  const before = tokenRequests(traveller.calendarLog);
  const { token, fingerprint } = await fromTwoProcesses(exchange(traveller));
  const upstream = tokenRequests(traveller.calendarLog) - before;
  expect(token !== old.body.access_token, 'the old token again');
  expect(upstream === 1, `${upstream} refreshes at the calendar`);
  return { value: token, evidence: `200 and 200, one and the same token (sha256 ${fingerprint}…); 1 refresh at the calendar` };
}

/** Seconds before its end at which the vault renews a token. */
const margin = 30;
