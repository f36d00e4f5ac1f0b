/** What tokens of an Auth0 origin are good for: scopes, permissions, organizations, and less of them at a refresh. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ApplicationDeclaration } from '@safeconduct/issuer';
import {
  type Auth0World,
  authorize,
  decoded,
  postJson,
  STOCK,
  signIn,
  startAuth0World,
  type Tokens,
  withStock,
} from './auth0.fixtures.test.ts';
import { API, CALLBACK, GUS, OTHER_ORG, SECRET, SHOP_ORG, Visitor, withApplication } from './world.fixtures.test.ts';

const CLIENT = { client_id: 'shop-web', client_secret: SECRET };
const partner = {
  id: 'partner',
  name: 'Partner',
  kind: 'web',
  secret: SECRET,
  redirectUris: [CALLBACK],
  dialects: ['auth0'],
  resources: [API],
  scopes: ['openid', 'offline_access', 'orders:read'],
} as const;

describe('scopes at an Auth0 origin', () => {
  let world: Auth0World;
  let origin = '';
  before(async () => {
    const both = ({ scopes = [] }: ApplicationDeclaration) => ({ resources: [API, STOCK], scopes: [...scopes, 'stock:read'] });
    world = await startAuth0World((base) => withStock(withApplication(base, 'shop-web', both), partner));
    ({ origin } = world);
  });
  after(() => world?.stop());

  const token = (body: object) => postJson<Tokens>(`${origin}/oauth/token`, body);
  const words = (scope: unknown) => String(scope).split(' ').toSorted();

  /** Refreshes, and gives the scopes that the answer and the token name, and the API. */
  async function refreshed({ refresh_token }: Tokens, more: object): Promise<readonly [unknown, string[]]> {
    const { status, body } = await token({ ...CLIENT, grant_type: 'refresh_token', refresh_token, ...more });
    assert.equal(status, 200, JSON.stringify(body));
    const { aud, scope } = decoded(body.access_token).payload;
    assert.equal(scope, body.scope, 'the answer and the token say the same');
    return [[aud].flat()[0], words(scope)];
  }

  it('gives an application of somebody else no permission that nobody was asked about', async () => {
    for (const scope of ['openid orders:read read:messages', 'openid read:messages']) {
      const first = decoded((await signIn(world, { client_id: 'partner', scope })).access_token).payload;
      assert.deepEqual(words(first.scope), words(scope.replace(' read:messages', '')));
      assert.ok((first.permissions as string[]).includes('read:messages'), 'an API that looks at permissions knows what it does');
    }
    const own = decoded((await signIn(world, { scope: 'openid orders:read read:messages' })).access_token).payload;
    assert.deepEqual(words(own.scope), ['openid', 'orders:read', 'read:messages']);
  });

  it('gives the same scopes again at a refresh that names them and no audience, and fewer where it names fewer', async () => {
    const scope = 'openid profile offline_access orders:read orders:write read:messages';
    const tokens = await signIn(world, { scope });
    for (const audience of [{}, { audience: API }])
      for (const named of [scope, 'openid orders:read', 'orders:read', 'openid', 'orders:write read:messages'])
        assert.deepEqual(await refreshed(tokens, { ...audience, scope: named }), [API, words(named)]);
    assert.deepEqual(await refreshed(tokens, {}), [API, words(scope)]);
    assert.deepEqual(await refreshed(tokens, { scope: '' }), [API, words(scope)], 'an empty scope is none');
    assert.deepEqual(await refreshed(tokens, { audience: STOCK, scope: 'stock:read' }), [STOCK, ['stock:read']]);
  });

  it('gives no more at a refresh than was granted', async () => {
    const { refresh_token } = await signIn(world, { scope: 'openid offline_access orders:read' });
    const { body } = await token({ ...CLIENT, grant_type: 'refresh_token', refresh_token, scope: 'openid orders:read orders:write' });
    assert.equal(body.error, 'invalid_scope');
    const permission = { ...CLIENT, grant_type: 'refresh_token', refresh_token, scope: 'openid read:messages' };
    assert.equal((await token(permission)).body.scope, 'openid');
    for (const scope of ['nonsense', 'orders:write', 'read:messages'])
      for (const audience of [{}, { audience: API }]) {
        const { body } = await token({ ...CLIENT, grant_type: 'refresh_token', refresh_token, scope, ...audience });
        assert.equal(decoded(body.access_token).payload.scope, undefined, scope);
      }
  });

  it('gives an opaque token where a refresh names the audience of userinfo', async () => {
    const { refresh_token } = await signIn(world);
    for (const scope of [{}, { scope: 'openid email' }]) {
      const asked = { ...CLIENT, grant_type: 'refresh_token', refresh_token, audience: `${origin}/userinfo`, ...scope };
      const { status, body } = await token(asked);
      assert.equal(status, 200, JSON.stringify(body));
      assert.equal(body.access_token.split('.').length, 1, JSON.stringify(scope));
    }
  });

  it('R-031 signs in to an organization its own people and its guests, however it is spelled, and nobody else', async () => {
    for (const organization of [SHOP_ORG, 'quay shop', 'Quay Shop', 'shop.example'])
      for (const [person, permissions] of [
        [GUS, ['support']],
        [undefined, ['customer', 'read:messages']],
      ] as const) {
        const tokens = await signIn(world, { organization, browser: new Visitor(person) });
        const again = await token({ ...CLIENT, grant_type: 'refresh_token', refresh_token: tokens.refresh_token });
        for (const { access_token, id_token } of [tokens, again.body]) {
          const { payload } = decoded(access_token);
          assert.deepEqual([payload.org_id, (payload.permissions as string[]).toSorted()], [SHOP_ORG, permissions], organization);
          const { org_id, org_name } = decoded(id_token).payload;
          assert.deepEqual([org_id, org_name], [SHOP_ORG, organization.toLowerCase()], 'what SDKs compare');
        }
      }
    await assert.rejects(signIn(world, { organization: OTHER_ORG }), /no code/);
  });

  it('tells the application about an organization that nobody has, at its redirect URI', async () => {
    const given = { client_id: 'shop-web', response_type: 'code', redirect_uri: CALLBACK, organization: 'org_nothing', state: 's' };
    const back = await authorize(origin, { ...given, nonce: 'n' });
    assert.equal(back.origin + back.pathname, CALLBACK, back.href);
    assert.deepEqual([back.searchParams.get('error'), back.searchParams.get('state')], ['invalid_request', 's']);
    const query = new URLSearchParams({ ...given, scope: 'openid', nonce: 'n', prompt: 'none', response_mode: 'web_message' });
    const frame = await fetch(`${origin}/authorize?${query}`);
    assert.match(await frame.text(), /invalid_request/);
    assert.match(frame.headers.get('content-type') ?? '', /text\/html/);
  });

  it('lets a program name its own organization by id, domain or name', async () => {
    const robot = { client_id: 'shop-robot', client_secret: SECRET, grant_type: 'client_credentials', audience: API };
    for (const organization of [SHOP_ORG, 'shop.example', 'Quay Shop', 'quay shop']) {
      const { status, body } = await token({ ...robot, organization });
      assert.equal(status, 200, JSON.stringify(body));
      assert.equal(decoded(body.access_token).payload.org_id, SHOP_ORG);
    }
    for (const organization of [OTHER_ORG, 'org_nothing'])
      assert.deepEqual((await token({ ...robot, organization })).body.error, 'access_denied', organization);
  });

  it('names the time at which guessing may go on, to pages, too', async () => {
    const guess = () =>
      postJson<Tokens>(
        `${origin}/oauth/token`,
        { client_id: 'partner', client_secret: 'guessed', grant_type: 'refresh_token', refresh_token: 'x' },
        { origin: new URL(CALLBACK).origin },
      );
    let answer = await guess();
    for (let time = 0; time < 25 && answer.status !== 429; time++) answer = await guess();
    assert.equal(answer.status, 429);
    assert.equal(answer.headers.get('retry-after'), '300');
    const wait = Number(answer.headers.get('x-ratelimit-reset')) - Date.now() / 1000;
    assert.ok(wait > 290 && wait < 310, `${wait}`);
    assert.match(answer.headers.get('access-control-expose-headers') ?? '', /x-ratelimit-reset/);
  });

  it('wants a token where one is to be revoked', async () => {
    const { status, body } = await postJson<Tokens>(`${origin}/oauth/revoke`, CLIENT);
    assert.deepEqual([status, body.error], [400, 'invalid_request']);
  });
});
