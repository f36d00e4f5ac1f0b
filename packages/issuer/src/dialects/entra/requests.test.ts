import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Known, TranslatedRequest } from '../dialect.ts';
import type { RouteName } from '../facts.ts';
import { askedIn } from './asked.ts';
import { billing, contoso, known, ORIGIN, orders, web } from './facts.fixtures.test.ts';
import { place } from './paths.ts';
import { request } from './requests.ts';

interface Sent {
  readonly route?: RouteName;
  readonly headers?: Readonly<Record<string, string>>;
  readonly shared?: boolean;
  /** Sent to the endpoint of version 1. */
  readonly older?: boolean;
  readonly known?: Known;
  readonly clientId?: string | undefined;
}

async function sent(
  form: Record<string, string>,
  { route = 'authorization', headers = {}, shared = false, older = false, clientId = form.client_id, ...rest }: Sent = {},
) {
  const at = place(ORIGIN, shared ? undefined : contoso);
  const parameters = new URLSearchParams(form);
  const path = String(at.routes[route]).replace('/v2.0', older ? '' : '/v2.0');
  const wire = {
    route,
    method: 'POST',
    path,
    parameters,
    query: new URLSearchParams(),
    header: (name: string) => headers[name],
    place: at,
    clientId,
  };
  const answer: TranslatedRequest = await request(wire, rest.known ?? known);
  const { parameters: translated = parameters, asked = '' } = answer;
  return { ...answer, translated, resources: translated.getAll('resource'), scope: translated.get('scope'), asked: askedIn(asked) };
}

const code = { grant_type: 'authorization_code', client_id: 'web', code: 'c' };
const onToken = { route: 'token' } as const;

describe('scopes that name their API', () => {
  const spellings = {
    'its resource indicator': 'https://orders.example',
    'its client id': 'orders-api',
    'api:// and its client id': 'api://orders-api',
    'a slash too many': 'https://orders.example/',
  };
  for (const [what, form] of Object.entries(spellings)) {
    it(`finds the API by ${what}`, async () => {
      const { resources, scope, asked } = await sent({ client_id: 'web', scope: `openid ${form}/orders.read` });
      assert.deepEqual([resources, scope, asked.forms], [[orders.resource], 'openid orders.read', { [orders.resource]: form }]);
    });
  }

  it('gives all that the application may ask for by /.default, and no more', async () => {
    const { resources, scope, asked } = await sent({ client_id: 'web', scope: 'api://orders-api/.default offline_access' });
    assert.deepEqual([resources, scope, asked.whole], [[orders.resource], 'orders.read offline_access', [orders.resource]]);
  });

  it('takes the resource of version 1', async () => {
    const { resources, scope } = await sent({ client_id: 'web', resource: 'api://billing', scope: 'openid' });
    assert.deepEqual([resources, scope], [[billing.resource], 'user_impersonation openid']);
  });

  it('finds a scope that has slashes of its own', async () => {
    const slash = { ...orders, resource: 'https://slash.example/', scopes: ['deep/scope'] };
    const { resources, scope, asked } = await sent(
      { client_id: 'web', scope: 'https://slash.example//deep/scope' },
      { known: { ...known, api: async (name) => (name === slash.resource ? slash : undefined) } },
    );
    assert.deepEqual([resources, scope, asked.forms[slash.resource]], [[slash.resource], 'deep/scope', slash.resource]);
  });

  it('looks at no more slashes than names have', async () => {
    let looked = 0;
    const api = async () => void looked++;
    await sent({ client_id: 'web', scope: 'x/'.repeat(1000) }, { known: { ...known, api: api as Known['api'] } });
    assert.ok(looked < 40, String(looked));
  });

  it('asks for several APIs at once', async () => {
    const { resources } = await sent({ client_id: 'web', scope: 'orders-api/orders.read api://billing/user_impersonation' });
    assert.deepEqual(resources, [orders.resource, billing.resource]);
  });

  for (const scope of ['api://nobody/read', 'api://orders-api/orders.shred', 'Mail.Send', 'https://graph.microsoft.com/Mail.Send']) {
    it(`leaves ${scope} to be refused, and gives nothing instead`, async () => {
      const { resources, scope: rest } = await sent({ client_id: 'web', scope });
      assert.equal(resources.length, 1);
      assert.equal(await known.api(resources[0] ?? ''), undefined);
      assert.equal(rest, null);
    });
  }

  it('reads User.Read as the profile, where no API is the directory', async () => {
    const { resources, scope, asked } = await sent({ client_id: 'web', scope: 'openid User.Read' });
    assert.deepEqual([resources, scope, asked.others], [[], 'openid profile email', ['User.Read']]);
  });

  it('leaves the directory to an API that is registered as it', async () => {
    const graph = { ...orders, resource: 'https://graph.microsoft.com', scopes: ['User.Read'] };
    const { resources, scope } = await sent(
      { client_id: 'web', scope: 'User.Read' },
      { known: { ...known, api: async (name) => (name === graph.resource ? graph : undefined) } },
    );
    assert.deepEqual([resources, scope], [[graph.resource], 'User.Read']);
  });
});

