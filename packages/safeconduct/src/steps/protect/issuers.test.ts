import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { generic } from '../../core/providers/generic.ts';
import { safeconduct } from '../../core/providers/safeconduct.ts';
import { type AskedProvider, active, api, bearing, credentials, seconds, startAskedProvider } from './asked.fixtures.test.ts';
import { type ProtectOptions, protect } from './protect.ts';

let ours: AskedProvider;
let theirs: AskedProvider;

beforeEach(async () => {
  // Both call their key k1.
  [ours, theirs] = await Promise.all([startAskedProvider(), startAskedProvider()]);
});
afterEach(() => Promise.all([ours.stop(), theirs.stop()]));

const claims = ({ issuer }: AskedProvider, changes: Record<string, unknown> = {}) => ({
  iss: issuer,
  sub: 'ada',
  aud: api,
  client_id: 'shop',
  iat: seconds(),
  exp: seconds() + 600,
  ...changes,
});
const byKeys = ({ issuer }: AskedProvider, audience = api) => ({ provider: generic({ issuer }), audience });
const both = () => protect({ issuers: [byKeys(ours), byKeys(theirs)] });
const calls = ({ calls: made }: AskedProvider) => [...made.values()].reduce((sum, times) => sum + times, 0);

describe('a guard of several issuers', () => {
  it('takes the JWTs of each, and says whose they are', async () => {
    const guard = both();
    for (const provider of [ours, theirs]) {
      const token = await provider.sign(claims(provider));
      for (let round = 0; round < 3; round++) assert.equal((await guard(bearing(token))).issuer, provider.issuer);
    }
  });

  it('R-093 R-076 never takes the token of one by the key of the other, though both keys have the same id', async () => {
    const guard = both();
    for (const [signer, named] of [[ours, theirs] as const, [theirs, ours] as const]) {
      await guard(bearing(await named.sign(claims(named))));
      const forged = await signer.sign(claims(named));
      await assert.rejects(guard(bearing(forged)), { code: 'token_invalid', message: /signature/ });
    }
  });

  it('R-092 never takes the token of one for the audience of the other', async () => {
    const guard = protect({ issuers: [byKeys(ours, 'https://a.example'), byKeys(theirs, 'https://b.example')] });
    assert.ok(await guard(bearing(await ours.sign(claims(ours, { aud: 'https://a.example' })))));
    for (const [provider, aud] of [[ours, 'https://b.example'] as const, [theirs, 'https://a.example'] as const]) {
      await assert.rejects(guard(bearing(await provider.sign(claims(provider, { aud })))), { code: 'token_invalid', message: /aud/ });
    }
  });

  it('lets what a token says only choose among them', async () => {
    const guard = both();
    for (const iss of ['https://evil.example', `${ours.issuer}/`, undefined, '', [ours.issuer], { toString: ours.issuer }]) {
      const token = await ours.sign(claims(ours, { iss }));
      await assert.rejects(guard(bearing(token)), { status: 401 }, JSON.stringify(iss));
    }
    assert.equal(calls(ours) + calls(theirs), 0);
  });

  it('asks one of them about an opaque token, and no other ever sees it', async () => {
    const token = `sc_pat_${'a'.repeat(46)}`;
    ours.known.set(token, active(ours));
    theirs.known.set('opaque', active(theirs));
    const guard = protect({
      issuers: [
        { provider: safeconduct({ issuer: ours.issuer }), audience: api, introspection: credentials },
        { provider: generic({ issuer: theirs.issuer, accessTokens: 'introspection' }), audience: api, introspection: credentials },
      ],
    });
    assert.equal((await guard(bearing(token))).issuer, ours.issuer);
    assert.equal((await guard(bearing('opaque'))).issuer, theirs.issuer);
    const [ourJwt, theirJwt] = [await ours.sign(claims(ours)), await theirs.sign(claims(theirs))];
    theirs.known.set(theirJwt, active(theirs));
    assert.equal((await guard(bearing(ourJwt))).issuer, ours.issuer);
    assert.equal((await guard(bearing(theirJwt))).issuer, theirs.issuer);
    await assert.rejects(guard(bearing(`${ourJwt}=`)), { code: 'token_malformed' });
    assert.deepEqual(
      ours.questions.map(({ form }) => form.get('token')),
      [token],
    );
    assert.deepEqual(
      theirs.questions.map(({ form }) => form.get('token')),
      ['opaque', theirJwt],
    );
  });

  it('asks nobody about a token whose form belongs to none', async () => {
    const guard = protect({
      issuers: [{ provider: safeconduct({ issuer: ours.issuer }), audience: api, introspection: credentials }, byKeys(theirs)],
    });
    for (const token of ['opaque', 'SC_pat_x', 'sc', 'a.b', 'a.b.c.d.e'])
      await assert.rejects(guard(bearing(token)), { code: 'token_malformed' }, token);
    assert.equal(calls(ours) + calls(theirs), 0);
  });

  it('R-094 goes on with the one while the other is down', async () => {
    const guard = both();
    await theirs.stop();
    assert.ok(await guard(bearing(await ours.sign(claims(ours)))));
    await assert.rejects(guard(bearing(await theirs.sign(claims(theirs)))), { code: 'provider_unreachable', status: 503 });
    await theirs.start();
  });
});

