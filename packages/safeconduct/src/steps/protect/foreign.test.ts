import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type ForeignProvider, startForeignProvider } from '@safeconduct/test-support/foreign-provider';
import { OAuth2Server } from 'oauth2-mock-server';
import { generic } from '../../core/providers/generic.ts';
import { protect } from './protect.ts';

const audience = 'https://api.example';
const request = (token: string) => new Request(audience, { headers: { authorization: `Bearer ${token}` } });

describe('a guard of an API whose provider is not ours', () => {
  let foreign: ForeignProvider;
  const mock = new OAuth2Server();

  before(async () => {
    const resourceServer = { scope: 'orders:read', accessTokenFormat: 'jwt', accessTokenTTL: 600 } as const;
    foreign = await startForeignProvider(
      [{ client_id: 'batch', client_secret: 'secret', grant_types: ['client_credentials'], redirect_uris: [], response_types: [] }],
      {
        features: {
          clientCredentials: { enabled: true },
          resourceIndicators: { enabled: true, defaultResource: () => audience, getResourceServerInfo: () => resourceServer },
        },
      },
    );
    await mock.issuer.keys.generate('RS256');
    await mock.start(0, '127.0.0.1');
    mock.issuer.url = `http://127.0.0.1:${mock.address().port}`;
  });
  after(async () => {
    await foreign.close();
    await mock.stop();
  });

  it('lets a service of oidc-provider in', async () => {
    const response = await fetch(`${foreign.issuer}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa('batch:secret')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'orders:read' }),
    });
    const { access_token: token } = (await response.json()) as { access_token: string };
    const guard = protect({ provider: generic({ issuer: foreign.issuer }), audience, require: { scopes: ['orders:read'] } });
    const identity = await guard(request(token));
    assert.equal(identity.kind, 'service');
    assert.equal(identity.client, 'batch');
  });

  it('takes the unmarked tokens of oauth2-mock-server only when told to', async () => {
    const token = await mock.issuer.buildToken({
      scopesOrTransform: (_header, payload) =>
        Object.assign(payload, { aud: audience, sub: 'ada', client_id: 'shop', scope: 'orders:read' }),
    });
    const strict = protect({ provider: generic({ issuer: mock.issuer.url ?? '' }), audience });
    await assert.rejects(strict(request(token)), { code: 'token_invalid', message: /typ/ });
    const lenient = protect({ provider: generic({ issuer: mock.issuer.url ?? '', accessTokenTypes: ['jwt'] }), audience });
    assert.equal((await lenient(request(token))).subject, 'ada');
  });
});
