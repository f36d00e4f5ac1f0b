/** Our own library, the other way round: the presets of the vendors, each against the dialect that answers as the vendor does. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { IssuerConfiguration } from '@safeconduct/issuer';
import { type StorageOptions, signIn } from 'safeconduct/cli';
import {
  type DeviceGrant,
  fetchUserinfo,
  type Login,
  pollDeviceLogin,
  refreshLogin,
  resumeLogin,
  revealTokens,
  revokeTokens,
  type SignedIn,
  signOutUrl,
  startDeviceLogin,
} from 'safeconduct/login';
import { protect } from 'safeconduct/protect';
import { type EntraEveryTenant, type EntraOneTenant, type EntraTenants, entra } from 'safeconduct/providers';
import { bearing, guardAt, loginAt, signInAt, terminalAt, trustAt, type Vendor, vendors } from './own-library.fixtures.test.ts';
import { ADA, API, GUS, SHOP_ORG, startWorld, Visitor, type World } from './world.fixtures.test.ts';

let world: World;
before(async () => {
  world = await startWorld({ dialects: ['zitadel', 'auth0', 'entra', 'keycloak'], declare: withOlderApi });
});
after(() => world?.stop());

for (const vendor of vendors) {
  const { dialect, provider } = vendor;

  describe(`login and protect with the preset for ${dialect}`, () => {
    const login = () => loginAt(world, vendor);
    let signedIn: SignedIn;
    before(async () => {
      signedIn = await signInAt(login());
    });
    const token = () => signedIn.tokens.accessToken.reveal();

    it('signs a person in to a web application: code, PKCE, state, nonce, ID token', () => {
      const { subject, kind, roles, organization, client, session } = signedIn.identity;
      assert.deepEqual([kind, organization, client], ['person', SHOP_ORG, 'shop-web']);
      assert.deepEqual(roles.toSorted(), ['customer', 'read:messages']);
      assert.ok(subject.endsWith(ADA.id), subject);
      assert.ok(session !== undefined);
      assert.equal(signedIn.identity.claims.name, ADA.name);
    });

    it('renews the tokens, takes a stored sign-in up again, asks userinfo, and gives the address that signs out', async () => {
      const at = login();
      const mine = await signInAt(at);
      const renewed = await refreshLogin(at, mine);
      assert.deepEqual([renewed.identity.subject, renewed.identity.roles], [mine.identity.subject, mine.identity.roles]);
      assert.notEqual(renewed.tokens.accessToken.reveal(), mine.tokens.accessToken.reveal());
      const resumed = await resumeLogin(at, revealTokens(renewed.tokens));
      assert.equal(resumed.identity.subject, mine.identity.subject);
      assert.equal((await fetchUserinfo(at, renewed)).name, ADA.name);
      const out = await signOutUrl(at, { idToken: renewed.tokens.idToken });
      assert.equal(out?.origin, new URL(provider(world).issuer).origin);
    });

    it('lets the API know the same person, with scopes and roles', async () => {
      const { subject, kind, client, roles, organization, scopes } = await guardAt(world, vendor)(bearing(token()));
      assert.deepEqual([subject, kind, client, organization], [signedIn.identity.subject, 'person', 'shop-web', SHOP_ORG]);
      assert.deepEqual(roles.toSorted(), ['customer', 'read:messages']);
      assert.ok(scopes.includes('orders:read'), scopes.join(' '));
    });

    it('R-092 refuses the ID token at the API, and the access token at another API', async () => {
      const idToken = signedIn.tokens.idToken?.reveal() ?? assert.fail('there is no ID token');
      const guards = [trustAt(world, vendor), { ...trustAt(world, vendor), audience: 'shop-web' }].map((trusted) => protect(trusted));
      for (const guard of guards) await assert.rejects(guard(bearing(idToken)), { status: 401 });
      const elsewhere = protect({ ...trustAt(world, vendor), audience: 'https://other.example/api' });
      await assert.rejects(elsewhere(bearing(token())), { code: 'token_invalid' });
    });

    it('signs a person in at a terminal, through a browser that comes back to a free port', async () => {
      const { identity, tokens } = await atTerminal((login, options) =>
        signIn(login, {
          ...options,
          device: false,
          tell: () => undefined,
          async open(url) {
            const { url: back } = await new Visitor().visit(url.href);
            void fetch(back);
            return true;
          },
        }),
      );
      assert.deepEqual([identity.subject, identity.client], [signedIn.identity.subject, 'shop-terminal']);
      assert.equal((await guardAt(world, vendor)(bearing(tokens.accessToken.reveal()))).client, 'shop-terminal');
    });

    it('signs a person in at a terminal, by a code that is typed elsewhere', async () => {
      const { identity } = await atTerminal(async (login) => {
        const device = await startDeviceLogin(login);
        await approve(device);
        return pollDeviceLogin(login, { ...device, intervalMs: 10 }, { signal: AbortSignal.timeout(10_000) });
      });
      assert.deepEqual([identity.subject, identity.roles.toSorted()], [signedIn.identity.subject, ['customer', 'read:messages']]);
    });

    it('ends the sign-in: neither token works any more where the vendor has a way to say so', async () => {
      const at = login();
      const mine = await signInAt(at);
      const revoked = await revokeTokens(at, mine.tokens);
      // Entra ID has no revocation endpoint.
      assert.equal(revoked, dialect !== 'entra');
      if (revoked) await assert.rejects(refreshLogin(at, mine), { code: 'refresh_refused' });
      else assert.ok(await refreshLogin(at, mine));
    });

    /** A program in a terminal, which keeps its sign-in in a directory of its own. */
    async function atTerminal(work: (login: Login, options: StorageOptions) => Promise<SignedIn>): Promise<SignedIn> {
      const directory = mkdtempSync(join(tmpdir(), 'own-library-'));
      try {
        return await work(terminalAt(world, vendor), { environment: {}, directory, keyring: false });
      } finally {
        rmSync(directory, { recursive: true, force: true });
      }
    }
  });
}

