import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { type ScriptedProvider, startScriptedProvider } from '@safeconduct/test-support/scripted-provider';
import { revealTokens } from '../../core/protocol/tokens.ts';
import type { ProviderPreset } from '../../core/providers/preset.ts';
import { safeconduct } from '../../core/providers/safeconduct.ts';
import { zitadel } from '../../core/providers/zitadel.ts';
import { finishLogin } from './finish.ts';
import { createLogin, type Login } from './login.ts';
import { refreshLogin, resumeLogin } from './refresh.ts';
import { fetchUserinfo } from './sign-out.ts';
import { startLogin } from './start.ts';
import { memorySessions } from './web/memory-sessions.ts';
import { createWebLogin, type WebLogin } from './web/web-login.ts';

const redirectUri = 'http://localhost:4999/auth/callback';
const shared = { 'urn:safeconduct:subject': 'usr_ada', 'urn:safeconduct:organization': 'org_shop' };
const organization = { 'urn:zitadel:iam:user:resourceowner:id': '305211467129880000' };

describe('a sign-in at an origin whose people have a shared name', () => {
  let provider: ScriptedProvider;
  before(async () => {
    provider = await startScriptedProvider('77776025198584418');
  });
  after(() => provider.close());
  beforeEach(() => {
    const add = (honest: object) => ({ ...honest, ...shared, org_id: 'org_shop' });
    provider.script = { idTokenClaims: add, accessTokenClaims: add, userinfo: (honest) => ({ ...honest, ...organization, ...shared }) };
  });

  const loginAt = (preset: ProviderPreset) =>
    createLogin({ provider: preset, clientId: 'shop', clientSecret: 'top-secret', redirectUri, scopes: ['openid', 'offline_access'] });
  const atZitadel = (sharedSubject = true) => loginAt(zitadel({ issuer: provider.issuer, sharedSubject }));
  const signIn = async (login = atZitadel()) => {
    const { url, transaction } = await startLogin(login);
    return finishLogin(login, provider.answer(url), transaction);
  };

  const webAt = (login: Login, sessions = memorySessions()) =>
    createWebLogin({ login, sessions, secret: 'a secret of thirty-two characters or more', log: () => undefined });
  const signInOnTheWeb = async (web: WebLogin): Promise<Request> => {
    const url = new URL('/auth/login', redirectUri);
    const begun = await web.begin(new Request(url));
    const callback = provider.answer(new URL(begun.headers.get('location') ?? ''));
    const finished = await web.finish(new Request(callback, { headers: { cookie: cookieOf(begun) } }));
    return new Request(url, { headers: { cookie: cookieOf(finished) } });
  };

  it('is by that name, with the organization of that name, and stays so when it is refreshed and resumed', async () => {
    const login = atZitadel();
    const signedIn = await signIn(login);
    const again = [signedIn, await refreshLogin(login, signedIn), await resumeLogin(login, revealTokens(signedIn.tokens))];
    for (const { identity } of again) assert.deepEqual([identity.subject, identity.organization], ['usr_ada', 'org_shop']);
    const home = await signIn(loginAt(safeconduct({ issuer: provider.issuer, sharedSubject: true })));
    assert.deepEqual([home.identity.subject, home.identity.organization], ['77776025198584418', 'org_shop']);
  });

  it('is by the vendor’s name where nothing was said', async () => {
    const { identity } = await signIn(atZitadel(false));
    assert.deepEqual([identity.subject, identity.organization], ['77776025198584418', '305211467129880000']);
  });

  it('asks userinfo about the person by the name that they have there', async () => {
    const login = atZitadel();
    assert.equal((await fetchUserinfo(login, await signIn(login))).sub, '77776025198584418');
  });

  it('is refused where the ID token lacks the name or the organization', async () => {
    for (const claim of Object.keys(shared)) {
      provider.script.idTokenClaims = (honest) => ({ ...honest, ...shared, [claim]: undefined });
      await assert.rejects(signIn(), { code: 'id_token_invalid', message: new RegExp(`${claim} is missing.*origins of Safeconduct`) });
    }
  });

  it('is refused where userinfo or the access token names somebody else', async () => {
    const changes = [{ 'urn:safeconduct:subject': 'usr_ben' }, { 'urn:safeconduct:organization': 'org_other' }];
    for (const change of changes) {
      provider.script.userinfo = (honest) => ({ ...honest, ...shared, ...change });
      await assert.rejects(signIn(), { code: 'provider_invalid', message: /userinfo is about another/ });
    }
    for (const change of [{ sub: 'usr_ben' }, { org_id: 'org_other' }, { org_id: undefined }]) {
      provider.script.accessTokenClaims = (honest) => ({ ...honest, org_id: 'org_shop', ...change });
      const home = loginAt(safeconduct({ issuer: provider.issuer, sharedSubject: true }));
      await assert.rejects(signIn(home), { code: 'provider_invalid', message: /access token is about another/ });
    }
  });

  it('is asked for again where a session knows the person by another name than the preset reads now', async () => {
    const sessions = memorySessions();
    const before = webAt(atZitadel(false), sessions);
    const request = await signInOnTheWeb(before);
    assert.equal((await before.sessionOf(request))?.identity.subject, '77776025198584418');
    assert.equal(await webAt(atZitadel(true), sessions).sessionOf(request), undefined);
  });

  it('ends when the provider’s logout token names the person by the name that they have there', async () => {
    const web = webAt(atZitadel());
    const request = await signInOnTheWeb(web);
    const session = await web.sessionOf(request);
    assert.equal(session?.identity.subject, 'usr_ada');
    const iat = Math.floor(Date.now() / 1000);
    const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
    const claims = { iss: provider.issuer, aud: 'shop', sub: '77776025198584418', iat, exp: iat + 120, jti: 'logout-1', events };
    const body = new URLSearchParams({ logout_token: await provider.sign(claims, { typ: 'logout+jwt' }) });
    assert.equal((await web.receiveBackChannelLogout(new Request(request.url, { method: 'POST', body }))).status, 200);
    assert.equal(await web.sessionOf(request), undefined);
    assert.equal(await web.isEnded(session.identity), true);
  });
});

const cookieOf = (response: Response): string =>
  response.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ');