describe('an authorization request', () => {
  it('that asks for nothing means the sign-in', async () => {
    for (const form of [{ client_id: 'web' }, { client_id: 'web', scope: '' }]) assert.equal((await sent(form)).scope, 'openid profile');
    assert.equal((await sent({ client_id: 'web' }, { route: 'deviceAuthorization' })).scope, 'openid profile');
    assert.equal((await sent({ client_id: 'web', resource: 'api://billing' })).scope, 'user_impersonation');
  });

  it('notes that it came to an endpoint of version 1', async () => {
    assert.equal((await sent({ client_id: 'web', scope: 'openid' }, { older: true })).asked.older, true);
    assert.equal((await sent({ client_id: 'web', scope: 'openid' })).asked.older, false);
  });

  it('loses what only the vendor reads', async () => {
    const { translated } = await sent({
      client_id: 'web',
      scope: 'openid',
      claims: '{"access_token":{}}',
      domain_hint: 'x',
      sid: 'y',
      state: 's',
    });
    assert.deepEqual([...translated.keys()], ['client_id', 'state', 'scope']);
  });

  for (const [asked, prompt] of [
    ['select_account', 'login'],
    ['admin_consent', 'consent'],
    ['none', 'none'],
    ['select_account login', 'login'],
  ] as const) {
    it(`prompts ${asked} as ${prompt}`, async () => {
      const { translated } = await sent({ client_id: 'web', prompt: asked });
      assert.equal(translated.get('prompt'), prompt);
    });
  }

  it('says that a token in an address is let through', async () => {
    assert.deepEqual((await sent({ client_id: 'web', response_type: 'id_token token' })).lenient, ['token_in_address']);
    assert.deepEqual((await sent({ client_id: 'web', response_type: 'code id_token' })).lenient, []);
  });

  it('gives no ID token where the tenant is not known yet', async () => {
    const { translated } = await sent({ client_id: 'web', response_type: 'code id_token' }, { shared: true });
    assert.notEqual(translated.get('response_type'), 'code id_token');
    const alone = await sent({ client_id: 'web', response_type: 'code' }, { shared: true });
    assert.equal(alone.translated.get('response_type'), 'code');
  });
});

