import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { Fetch } from '../../core/protocol/fetch.ts';
import { auth0 } from '../../core/providers/auth0.ts';
import { entra } from '../../core/providers/entra.ts';
import { generic } from '../../core/providers/generic.ts';
import { keycloak } from '../../core/providers/keycloak.ts';
import type { ProviderPreset } from '../../core/providers/preset.ts';
import { safeconduct } from '../../core/providers/safeconduct.ts';
import { type ApiDocs, type ApiDocsOptions, type DocsEvent, openApiDocs } from './openapi-docs.ts';

const issuer = 'https://id.example';
const document = { openapi: '3.1.0', info: { title: 'Shop API', version: '1.4.0' }, paths: { '/orders': { get: { responses: {} } } } };
const login = { provider: generic({ issuer }), clientId: 'docs', scopes: { 'orders:read': 'See orders' } };

/** A network on which only the provider's metadata is found. */
const network =
  (of: ProviderPreset): Fetch =>
  async () =>
    Response.json({
      issuer: of.issuer,
      authorization_endpoint: 'https://login.example/authorize',
      token_endpoint: 'https://token.example/token',
      jwks_uri: 'https://id.example/keys',
    });

const docsWith = (more: Partial<ApiDocsOptions> = {}): ApiDocs =>
  openApiDocs({ document, login, fetch: network((more.login ?? login).provider), ...more });

async function get(docs: ApiDocs, path: string, init: RequestInit = {}): Promise<Response> {
  const answer = await docs.fetch(new Request(`https://api.example${path}`, init));
  assert.ok(answer, `${path} was not answered`);
  return answer;
}

const settingsOf = (html: string) => JSON.parse(/<script type="application\/json" id="settings">(.*?)<\/script>/.exec(html)?.[1] ?? '{}');
const fileIn = (html: string, name: string) => new RegExp(`"(/docs/files/[0-9a-f]{16}/${name})"`).exec(html)?.[1] ?? assert.fail(name);

