import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { auth0 } from '../../core/providers/auth0.ts';
import { generic } from '../../core/providers/generic.ts';
import { safeconduct } from '../../core/providers/safeconduct.ts';
import { createReach, type ReachOptions } from './reach.ts';

const provider = safeconduct({ issuer: 'https://id.example' });
const sound: ReachOptions = { provider, clientId: 'planner', clientSecret: 'top-secret' };

describe('createReach', () => {
  it('refuses a provider that keeps no connected accounts', () => {
    const other = generic({ issuer: 'https://id.example' });
    assert.throws(() => createReach({ ...sound, provider: other }), { name: 'TypeError', message: /generic keeps no connected accounts/ });
  });

  it('asks for a page that connects accounts where the provider has none', () => {
    const there = auth0({ domain: 'acme.eu.auth0.com' });
    assert.throws(() => createReach({ ...sound, provider: there }), { name: 'TypeError', message: /give connectPath/ });
    assert.doesNotThrow(() => createReach({ ...sound, provider: there, connectPath: (connection) => `/connect/${connection}` }));
  });

  it('refuses what can never work', () => {
    const wrong: Partial<Record<keyof ReachOptions | 'secret', unknown>>[] = [
      { clientId: '' },
      { clientSecret: '' },
      { privateKey: { kty: 'oct', k: 'x' } },
      { clientSecret: undefined, authMethod: 'client_secret_basic' },
      { provider: safeconduct({ issuer: 'http://id.example' }) },
      { secret: 'misspelt' },
    ];
    for (const change of wrong)
      assert.throws(() => createReach({ ...sound, ...change } as ReachOptions), TypeError, JSON.stringify(change));
  });

  it('takes a public client', () => {
    assert.doesNotThrow(() => createReach({ provider, clientId: 'phone' }));
  });

  it('calls nobody', () => {
    const fetch = () => assert.fail('called');
    assert.doesNotThrow(() => createReach({ ...sound, fetch }));
  });
});
