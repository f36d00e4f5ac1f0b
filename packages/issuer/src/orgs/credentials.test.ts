import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { before, it } from 'node:test';
import { inspect } from 'node:util';
import { calculateJwkThumbprint } from 'jose';
import { applyConfiguration } from '../configuration/apply.ts';
import { createServiceUser } from '../people/service-users.ts';
import { hashOf, kindOf } from '../secrets/token-format.ts';
import type { Run } from '../store/database.ts';
import { onBothEngines } from '../store/stores.fixtures.test.ts';
import { findApplication } from './applications.ts';
import { addKey, type Jwk, listKeys, removeKey } from './keys.ts';
import { addSecret, listSecrets, removeSecret } from './secrets.ts';

const declared = {
  organizations: [{ id: 'o', name: 'O' }],
  projects: [
    {
      id: 'p',
      organization: 'o',
      name: 'P',
      apis: [{ id: 'api', name: 'API', resource: 'https://api.example', scopes: {} }],
      applications: [{ id: 'spa', name: 'SPA', kind: 'spa' as const }],
    },
  ],
};
const publicKey = (type: 'ec' | 'ed25519' | 'rsa' = 'ec', modulusLength = 2048): Jwk => {
  if (type === 'rsa') return generateKeyPairSync('rsa', { modulusLength }).publicKey.export({ format: 'jwk' }) as Jwk;
  if (type === 'ed25519') return generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }) as Jwk;
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' }) as Jwk;
};
const otherCurve = (): Jwk => generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ format: 'jwk' }) as Jwk;
const soon = () => new Date(Date.now() + 60_000);

