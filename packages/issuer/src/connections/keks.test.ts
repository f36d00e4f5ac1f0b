import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { after, before, beforeEach, describe, it } from 'node:test';
import { parseMasterKeys } from '../secrets/master-key.ts';
import { KekUnavailable } from './kek.ts';
import { createKeks } from './keks.ts';

const newKey = () => parseMasterKeys(randomBytes(32).toString('base64url'));
const context = 'v1|data_key|org|calendar|dek_1';

describe('keys that wrap data keys', () => {
  it('R-124 unwraps what they wrapped, in the same context only, and nothing that was changed', async () => {
    const { current } = await createKeks({ masterKeys: newKey() });
    const key = randomBytes(32);
    const wrapped = await current.wrap(key, context);
    assert.deepEqual(await current.unwrap(wrapped, context), key);
    await assert.rejects(current.unwrap(wrapped, 'v1|data_key|org|calendar|dek_2'));
    await assert.rejects(current.unwrap(`${wrapped.startsWith('A') ? 'B' : 'A'}${wrapped.slice(1)}`, context));
    await assert.rejects(current.unwrap(wrapped.slice(0, -4), context), /not a wrapped key/);
    await assert.rejects((await createKeks({ masterKeys: newKey() })).current.unwrap(wrapped, context));
  });

  it('wraps with the newest key of its own, and unwraps what older and derived ones wrapped', async () => {
    const [masterKeys, old, newest] = [newKey(), newKey(), newKey()];
    const before = await createKeks({ masterKeys, vaultKeys: old });
    const derived = await createKeks({ masterKeys });
    const now = await createKeks({ masterKeys, vaultKeys: [...newest, ...old] });
    assert.match(now.current.id, /^key:[0-9a-f]{8}$/);
    assert.match(derived.current.id, /^master:[0-9a-f]{8}$/);
    for (const { current } of [before, derived]) {
      const wrapped = await current.wrap(Buffer.alloc(32, 7), context);
      assert.deepEqual(await now.find(current.id)?.unwrap(wrapped, context), Buffer.alloc(32, 7));
    }
    assert.equal(before.find(now.current.id), undefined);
  });

  it('needs a key, and an AWS KMS key needs its name', async () => {
    await assert.rejects(createKeks({ masterKeys: [] }), TypeError);
    await assert.rejects(createKeks({ masterKeys: newKey(), kms: 'aws-kms:' }), /name the key/);
  });

  it('F-22 does not start with AWS KMS when its client is not installed, and says what to install', async () => {
    const loadKms = async () => {
      throw new Error('a key of AWS KMS is configured, and its client is missing: npm install @aws-sdk/client-kms');
    };
    await assert.rejects(createKeks({ masterKeys: newKey(), kms: 'aws-kms:alias/vault', loadKms }), /npm install @aws-sdk\/client-kms/);
  });
});

interface KmsRequest {
  readonly target: string;
  readonly KeyId: string;
  readonly Plaintext?: string;
  readonly CiphertextBlob?: string;
  readonly EncryptionContext: Readonly<Record<string, string>>;
}

describe('AWS KMS, by its own client', () => {
  const requests: KmsRequest[] = [];
  let mood: 'well' | 'slow' | 'down' | 'denied' = 'well';
  const server = createServer(async (request, response) => {
    const body = { target: String(request.headers['x-amz-target']).split('.')[1] ?? '', ...JSON.parse(await text(request)) } as KmsRequest;
    requests.push(body);
    if (mood === 'slow') return;
    if (mood === 'down') return void response.destroy();
    const answer = mood === 'denied' ? { __type: 'AccessDeniedException', message: 'role arn:aws:iam::1:role/x' } : answerOf(body);
    response.writeHead('__type' in answer ? 400 : 200, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(answer));
  });
  // What the service gives back holds, for this test, what it is bound to.
  const answerOf = ({ target, KeyId, Plaintext = '', CiphertextBlob = '', EncryptionContext }: KmsRequest): Record<string, string> => {
    const bound = JSON.stringify([KeyId, EncryptionContext]);
    if (target === 'Encrypt') return { KeyId, CiphertextBlob: Buffer.from(JSON.stringify([bound, Plaintext])).toString('base64') };
    const [to, plain] = JSON.parse(Buffer.from(CiphertextBlob, 'base64').toString()) as [string, string];
    return to === bound ? { KeyId, Plaintext: plain } : { __type: 'InvalidCiphertextException' };
  };
  const earlier: Record<string, string | undefined> = {};
  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const settings = {
      AWS_ENDPOINT_URL_KMS: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    };
    for (const [name, value] of Object.entries(settings)) {
      earlier[name] = process.env[name];
      process.env[name] = value;
    }
  });
  after(async () => {
    for (const [name, value] of Object.entries(earlier)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  beforeEach(() => {
    mood = 'well';
    requests.length = 0;
  });
  const kms = 'aws-kms:alias/vault';

  it('wraps and unwraps with the context that it is told', async () => {
    const { current, find } = await createKeks({ masterKeys: newKey(), kms });
    assert.equal(current.id, kms);
    const key = randomBytes(32);
    const wrapped = await current.wrap(key, context);
    assert.deepEqual(await find(kms)?.unwrap(wrapped, context), key);
    const last = requests.at(-1);
    assert.deepEqual([last?.target, last?.KeyId, last?.EncryptionContext], ['Decrypt', 'alias/vault', { safeconduct: context }]);
    await assert.rejects(current.unwrap(wrapped, 'another'), (error) => !(error instanceof KekUnavailable));
  });

  it('R-124 asks for the very key that wrapped something, and another key of the service does not open it', async () => {
    const keks = await createKeks({ masterKeys: newKey(), kms: `aws-kms:arn:aws:kms:eu-west-1:111122223333:key/new,${kms}` });
    const wrapped = await keks.current.wrap(randomBytes(32), context);
    await assert.rejects(Promise.resolve(keks.find(kms)?.unwrap(wrapped, context)), /did not wrap this/);
    assert.equal(keks.find('aws-kms:alias/somebody-elses'), undefined);
  });

  it('F-22 does not start while the service is away, slow or refuses, and tells nothing of its words', async () => {
    for (const next of ['down', 'denied', 'slow'] as const) {
      mood = next;
      const begun = performance.now();
      await assert.rejects(createKeks({ masterKeys: newKey(), kms }), (error: Error) => {
        assert.match(error.message, /^the vault's key aws-kms:alias\/vault cannot be used: the key management service refused or was away/);
        assert.doesNotMatch(error.message, /arn:aws:iam/);
        return true;
      });
      assert.ok(performance.now() - begun < 4_000, next);
    }
  });

  it('F-22 says that it is away when it goes away later', async () => {
    const { current } = await createKeks({ masterKeys: newKey(), kms });
    mood = 'down';
    await assert.rejects(current.wrap(randomBytes(32), context), KekUnavailable);
  });
});