const OLDER_API = 'https://older.example/api';

/** An API that wants tokens of version 1, and the web application that may call it. */
function withOlderApi(base: IssuerConfiguration): IssuerConfiguration {
  const [project, ...projects] = base.projects ?? [];
  if (project === undefined) return base;
  const api = {
    id: 'older-api',
    name: 'Older',
    resource: OLDER_API,
    scopes: { 'older:read': 'Read' },
    tokenVersion: 1,
    dialects: ['entra'],
  } as const;
  const applications = (project.applications ?? []).map((one) =>
    one.id === 'shop-web'
      ? { ...one, resources: [...(one.resources ?? []), OLDER_API], defaultResource: API, scopes: [...(one.scopes ?? []), 'older:read'] }
      : one,
  );
  return { ...base, projects: [{ ...project, apis: [...(project.apis ?? []), api], applications }, ...projects] };
}

describe('login with the preset for entra where tenants share a place', () => {
  const at = (options: EntraOneTenant | EntraTenants | EntraEveryTenant): Vendor => {
    const [entraVendor = assert.fail()] = vendors.filter(({ dialect }) => dialect === 'entra');
    return { ...entraVendor, provider: (world) => entra({ authority: world.at('entra'), ...options }) };
  };

  it('R-081 gives everybody the issuer of their own tenant, there and when it is renewed', async () => {
    const login = loginAt(world, at({ acceptTokensOfEveryTenant: true }));
    const [ada, gus] = [await signInAt(login), await signInAt(login, new Visitor(GUS))];
    assert.equal(ada.identity.issuer, `${world.at('entra')}/${SHOP_ORG}/v2.0`);
    assert.notEqual(gus.identity.organization, SHOP_ORG);
    assert.equal(gus.identity.issuer, `${world.at('entra')}/${gus.identity.organization}/v2.0`);
    for (const one of [ada, gus]) assert.equal((await refreshLogin(login, one)).identity.issuer, one.identity.issuer);
  });

  it('R-081 lets in people of the tenants that were named, and nobody else', async () => {
    const login = loginAt(world, at({ tenants: [SHOP_ORG] }));
    assert.equal((await signInAt(login)).identity.organization, SHOP_ORG);
    await assert.rejects(signInAt(login, new Visitor(GUS)), { code: /^(login_issuer_mismatch|id_token_invalid)$/ });
  });

  it('takes tokens of version 1 at an API that wants those, where the preset knows their issuer', async () => {
    const one = { ...at({ tenant: SHOP_ORG }), asks: { scopes: ['openid', 'profile', `${OLDER_API}/older:read`] } };
    const { tokens } = await signInAt(loginAt(world, one));
    const request = bearing(tokens.accessToken.reveal());
    const [authority, audience] = [world.at('entra'), OLDER_API];
    const told = entra({ tenant: SHOP_ORG, authority, v1Issuer: `${authority}/{tenantid}/` });
    const { subject, scopes, client, claims } = await protect({ provider: told, audience })(request);
    assert.deepEqual([subject, scopes, client, claims.ver], [ADA.id, ['older:read'], 'shop-web', '1.0']);
    const shared = entra({ tenant: SHOP_ORG, authority, sharedSubject: true });
    assert.equal((await protect({ provider: shared, audience })(request)).organization, SHOP_ORG);
    await assert.rejects(protect({ provider: entra({ tenant: SHOP_ORG, authority }), audience })(request), { code: 'token_invalid' });
  });
});

/** Types the code on the page that the device names, signs in and says yes. */
async function approve({ verificationUri, userCode }: DeviceGrant): Promise<void> {
  const visitor = new Visitor();
  const { href, origin } = verificationUri;
  const page = await (await visitor.send(href)).text();
  const [, xsrf = ''] = /name="xsrf" value="([^"]*)"/.exec(page) ?? [];
  const { body } = await visitor.visit(href, {
    method: 'POST',
    body: new URLSearchParams({ xsrf, user_code: userCode }),
    headers: { origin },
  });
  assert.match(body, /Your device is connected/);
}