onBothEngines('credentials of an application', (fixture) => {
  before(() => applyConfiguration(fixture.store(), declared, { mode: 'development' }));
  const transact = <T>(work: (run: Run) => Promise<T>) => fixture.store().transaction(work);
  const service = async () => (await transact((run) => createServiceUser(run, { organizationId: 'o', name: 'Bot' }))).id;
  const expire = (id: string) =>
    fixture.store().run(
      {
        name: 'expire',
        text: `with s as (update issuer.application_secret set expires_at = now() where application_id = $1 and expires_at is not null)
          update issuer.application_key set expires_at = now() where application_id = $1 and expires_at is not null`,
      },
      [id],
    );

  it('R-142 a secret is shown once; it is listed by its id and its end', async () => {
    const id = await service();
    const expiresAt = soon();
    const { secret, ...told } = await transact((run) => addSecret(run, id, { expiresAt }));
    assert.equal(kindOf(secret.reveal()), 'sk');
    assert.ok(!inspect(secret).includes(secret.reveal()));
    assert.match(told.id, /^sec_/);
    assert.deepEqual(told.expiresAt, expiresAt);
    assert.deepEqual(await listSecrets(fixture.store().run, id), [told]);
    assert.deepEqual((await findApplication(fixture.store(), id))?.secretHashes, [hashOf(secret.reveal())]);
  });

  it('R-142 has two live secrets at most, also when three are asked for at once; an expired one makes room', async () => {
    const id = await service();
    const asked = await Promise.allSettled([1, 2, 3].map(() => transact((run) => addSecret(run, id, { expiresAt: soon() }))));
    assert.equal(asked.filter(({ status }) => status === 'fulfilled').length, 2);
    await assert.rejects(
      transact((run) => addSecret(run, id)),
      { name: 'Refused', reason: 'conflict', message: /2 live secrets/ },
    );
    await expire(id);
    assert.deepEqual(await listSecrets(fixture.store().run, id), []);
    assert.deepEqual((await findApplication(fixture.store(), id))?.secretHashes, []);
    await transact((run) => addSecret(run, id));
  });

  it('R-142 says how long its credentials are good for, by the first that ends', async () => {
    const id = await service();
    assert.equal((await findApplication(fixture.store(), id))?.credentialsFor, null);
    await transact((run) => addSecret(run, id));
    assert.equal((await findApplication(fixture.store(), id))?.credentialsFor, null);
    await transact((run) => addSecret(run, id, { expiresAt: soon() }));
    const left = (await findApplication(fixture.store(), id))?.credentialsFor ?? 0;
    assert.ok(left > 50 && left <= 60, String(left));
  });

  it('R-142 a key makes it prove itself by private_key_jwt; its thumbprint names it when nothing does', async () => {
    const id = await service();
    const jwk = publicKey();
    const { id: kid } = await transact((run) => addKey(run, id, { jwk }));
    assert.equal(kid, await calculateJwkThumbprint(jwk as Record<string, string>));
    const application = await findApplication(fixture.store(), id);
    assert.equal(application?.authMethod, 'private_key_jwt');
    assert.deepEqual(application?.keys, [{ ...jwk, kid }]);
    const described = { ...publicKey(), kid: 'k', alg: 'ES256', use: 'sig', x5c: ['AAAA'], note: 'mine' };
    const { use: _use, x5c: _x5c, note: _note, ...kept } = described;
    const third = await service();
    assert.deepEqual((await transact((run) => addKey(run, third, { jwk: described }))).jwk, kept);
    for (const type of ['rsa', 'ed25519'] as const) {
      const other = await service();
      assert.ok((await transact((run) => addKey(run, other, { jwk: publicKey(type) }))).id);
    }
  });

  it('R-142 has two live keys at most; one that ended is not live', async () => {
    const id = await service();
    for (const kid of ['a', 'b']) await transact((run) => addKey(run, id, { jwk: { ...publicKey(), kid }, expiresAt: soon() }));
    await assert.rejects(
      transact((run) => addKey(run, id, { jwk: publicKey() })),
      { reason: 'conflict', message: /2 live keys/ },
    );
    await expire(id);
    assert.deepEqual(await listKeys(fixture.store().run, id), []);
    assert.deepEqual((await findApplication(fixture.store(), id))?.keys, []);
    await assert.rejects(
      transact((run) => addKey(run, id, { jwk: { ...publicKey(), kid: 'a' } })),
      { reason: 'conflict', message: /kid a/ },
    );
  });

  it('does not mix secrets and keys', async () => {
    const [bySecret, byKey] = [await service(), await service()];
    const { id: secretId } = await transact((run) => addSecret(run, bySecret));
    const { id: keyId } = await transact((run) => addKey(run, byKey, { jwk: publicKey() }));
    await assert.rejects(
      transact((run) => addKey(run, bySecret, { jwk: publicKey() })),
      { reason: 'conflict', message: /remove its secrets/ },
    );
    await assert.rejects(
      transact((run) => addSecret(run, byKey)),
      { reason: 'conflict', message: /remove its keys/ },
    );
    assert.equal(await transact((run) => removeSecret(run, bySecret, secretId)), true);
    assert.equal(await transact((run) => removeKey(run, byKey, keyId)), true);
    await transact((run) => addKey(run, bySecret, { jwk: publicKey() }));
    await transact((run) => addSecret(run, byKey));
    assert.equal((await findApplication(fixture.store(), bySecret))?.authMethod, 'private_key_jwt');
    assert.equal((await findApplication(fixture.store(), byKey))?.authMethod, 'client_secret_basic');
  });

  it("removes only what is the application's own, and says when there was nothing", async () => {
    const [mine, other] = [await service(), await service()];
    const { id } = await transact((run) => addSecret(run, mine));
    assert.equal(await transact((run) => removeSecret(run, other, id)), false);
    assert.equal(await transact((run) => removeKey(run, other, id)), false);
    assert.equal((await listSecrets(fixture.store().run, mine)).length, 1);
  });

  it('an API that was declared without a secret can get one, and keeps it when it is declared again', async () => {
    const { secret } = await transact((run) => addSecret(run, 'api'));
    assert.equal((await findApplication(fixture.store(), 'api'))?.authMethod, 'client_secret_basic');
    assert.deepEqual(await applyConfiguration(fixture.store(), declared, { mode: 'development' }), []);
    assert.deepEqual((await findApplication(fixture.store(), 'api'))?.secretHashes, [hashOf(secret.reveal())]);
  });

  const refused: readonly (readonly [what: string, add: (run: Run, id: string) => Promise<unknown>, expected: object])[] = [
    ['an application that is not there', (run) => addSecret(run, 'none'), { reason: 'unknown' }],
    ['an application that runs in the browser', (run) => addSecret(run, 'spa'), { reason: 'invalid', message: /spa/ }],
    ['an end that is past', (run, id) => addSecret(run, id, { expiresAt: new Date(0) }), { reason: 'invalid' }],
    [
      'an end of a key that is no time',
      (run, id) => addKey(run, id, { jwk: publicKey(), expiresAt: new Date(Number.NaN) }),
      { reason: 'invalid' },
    ],
    ['a private key', (run, id) => addKey(run, id, { jwk: { ...publicKey(), d: 'AAAA' } }), { reason: 'invalid', message: /public/ }],
    ['a shared key', (run, id) => addKey(run, id, { jwk: { kty: 'oct', k: 'AAAA' } }), { reason: 'invalid' }],
    ['a key that is none', (run, id) => addKey(run, id, { jwk: { kty: 'EC', crv: 'P-256' } }), { reason: 'invalid' }],
    ['a weak RSA key', (run, id) => addKey(run, id, { jwk: publicKey('rsa', 1024) }), { reason: 'invalid', message: /2048/ }],
    ['a key on another curve', (run, id) => addKey(run, id, { jwk: otherCurve() }), { reason: 'invalid', message: /P-256/ }],
    [
      'a key for encryption',
      (run, id) => addKey(run, id, { jwk: { ...publicKey(), use: 'enc' } }),
      { reason: 'invalid', message: /signatures/ },
    ],
    [
      'an alg that does not fit',
      (run, id) => addKey(run, id, { jwk: { ...publicKey(), alg: 'RS256' } }),
      { reason: 'invalid', message: /ES256/ },
    ],
    ['a kid that is no text', (run, id) => addKey(run, id, { jwk: { ...publicKey(), kid: 7 } }), { reason: 'invalid', message: /kid/ }],
  ];
  for (const [what, add, expected] of refused) {
    it(`refuses ${what}`, async () => {
      const id = await service();
      await assert.rejects(
        transact((run) => add(run, id)),
        { name: 'Refused', ...expected },
      );
    });
  }
});
