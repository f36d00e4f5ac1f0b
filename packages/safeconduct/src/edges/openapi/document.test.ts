import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { entra } from '../../core/providers/entra.ts';
import { generic } from '../../core/providers/generic.ts';
import { checkDocument, type OpenApiDocument, serverOrigins, withScheme } from './document.ts';
import { securityScheme } from './login.ts';
import { schemeNameOf } from './vendors.ts';

const info = { title: 'Shop', version: '1' };
const scheme = { name: 'oauth2', scheme: { type: 'oauth2' } };
const tenant = '11111111-2222-3333-4444-555555555555';

describe('the document', () => {
  it('gets the scheme beside those that it has, and keeps everything else', () => {
    const document = {
      openapi: '3.1.0',
      info,
      'x-mine': true,
      components: { schemas: { Order: {} }, securitySchemes: { key: { type: 'apiKey' } } },
      paths: { '/orders': { get: { security: [{ oauth2: ['orders:read'] }, { key: [] }] }, parameters: [] } },
    };
    const { components, ...rest } = withScheme(document, scheme);
    assert.deepEqual(components, { schemas: { Order: {} }, securitySchemes: { key: { type: 'apiKey' }, oauth2: { type: 'oauth2' } } });
    const { components: _, ...before } = document;
    assert.deepEqual(rest, before);
  });

  it('asks for a sign-in everywhere when it says nothing about security, and only then', () => {
    const silent: OpenApiDocument = { openapi: '3.0.3', info, paths: { '/a': { get: {} } } };
    assert.deepEqual(withScheme(silent, scheme).security, [{ oauth2: [] }]);
    const open = { ...silent, security: [] };
    assert.deepEqual(withScheme(open, scheme).security, []);
    const partly = { ...silent, paths: { '/a': { get: { security: [{ oauth2: [] }] } }, '/b': { get: {} } } };
    assert.equal(withScheme(partly, scheme).security, undefined);
  });

  it('is refused with a word on what to write', () => {
    const wrong: [object, RegExp][] = [
      [{ openapi: '2.0', info }, /OpenAPI 3\.0 and 3\.1/],
      [{ openapi: '3.1.0', info, components: { securitySchemes: { oauth2: {} } } }, /defines the security scheme "oauth2" itself/],
      [{ openapi: '3.1.0', info, security: [{ oidc: [] }] }, /"oidc", which nobody defines: write "oauth2"/],
      [{ openapi: '3.1.0', info, paths: { '/a': { get: { security: [{ bearer: [] }] } } } }, /"bearer", which nobody defines/],
    ];
    for (const [document, message] of wrong)
      assert.throws(() => checkDocument(document as OpenApiDocument, 'oauth2'), { name: 'TypeError', message });
  });

  it('says which origins the page may call', () => {
    const servers = (...urls: string[]) => urls.map((url) => ({ url }));
    const document = {
      openapi: '3.1.0',
      info,
      servers: servers('/api', 'https://api.example/v1', 'https://api.example/v2'),
      paths: { '/a': { servers: servers('https://a.example'), get: { servers: servers('javascript:alert(1)', 'https://b.example/x y') } } },
    };
    assert.deepEqual(serverOrigins(document), ['https://api.example', 'https://a.example', 'https://b.example']);
  });
});

describe('the security scheme', () => {
  const login = { provider: generic({ issuer: 'https://id.example' }), clientId: 'docs', scopes: { 'orders:read': 'See orders' } };

  it('S3.7 is oauth2 with an authorization code, both addresses, and the scopes with their sentences', () => {
    const scheme = securityScheme(login, {
      issuer: 'https://id.example',
      authorizationEndpoint: 'https://id.example/authorize',
      tokenEndpoint: 'https://id.example/token',
      answersNameIssuer: true,
    });
    assert.equal(scheme.type, 'oauth2');
    assert.deepEqual(scheme.flows, {
      authorizationCode: {
        authorizationUrl: 'https://id.example/authorize',
        tokenUrl: 'https://id.example/token',
        scopes: { 'orders:read': 'See orders' },
        'x-usePkce': 'SHA-256',
      },
    });
    assert.doesNotMatch(JSON.stringify(scheme), /secret/i, 'there is no secret to leave blank');
  });

  it('S3.7 is named for Entra ID as its libraries name it, and oauth2 elsewhere', () => {
    const b2c = {
      discoveryUrl: 'https://x.b2clogin.com/x/p/v2.0/.well-known/openid-configuration',
      issuer: 'https://x.b2clogin.com/x/v2.0/',
    };
    assert.equal(schemeNameOf(entra({ tenant })), 'AzureAD_PKCE_single_tenant');
    assert.equal(schemeNameOf(entra({ tenants: [tenant] })), 'AzureAD_PKCE_multi_tenant');
    assert.equal(schemeNameOf(entra({ acceptTokensOfEveryTenant: true })), 'AzureAD_PKCE_multi_tenant');
    assert.equal(schemeNameOf(entra(b2c)), 'AzureAD_PKCE_B2C_multi_tenant');
    assert.equal(schemeNameOf(login.provider), 'oauth2');
  });

  it('is a token that one brings along while the provider does not answer', () => {
    const { type, scheme, description } = securityScheme(login, undefined);
    assert.deepEqual([type, scheme, description], ['http', 'bearer', 'An access token of id.example.']);
  });
});
