import assert from 'node:assert/strict';
import { createSecretKey, randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { readWrittenHead, writeHead } from './audit-head.ts';

const masterKey = (id: string) => ({ id, key: createSecretKey(randomBytes(32)) });
const [first, second] = [masterKey('aaaaaaaa'), masterKey('bbbbbbbb')];
const head = { position: 42, hash: 'h'.repeat(43) };

describe('the signed end of the audit log', () => {
  it('R-145 is read back with the key that signed it, also after a rotation', () => {
    assert.deepEqual(readWrittenHead([first], writeHead([first], head)), head);
    assert.deepEqual(readWrittenHead([second, first], writeHead([first], head)), head);
  });

  it('R-145 is refused when it was changed, or signed by somebody else', () => {
    const written = writeHead([first], head);
    assert.throws(() => readWrittenHead([first], written.replace('42', '43')), /not signed with one of our master keys/);
    assert.throws(() => readWrittenHead([second], written), /not signed with one of our master keys/);
    assert.throws(() => readWrittenHead([first], '42:no'), /write position:hash:signature/);
  });
});