describe('the docs page', () => {
  it('names the API, its version and where its document is', async () => {
    const html = await (await get(docsWith({ title: 'Orders' }), '/docs')).text();
    assert.match(html, /Shop API<\/span>\s*<h1>Orders <span class="tag">1\.4\.0<\/span><\/h1>/);
    assert.match(html, /href="\/docs\/openapi\.json"/);
  });

  it('has a policy without inline scripts or styles, that lets it call the token endpoint and the API’s servers', async () => {
    const servers = ['https://orders.example/v1', 'https://a;sandbox', 'https://a,b'].map((url) => ({ url }));
    const more = { document: { ...document, servers } };
    const { headers } = await get(docsWith(more), '/docs');
    assert.equal(
      headers.get('content-security-policy'),
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self' https://token.example https://orders.example; form-action 'none'; frame-ancestors 'none'; base-uri 'none'",
    );
    assert.deepEqual(
      ['x-content-type-options', 'referrer-policy', 'cross-origin-opener-policy', 'x-frame-options'].map((name) => headers.get(name)),
      ['nosniff', 'no-referrer', 'same-origin', 'DENY'],
    );
    assert.match((await get(docsWith(), '/docs/oauth2-redirect')).headers.get('content-security-policy') ?? '', /connect-src 'self';/);
  });

  it('writes what it is given as text, never as markup', async () => {
    const info = { title: '</script><script>alert(1)</script>', version: '"><img src=x>' };
    const scopes = { 'a:b': '</script><script>alert(2)</script>' };
    const html = await (await get(docsWith({ document: { ...document, info }, login: { ...login, scopes } }), '/docs')).text();
    assert.doesNotMatch(html, /<script>alert|<img/);
    assert.equal(settingsOf(html).scopes['a:b'], scopes['a:b']);
  });

  it('is there while the provider is away, says so, and logs why', async () => {
    const events: DocsEvent[] = [];
    const away = docsWith({ fetch: () => Promise.reject(new Error('no route')), log: (event) => events.push(event) });
    const html = await (await get(away, '/docs')).text();
    assert.equal(settingsOf(html).endpoints, undefined);
    const { components } = (await (await get(away, '/docs/openapi.json')).json()) as { components: object };
    assert.match(JSON.stringify(components), /"oauth2":\{"type":"http","scheme":"bearer"/);
    assert.deepEqual([events[0]?.event, events[0]?.code], ['docs_login_unavailable', 'provider_unreachable']);
  });

  it('reads the document when it is first asked for, so that routes may come later', async () => {
    let title = 'too early';
    const docs = docsWith({ document: () => ({ ...document, info: { title, version: '1' } }) });
    title = 'Late API';
    assert.match(await (await get(docs, '/docs')).text(), /Late API/);
  });

  it('says for each vendor where the redirect address is registered', async () => {
    const presets: [ProviderPreset, RegExp][] = [
      [safeconduct({ issuer }), /redirectUris .* "spa"/],
      [auth0({ domain: 'shop.eu.auth0.com' }), /Allowed Callback URLs.*Allowed Web Origins/],
      [entra({ tenant: '11111111-2222-3333-4444-555555555555' }), /Single-page application/],
      [keycloak({ issuer: 'https://id.example/realms/shop' }), /Valid redirect URIs.*Web origins/],
      [login.provider, /public client \(PKCE, no secret\).*CORS/],
    ];
    for (const [provider, words] of presets) {
      const settings = settingsOf(await (await get(docsWith({ login: { ...login, provider } }), '/docs')).text());
      assert.match(settings.register, words);
      assert.equal(settings.redirectPath, '/docs/oauth2-redirect');
    }
  });

  it('names the API to each provider in its own way', async () => {
    const parameters = async (provider: ProviderPreset) => {
      const resource = 'https://api.example';
      const html = await (await get(docsWith({ login: { ...login, provider, resource } }), '/docs')).text();
      const { authorizationParameters, tokenParameters } = settingsOf(html);
      return [authorizationParameters, tokenParameters];
    };
    const resource = { resource: 'https://api.example' };
    assert.deepEqual(await parameters(login.provider), [resource, resource]);
    assert.deepEqual(await parameters(auth0({ domain: 'shop.eu.auth0.com' })), [{ audience: 'https://api.example' }, {}]);
  });
});

describe('what belongs to the page', () => {
  it('is served compressed, unchangeable, and under a new address when it changes', async () => {
    const docs = docsWith();
    const path = fileIn(await (await get(docs, '/docs')).text(), 'swagger-ui-bundle\\.js');
    const plain = await get(docs, path);
    const small = await get(docs, path, { headers: { 'accept-encoding': 'br, gzip' } });
    assert.equal(small.headers.get('cache-control'), 'public, max-age=31536000, immutable');
    assert.equal(small.headers.get('vary'), 'accept-encoding');
    assert.deepEqual(gunzipSync(await small.arrayBuffer()), Buffer.from(await plain.arrayBuffer()));
    const none = await get(docs, path, { headers: { 'accept-encoding': 'gzip;q=0' } });
    assert.equal(none.headers.get('content-encoding'), null);
  });

  it('is not sent again to a browser that has it', async () => {
    const docs = docsWith();
    for (const path of ['/docs', '/docs/openapi.json', fileIn(await (await get(docs, '/docs')).text(), 'page\\.js')]) {
      const etag = (await get(docs, path)).headers.get('etag') ?? '';
      const again = await get(docs, path, { headers: { 'if-none-match': `"other", W/${etag}` } });
      assert.deepEqual([again.status, await again.text()], [304, ''], path);
      assert.equal((await get(docs, path, { headers: { 'if-none-match': '"other"' } })).status, 200);
    }
  });

  it('leaves everything else to the API, and reads only', async () => {
    const docs = docsWith();
    for (const path of ['/', '/docsx', '/doc', '/api/docs', '/orders'])
      assert.equal(await docs.fetch(new Request(`https://api.example${path}`)), undefined, path);
    assert.deepEqual([(await get(docs, '/docs/')).status, (await get(docs, '/docs/')).headers.get('location')], [308, '/docs']);
    for (const path of ['/docs/nothing', '/docs/files/0000000000000000/page.js', '/docs/files/../openapi.ts', '/docs/files/%2e%2e/x'])
      assert.equal((await get(docs, path)).status, 404, path);
    assert.equal((await get(docs, '/docs', { method: 'POST' })).status, 405);
    const head = await get(docs, '/docs', { method: 'HEAD' });
    assert.deepEqual([head.status, await head.text()], [200, '']);
  });
});

describe('openApiDocs', () => {
  it('refuses what cannot work, and says what to write', () => {
    const scopesOnly = entra({ tenant: '11111111-2222-3333-4444-555555555555' });
    const wrong: [Partial<ApiDocsOptions>, RegExp][] = [
      [{ path: 'docs' }, /path is "docs": write it like "\/docs"/],
      [{ path: '/docs/' }, /without a slash at the end/],
      [{ path: '/' }, /path is "\/"/],
      [{ login: { ...login, clientId: '' } }, /login\.clientId is empty/],
      [{ login: { ...login, scopes: { 'two words': '' } } }, /"two words", which is no scope/],
      [{ login: { ...login, resource: 'orders' } }, /write an absolute URL/],
      [{ login: { ...login, resource: 'api://x', provider: scopesOnly } }, /its scopes name the API/],
      [{ login: { ...login, schemeName: 'a b' } }, /login\.schemeName is "a b"/],
      [{ login: { ...login, provider: generic({ issuer: 'http://id.example' }) } }, /must be an https URL/],
      [{ document: { ...document, openapi: '2.0' } }, /OpenAPI 3\.0 and 3\.1/],
    ];
    for (const [options, message] of wrong) assert.throws(() => docsWith(options), { name: 'TypeError', message });
  });
});