describe('a token request', () => {
  it('names the API of its scopes, and leaves the code to say what it covers', async () => {
    const { resources, scope } = await sent({ ...code, scope: 'openid api://orders-api/orders.read' }, onToken);
    assert.deepEqual([resources, scope], [[orders.resource], null]);
  });

  it('is for the first of several APIs', async () => {
    const scope = 'openid api://billing/user_impersonation orders-api/orders.read';
    for (const grant_type of ['authorization_code', 'device_code'])
      assert.deepEqual((await sent({ ...code, grant_type, scope }, onToken)).resources, [billing.resource]);
  });

  it('to refresh the sign-in alone is for no API', async () => {
    const refresh = (scope: string) => sent({ grant_type: 'refresh_token', client_id: 'web', refresh_token: 'r', scope }, onToken);
    const profile = await refresh('User.Read');
    assert.deepEqual([profile.withoutApi, profile.scope], [true, 'openid profile']);
    assert.equal((await refresh('User.Read email')).scope, 'openid profile email');
    assert.equal((await refresh('openid profile offline_access')).withoutApi, true);
    for (const scope of ['', 'offline_access', 'openid orders-api/orders.read']) {
      const { withoutApi, scope: narrowed } = await refresh(scope);
      assert.deepEqual([withoutApi, narrowed], [undefined, scope.includes('/') ? 'openid orders.read' : null], scope);
    }
  });

  it('to refresh the sign-in alone is for the API that the application always means', async () => {
    const application = async () => ({ ...web, defaultResource: orders.resource });
    const form = { grant_type: 'refresh_token', client_id: 'web', refresh_token: 'r', scope: 'openid profile' };
    const { withoutApi, scope } = await sent(form, { ...onToken, known: { ...known, application } });
    assert.deepEqual([withoutApi, scope], [undefined, null]);
  });

  it('narrows a refresh to the scopes that it names', async () => {
    const form = { grant_type: 'refresh_token', client_id: 'web', refresh_token: 'r', scope: 'openid api://orders-api/orders.read' };
    const { resources, scope } = await sent(form, onToken);
    assert.deepEqual([resources, scope], [[orders.resource], 'openid orders.read']);
    const whole = await sent({ ...form, scope: 'api://orders-api/.default' }, onToken);
    assert.equal(whole.scope, null);
  });

  it('knows the application by its header too', async () => {
    const form = { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', scope: 'orders-api/orders.read' };
    const { scope } = await sent(form, { ...onToken, clientId: 'web' });
    assert.equal(scope, 'orders.read');
  });

  it('notes that a certificate was the proof', async () => {
    const { asked } = await sent(
      { grant_type: 'client_credentials', client_id: 'web', client_assertion: 'x', scope: 'orders-api/.default' },
      onToken,
    );
    assert.equal(asked.certificate, true);
  });

  it('takes an empty assertion for none: the secret beside it is the proof', async () => {
    const { asked, translated } = await sent(
      { grant_type: 'client_credentials', client_id: 'web', client_secret: 'x', client_assertion: '', scope: 'orders-api/.default' },
      onToken,
    );
    assert.deepEqual([asked.certificate, translated.has('client_assertion')], [false, false]);
  });

  it('says which version it is of only where it names an API itself: the rest is as it was asked for', async () => {
    assert.equal((await sent({ ...code, resource: 'api://billing' }, { ...onToken, older: true })).asked.older, true);
    assert.deepEqual((await sent(code, { ...onToken, older: true })).asked, (await sent(code, onToken)).asked);
  });

  it('reads the device grant of version 1', async () => {
    const { translated } = await sent({ grant_type: 'device_code', client_id: 'web', code: 'd' }, onToken);
    assert.equal(translated.get('grant_type'), 'urn:ietf:params:oauth:grant-type:device_code');
    assert.equal(translated.get('device_code'), 'd');
  });

  it('drops an empty secret, as forms in pages send it', async () => {
    const { translated } = await sent(
      { ...code, client_id: 'spa', client_secret: '' },
      { ...onToken, headers: { origin: 'http://localhost:3000' } },
    );
    assert.equal(translated.has('client_secret'), false);
  });

  const page = { headers: { origin: 'http://localhost:3000' }, ...onToken };
  for (const [what, form, how, refused] of [
    ['a single-page application from a page', { client_id: 'spa' }, page, undefined],
    ['any other from its server', { client_id: 'web' }, onToken, undefined],
    ['a single-page application from elsewhere', { client_id: 'spa' }, onToken, /AADSTS9002327/],
    ['any other from a page', { client_id: 'web' }, page, /AADSTS9002326/],
    ['a secret from a page', { client_id: 'spa', client_secret: 'x' }, page, /AADSTS700025/],
  ] as const) {
    it(`${refused ? 'refuses' : 'takes'} the code of ${what}`, async () => {
      const { refused: refusal } = await sent({ ...code, ...form }, how);
      if (refused) assert.match(refusal?.description ?? '', refused);
      else assert.equal(refusal, undefined);
    });
  }
});

describe('a sign-out', () => {
  it('leads back to the application that registered the address, which MSAL does not name', async () => {
    const { translated } = await sent({ post_logout_redirect_uri: 'http://localhost:3000/bye' }, { route: 'endSession' });
    assert.equal(translated.get('client_id'), 'web');
    const elsewhere = await sent({ post_logout_redirect_uri: 'https://evil.example' }, { route: 'endSession' });
    assert.equal(elsewhere.translated.has('client_id'), false);
  });

  it('needs no question, and says that it asked none', async () => {
    assert.deepEqual((await sent({}, { route: 'endSession' })).lenient, ['unasked_logout']);
    assert.equal((await sent({ id_token_hint: 'x' }, { route: 'endSession' })).lenient, undefined);
  });
});
