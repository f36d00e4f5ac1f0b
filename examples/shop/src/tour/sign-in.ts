/** The first half of the journey: from nothing to a verified identity. */
import { fetchUserinfo, finishLogin, type SignedIn, startLogin } from 'safeconduct/login';
import type { Page } from './browser.ts';
import { expect, type Journey } from './journey.ts';
import { type Bearer, equip, headline, json, type Metadata, type Places, type Traveller } from './traveller.ts';

export async function signIn(journey: Journey, places: Places): Promise<Bearer> {
  const traveller = await discover(journey, places);
  const { login, callback, browser } = traveller;
  const started = await startLogin(login);
  await journey.step('PKCE, state, nonce', async () => checkRequest(started.url, traveller.metadata));
  const page = await throughTheForms(journey, traveller, await browser.open(started.url, callback));
  const signedIn = await journey.step('code exchange, id_token, at_hash', async () => {
    const finished = await finishLogin(login, page.url, started.transaction);
    return { evidence: checkIdentity(traveller, finished), value: finished };
  });
  await journey.step('userinfo', async () => {
    const claims = await fetchUserinfo(login, signedIn);
    expect(claims.email === traveller.ada.email, `e-mail ${String(claims.email)}`);
    return `same subject, ${String(claims.name)}, ${String(claims.email)}`;
  });
  return { ...traveller, signedIn, bearer: { authorization: `Bearer ${signedIn.tokens.accessToken.reveal()}` } };
}

function discover(journey: Journey, places: Places): Promise<Traveller> {
  const { issuerUrl } = places;
  return journey.step('discovery', async () => {
    const metadata = await json<Metadata>(`${issuerUrl}/.well-known/openid-configuration`);
    const oauth = await json<Metadata>(`${issuerUrl}/.well-known/oauth-authorization-server`);
    expect(metadata.issuer === issuerUrl && oauth.issuer === issuerUrl, `issuer is ${metadata.issuer} and ${oauth.issuer}`);
    expect(metadata.token_endpoint === oauth.token_endpoint, 'the two metadata documents disagree');
    expect(metadata.authorization_response_iss_parameter_supported, 'no iss in answers');
    return { evidence: `${metadata.issuer}, OpenID and RFC 8414 documents agree`, value: equip(places, metadata) };
  });
}

function checkRequest({ searchParams: asked }: URL, metadata: Metadata): string {
  const challenge = asked.get('code_challenge') ?? '';
  expect(metadata.code_challenge_methods_supported.join() === 'S256', `methods ${metadata.code_challenge_methods_supported}`);
  expect(asked.get('code_challenge_method') === 'S256' && challenge.length === 43, 'no S256 challenge');
  expect(asked.has('state') && asked.has('nonce'), 'no state or no nonce');
  return `S256 challenge of ${challenge.length} characters, and nothing but S256 is offered`;
}

async function throughTheForms({ step }: Journey, traveller: Traveller, login: Page): Promise<Page> {
  const { ada, browser, callback, issuerUrl } = traveller;
  const again = await step('a wrong password', async () => {
    const page = await browser.submit(login, { email: ada.email, password: 'demo-not-the-password' }, callback);
    expect(page.status >= 400 && page.status < 500 && page.html.includes('name="password"'), `status ${page.status}`);
    return { evidence: `${page.status}, still at "${headline(page)}"`, value: page };
  });
  const consent = await step('login form', async () => {
    const page = await browser.submit(again, { email: ada.email, password: ada.password }, callback);
    expect(page.status === 200 && page.html.includes('name="decision"'), `status ${page.status}, "${headline(page)}"`);
    return { evidence: `${ada.email} accepted, then "${headline(page)}"`, value: page };
  });
  return step('consent form, callback', async () => {
    const page = await browser.submit(consent, { decision: 'allow' }, callback);
    expect(page.url.href.startsWith(callback) && page.url.searchParams.has('code'), `ended at ${page.url.origin}${page.url.pathname}`);
    expect(page.url.searchParams.get('iss') === issuerUrl, `iss ${page.url.searchParams.get('iss')}`);
    return { evidence: `back at ${page.url.pathname} with code, state and iss`, value: page };
  });
}

function checkIdentity({ ada }: Traveller, { identity }: SignedIn): string {
  expect(identity.subject === ada.id, `signed in as ${identity.subject}`);
  expect(typeof identity.claims.at_hash === 'string', 'the id_token has no at_hash');
  return `${identity.subject} of ${identity.organization}, roles ${identity.roles.join(', ')}; at_hash matches`;
}