describe('R-096 a guard is not made', () => {
  const issuer = 'https://id.example';
  const provider = generic({ issuer });
  const asked = generic({ issuer, accessTokens: 'introspection' });
  const other = generic({ issuer: 'https://other.example', accessTokens: 'introspection' });
  const jwk = { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA', kid: 'k' };
  const with_ = (introspection: unknown) => ({ provider: asked, audience: api, introspection });
  const mistakes: readonly (readonly [string, unknown, RegExp])[] = [
    ['without an issuer', { issuers: [] }, /at least one/],
    ['without an audience', { provider }, /audience/],
    ['with an empty audience', { provider, audience: [api, ''] }, /audience/],
    [
      'with the same issuer twice',
      {
        issuers: [
          { provider, audience: api },
          { provider: asked, audience: 'b', introspection: credentials },
        ],
      },
      /the same/,
    ],
    [
      'with two that would be asked about the same tokens',
      { issuers: [with_(credentials), { ...with_(credentials), provider: other }] },
      /same opaque/,
    ],
    [
      'with two of the same prefix',
      {
        issuers: ['https://a.example', 'https://b.example'].map((url) => ({
          provider: safeconduct({ issuer: url }),
          audience: api,
          introspection: credentials,
        })),
      },
      /same opaque/,
    ],
    ['with one that must be asked, and no credentials to ask with', { provider: asked, audience: api }, /give introspection/],
    ['with a symmetric algorithm', { provider: generic({ issuer, algorithms: ['HS256'] }), audience: api }, /algorithms/],
    ['with an issuer on plain http', { provider: generic({ issuer: 'http://id.example' }), audience: api }, /https/],
    ['without a client id to ask with', with_({ clientSecret: 's' }), /clientId/],
    ['with an empty secret', with_({ clientId: 'c', clientSecret: '' }), /clientSecret/],
    ['without secret and key', with_({ clientId: 'c' }), /either/],
    ['with both secret and key', with_({ clientId: 'c', clientSecret: 's', privateKey: jwk }), /either/],
    ['with a secret for private_key_jwt', with_({ clientId: 'c', clientSecret: 's', authMethod: 'private_key_jwt' }), /privateKey/],
    ['with a key for Basic', with_({ clientId: 'c', privateKey: jwk, authMethod: 'client_secret_basic' }), /clientSecret/],
    ['with a method that nobody knows', with_({ clientId: 'c', clientSecret: 's', authMethod: 'none' }), /authMethod/],
    ['with a public key to sign with', with_({ clientId: 'c', privateKey: jwk }), /private/],
    ['with a symmetric key to sign with', with_({ clientId: 'c', privateKey: { kty: 'oct', k: 'AA' } }), /RSA, EC or Ed25519/],
    ['with answers that are believed for a minute', with_({ ...credentials, maxAgeSeconds: 60 }), /maxAgeSeconds/],
    ['with no time to believe them', with_({ ...credentials, maxAgeSeconds: Number.NaN }), /maxAgeSeconds/],
    ['with another choice of tokens', with_({ ...credentials, tokens: 'some' }), /tokens/],
    ['with an option that nobody reads', { provider, audience: api, requires: { roles: ['support'] } }, /requires is no option/],
    ['with issuers and one more', { issuers: [{ provider, audience: api }], audience: api }, /audience is no option/],
    ['with issuers that are no list', { issuers: { provider, audience: api } }, /list/],
    ['with a misspelt option of an issuer', { issuers: [{ provider, audience: api, introspect: credentials }] }, /introspect is no option/],
    ['with a misspelt option of introspection', with_({ ...credentials, maxAge: 0 }), /maxAge is no option/],
    ['without a provider', { audience: api }, /preset/],
    ['with an isEnded that cannot be asked', { provider, audience: api, isEnded: true }, /isEnded/],
    ['with a requirement that requires nothing', { provider, audience: api, require: {} }, /names nothing/],
  ];
  for (const [what, options, reason] of mistakes)
    it(what, () => {
      assert.throws(() => protect(options as ProtectOptions), { name: 'TypeError', message: reason });
    });

  it('but with one that may be asked and is not, and then says what it lacks', async () => {
    const guard = protect({ provider: safeconduct({ issuer }), audience: api });
    await assert.rejects(guard(bearing('sc_pat_abc')), { code: 'token_malformed' });
  });
});
