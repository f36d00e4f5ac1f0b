/** MSAL for Node, as it comes from npm, signs people in and gets tokens with nothing but an authority that it is told to trust. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { ConfidentialClientApplication, InteractionRequiredAuthError, PublicClientApplication } from '@azure/msal-node';
import { postgresSkipped } from '@safeconduct/test-support/postgres';
import {
  ADA,
  API,
  API_ID,
  answerTo,
  claimsOf,
  type EntraWorld,
  SCOPE,
  SECRET,
  STOCK,
  signInBy,
  startEntra,
} from './entra.fixtures.test.ts';
import { CALLBACK, Visitor } from './world.fixtures.test.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

describe('MSAL for Node', { skip: postgresSkipped }, () => {
  let world: EntraWorld;
  before(async () => {
    world = await startEntra({ daemonKey: publicKey.export({ format: 'jwk' }) });
  });
  after(() => world?.stop());

  const auth = (clientId: string, tenant?: string) => ({
    clientId,
    authority: tenant === undefined ? world.authority : `${world.origin}/${tenant}`,
    knownAuthorities: world.knownAuthorities,
  });
  const terminal = (tenant?: string) => new PublicClientApplication({ auth: auth('shop-terminal', tenant) });
  const web = (clientId = 'shop-web') => new ConfidentialClientApplication({ auth: { ...auth(clientId), clientSecret: SECRET } });

  async function signedIn(app = web(), scopes = [SCOPE], clientId = 'shop-web') {
    assert.ok(clientId);
    const url = await app.getAuthCodeUrl({ scopes, redirectUri: CALLBACK, state: 'a state' });
    const answer = await answerTo(url);
    assert.equal(answer.get('state'), 'a state');
    const result = await app.acquireTokenByCode({ code: answer.get('code') ?? '', scopes, redirectUri: CALLBACK });
    assert.ok(result.account);
    return { app, result, account: result.account };
  }

  it('signs a person in and knows them by tenant and object id', async () => {
    const { result, account } = await signedIn();
    assert.equal(account.homeAccountId, `${ADA.id}.${world.tenant}`);
    assert.deepEqual([account.username, account.name, account.tenantId], [ADA.email, ADA.name, world.tenant]);
    assert.deepEqual(result.scopes, [SCOPE]);
    const { aud, iss, oid, tid, scp, azp, azpacr, ver } = claimsOf(result.accessToken);
    assert.deepEqual([aud, iss, oid, tid], [API_ID, `${world.authority}/v2.0`, ADA.id, world.tenant]);
    assert.deepEqual([scp, azp, azpacr, ver], ['user_impersonation', 'shop-web', '1', '2.0']);
  });

  it('signs in on the device by a form that is posted to its own port', async () => {
    const result = await terminal().acquireTokenInteractive({ scopes: [SCOPE], openBrowser: (url) => signInBy(url) });
    assert.deepEqual([result.account?.username, claimsOf(result.accessToken).azpacr], [ADA.email, '0']);
  });

  for (const shared of ['common', 'organizations']) {
    it(`signs in at ${shared}, and has a token of the person's own tenant`, async () => {
      const app = terminal(shared);
      const result = await app.acquireTokenInteractive({ scopes: [SCOPE], openBrowser: (url) => signInBy(url) });
      assert.deepEqual([result.tenantId, claimsOf(result.accessToken).iss], [world.tenant, `${world.authority}/v2.0`]);
      assert.ok(result.account);
      const renewed = await app.acquireTokenSilent({ account: result.account, scopes: [SCOPE], forceRefresh: true });
      assert.deepEqual([renewed.fromCache, claimsOf(renewed.accessToken).tid], [false, world.tenant]);
    });
  }

  it('renews without the person, and again with the same refresh token', async () => {
    const { app, account, result } = await signedIn();
    for (let time = 0; time < 2; time++) {
      const renewed = await app.acquireTokenSilent({ account, scopes: [SCOPE], forceRefresh: true });
      assert.equal(renewed.fromCache, false);
      assert.notEqual(renewed.accessToken, result.accessToken);
    }
    const cached = await app.acquireTokenSilent({ account, scopes: [SCOPE] });
    assert.equal(cached.fromCache, true);
  });

  it('gets a token for another API by the refresh token of the sign-in', async () => {
    const { app, account } = await signedIn(web(), ['openid']);
    const { accessToken, scopes } = await app.acquireTokenSilent({ account, scopes: [`${STOCK}/stock.read`] });
    assert.deepEqual([claimsOf(accessToken).aud, scopes], ['stock-api', [`${STOCK}/stock.read`]]);
  });

  it('gets a token for the profile by the refresh token of a sign-in at an API, and it is for no API', async () => {
    const { app, account } = await signedIn();
    const { accessToken, scopes } = await app.acquireTokenSilent({ account, scopes: ['User.Read'] });
    assert.deepEqual([accessToken.includes('.'), scopes.includes('User.Read')], [false, true]);
    const person = await fetch(`${world.authority}/oidc/userinfo`, { headers: { authorization: `Bearer ${accessToken}` } });
    assert.equal(((await person.json()) as { name?: string }).name, ADA.name);
  });

  it('calls its requests in errors as the program does', async () => {
    const correlationId = '11111111-2222-4333-8444-555555555555';
    const refused = web().acquireTokenByRefreshToken({ refreshToken: 'x', scopes: [SCOPE], correlationId });
    await assert.rejects(refused, new RegExp(`Correlation ID: ${correlationId}`));
  });

  it('finds what it got by /.default in its cache', async () => {
    const { app, account } = await signedIn(web(), [`${API}/.default`]);
    assert.equal((await app.acquireTokenSilent({ account, scopes: [`${API}/.default`] })).fromCache, true);
  });

  it('sends the person to sign in again when the refresh token has ended', async () => {
    const { app, account } = await signedIn();
    await world.sql(`delete from issuer.artifact`);
    await assert.rejects(app.acquireTokenSilent({ account, scopes: [SCOPE], forceRefresh: true }), InteractionRequiredAuthError);
  });

  it('acts for itself with a secret', async () => {
    const result = await web('shop-robot').acquireTokenByClientCredential({ scopes: [`${API}/.default`] });
    const { roles, scp, idtyp, sub, oid, aud, azpacr } = claimsOf(result?.accessToken);
    assert.deepEqual([roles, scp, idtyp, aud, azpacr], [['read:messages'], undefined, 'app', API_ID, '1']);
    assert.equal(sub, oid);
  });

  for (const thumbprint of [{ thumbprintSha256: '00'.repeat(32) }, { thumbprint: '00'.repeat(20) }]) {
    it(`acts for itself with a certificate, twice with one assertion (${Object.keys(thumbprint)})`, async () => {
      const app = new ConfidentialClientApplication({
        auth: {
          ...auth('daemon'),
          clientCertificate: { ...thumbprint, privateKey: pem } as { thumbprintSha256: string; privateKey: string },
        },
      });
      for (let time = 0; time < 2; time++) {
        const result = await app.acquireTokenByClientCredential({ scopes: [`${API}/.default`], skipCache: true });
        assert.equal(claimsOf(result?.accessToken).azpacr, '2');
      }
    });
  }

  it('S3.12 acts on behalf of its caller, as that person', async () => {
    const { result } = await signedIn();
    const onBehalf = await web(API_ID).acquireTokenOnBehalfOf({ oboAssertion: result.accessToken, scopes: [`${STOCK}/stock.read`] });
    const { aud, oid, scp, azp } = claimsOf(onBehalf?.accessToken);
    assert.deepEqual([aud, oid, scp, azp], ['stock-api', ADA.id, 'stock.read', API_ID]);
  });

  it('acts on behalf of nobody with a token that is for another API', async () => {
    const { result } = await signedIn(web(), [`${STOCK}/stock.read`]);
    const refused = web(API_ID).acquireTokenOnBehalfOf({ oboAssertion: result.accessToken, scopes: [`${STOCK}/stock.read`] });
    await assert.rejects(refused, /AADSTS500133/);
  });

  it('signs in on a device that has no browser', async () => {
    const shown: string[] = [];
    const result = await terminal().acquireTokenByDeviceCode({
      scopes: [SCOPE],
      deviceCodeCallback: ({ message, verificationUri, userCode }) => {
        shown.push(message);
        void new Visitor().visit(`${verificationUri}?user_code=${encodeURIComponent(userCode)}`);
      },
    });
    assert.match(shown[0] ?? '', /^To sign in, use a web browser to open the page https:.* and enter the code /);
    assert.equal(result?.account?.username, ADA.email);
  });

  it('reads what is wrong with a secret', async () => {
    const wrong = new ConfidentialClientApplication({ auth: { ...auth('shop-robot'), clientSecret: `${SECRET}x` } });
    await assert.rejects(wrong.acquireTokenByClientCredential({ scopes: [`${API}/.default`] }), /7000215.*AADSTS7000215/s);
  });

  it('reads that there is no such API', async () => {
    await assert.rejects(web('shop-robot').acquireTokenByClientCredential({ scopes: ['api://nobody/.default'] }), /AADSTS500011/);
  });
});
