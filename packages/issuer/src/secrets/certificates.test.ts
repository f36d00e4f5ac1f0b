import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, hash, X509Certificate } from 'node:crypto';
import { describe, it } from 'node:test';
import { certifyKey, signCertificate } from './certificates.ts';
import { defaultKeyPolicy } from './signing-keys.ts';

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const read = (certificate: string) => new X509Certificate(Buffer.from(certificate, 'base64'));

describe('the certificate of a signing key', () => {
  it('is of that key, signed by it, and named by its thumbprint', () => {
    const { certificate, thumbprint } = certifyKey('https://login.example.com/', privateKey);
    const parsed = read(certificate);
    assert.ok(parsed.publicKey.equals(createPublicKey(privateKey)));
    assert.ok(parsed.verify(createPublicKey(privateKey)) && !parsed.ca);
    assert.equal(thumbprint, hash('sha1', parsed.raw, 'base64url'));
    assert.equal(thumbprint, Buffer.from(parsed.fingerprint.replaceAll(':', ''), 'hex').toString('base64url'));
  });

  it('is good from yesterday until long after the key has gone', () => {
    const now = new Date('2026-11-23T00:00:00Z');
    const { validFromDate, validToDate } = read(certifyKey('https://login.example.com', privateKey, now).certificate);
    const { publishedFor, activeFor, retiredFor } = defaultKeyPolicy;
    assert.equal(validFromDate.toISOString(), '2026-11-22T00:00:00.000Z');
    assert.ok(validToDate.getTime() - now.getTime() > 10 * (publishedFor + activeFor + retiredFor) * 1_000);
  });

  it('names the issuer in full, also where a common name has no room for it', () => {
    const long = `https://login.example.com/${'0'.repeat(80)}/v2.0`;
    const short = read(certifyKey('https://login.example.com/', privateKey).certificate);
    assert.deepEqual([short.subject, short.subjectAltName], ['CN=https://login.example.com/', 'URI:https://login.example.com/']);
    const { subject, subjectAltName } = read(certifyKey(long, privateKey).certificate);
    assert.deepEqual([subject, subjectAltName], ['CN=login.example.com', `URI:${long}`]);
  });

  it('is another one each time', () => {
    const [one, two] = [1, 2].map(() => read(certifyKey('https://login.example.com', privateKey).certificate));
    assert.notEqual(one?.serialNumber, two?.serialNumber);
    assert.match(one?.serialNumber ?? '', /^[4-7][0-9A-F]{31}$/);
  });

  it('is not made with a key that clients of certificates do not know', () => {
    const edwards = generateKeyPairSync('ed25519');
    const contents = { subject: 'x', publicKey: edwards.publicKey, notBefore: new Date(), notAfter: new Date(), extensions: [] };
    assert.throws(() => signCertificate(contents, { name: 'x', privateKey: edwards.privateKey }), /RSA or EC keys, not ed25519/);
  });
});
