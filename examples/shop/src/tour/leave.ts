/** The end of the journey: what was used up stays used up, and what was signed out stays out. */
import { finishLogin, signOutUrl, startLogin } from 'safeconduct/login';
import { expect, type Journey } from './journey.ts';
import { type Bearer, headline, post, statusOf } from './traveller.ts';
import { fromTwoProcesses } from './two-processes.ts';

export async function leave({ step }: Journey, traveller: Bearer): Promise<void> {
  const { metadata, clientAuthorization, signedIn } = traveller;
  await step('a replayed code', () => replayCode(traveller));
  const refreshToken = signedIn.tokens.refreshToken?.reveal() ?? '';
  const refreshed = await step('refresh from two processes at once', async () => {
    const fields = { grant_type: 'refresh_token', refresh_token: refreshToken };
    const child = await fromTwoProcesses({ tokenEndpoint: metadata.token_endpoint, authorization: clientAuthorization, fields });
    return { value: child.token, evidence: `200 and 200, one and the same child (sha256 ${child.fingerprint}…)` };
  });
  await step('sign-out', () => signOut(traveller));
  await step('the old tokens', () => tryOldTokens(traveller, refreshed));
}

/** Signs in once more (the issuer still knows the browser) and sends the same code twice. */
async function replayCode({ login, browser, callback, metadata, clientAuthorization }: Bearer): Promise<string> {
  const { url, transaction } = await startLogin(login);
  const page = await browser.open(url, callback);
  const code = page.url.searchParams.get('code');
  expect(code !== null, `asked again: "${headline(page)}"`);
  const { tokens } = await finishLogin(login, page.url, transaction);
  const again = { grant_type: 'authorization_code', code, redirect_uri: callback, code_verifier: transaction.verifier };
  const { status, body } = await post(metadata.token_endpoint, clientAuthorization, again);
  expect(status === 400 && body.error === 'invalid_grant', `status ${status}`);
  const userinfo = await statusOf(metadata.userinfo_endpoint, { authorization: `Bearer ${tokens.accessToken.reveal()}` });
  expect(userinfo === 401, `the tokens of that code still work: ${userinfo}`);
  return '400 invalid_grant, and the tokens of that code have ended';
}

async function signOut({ login, signedIn, browser, shopUrl }: Bearer): Promise<string> {
  const url = await signOutUrl(login, { idToken: signedIn.tokens.idToken });
  expect(url !== undefined, 'the issuer has no sign-out page');
  const home = `${shopUrl}/`;
  const page = await browser.open(url, home);
  expect(page.url.href.startsWith(home), `ended at ${page.url.origin}${page.url.pathname}, "${headline(page)}"`);
  return `session ended at the issuer, back at ${home}`;
}

async function tryOldTokens({ metadata, clientAuthorization, bearer, shopUrl }: Bearer, refreshToken: string): Promise<string> {
  const refresh = await post(metadata.token_endpoint, clientAuthorization, { grant_type: 'refresh_token', refresh_token: refreshToken });
  expect(refresh.status === 400 && refresh.body.error === 'invalid_grant', `refresh ${refresh.status}`);
  const userinfo = await statusOf(metadata.userinfo_endpoint, bearer);
  expect(userinfo === 401, `userinfo ${userinfo}`);
  const api = await refusedSoon(`${shopUrl}/api/orders`, bearer);
  return `refresh 400 invalid_grant, userinfo 401, API ${api} (told by back-channel logout)`;
}

/** The issuer tells the shop in the background, so the API may need a moment. */
async function refusedSoon(url: string, bearer: Readonly<Record<string, string>>): Promise<number> {
  const deadline = performance.now() + 5000;
  let status = await statusOf(url, bearer);
  while (status === 200 && performance.now() < deadline) status = await statusOf(url, bearer);
  expect(status === 401, `API ${status}`);
  return status;
}
