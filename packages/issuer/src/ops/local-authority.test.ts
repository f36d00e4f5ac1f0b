import assert from 'node:assert/strict';
import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { type AddressInfo, isIP } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { connect, checkServerIdentity as nameCheck, type PeerCertificate } from 'node:tls';
import { signCertificate } from '../secrets/certificates.ts';
import { authority as isAuthority, names, serverUse, signerKey, usage } from '../secrets/certificates-extensions.ts';
import { finished, startModule } from '../store/processes.fixtures.test.ts';
import { openLocalAuthority, type ServerCertificate } from './local-authority.ts';

const DAY = 86_400_000;
const later = (days: number) => () => new Date(Date.now() + days * DAY);

describe('the certificate authority of this machine', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'safeconduct-authority-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));
  const inside = (name = '') => join(directory, 'local-authority', name);

  it('is made at the first start, and is the same one at the next', async () => {
    const first = await openLocalAuthority(directory);
    const text = readFileSync(first.path, 'utf8');
    const second = await openLocalAuthority(directory);
    assert.deepEqual([first.made, second.made, second.path], [true, false, first.path]);
    assert.equal(readFileSync(second.path, 'utf8'), text);
    const certificate = new X509Certificate(text);
    assert.ok(certificate.ca && certificate.verify(certificate.publicKey) && text.lastIndexOf('BEGIN') === text.indexOf('BEGIN'));
  });

  it('keeps its keys to this user, and shows its certificate to all', { skip: process.platform === 'win32' }, async () => {
    const authority = await openLocalAuthority(directory);
    await authority.certificateFor([]);
    for (const name of readdirSync(inside()))
      assert.equal(statSync(inside(name)).mode & 0o777, name === 'ca.pem' ? 0o644 & ~process.umask() : 0o600, name);
    assert.doesNotMatch(readFileSync(authority.path, 'utf8'), /PRIVATE/);
  });

  it('does not work with a key that others could read', { skip: process.platform === 'win32' }, async () => {
    await openLocalAuthority(directory);
    chmodSync(inside('authority-1.pem'), 0o644);
    await assert.rejects(openLocalAuthority(directory), /can be read by other users of this machine: remove .*local-authority/);
  });

  it('says what to do when its file was damaged', async () => {
    await openLocalAuthority(directory);
    writeFileSync(inside('authority-1.pem'), 'nothing of use');
    await assert.rejects(openLocalAuthority(directory), /is not what was written there: remove .*local-authority, start again/);
  });

  it('is one, even if three processes make it at the same moment', async () => {
    const maker = `
      import { openLocalAuthority } from ${JSON.stringify(new URL('local-authority.ts', import.meta.url).href)};
      import { readFileSync } from 'node:fs';
      const { path, made } = await openLocalAuthority(${JSON.stringify(directory)});
      console.log(made, readFileSync(path, 'utf8'));`;
    const outputs = (await Promise.all([1, 2, 3].map(() => finished(startModule(maker))))).map(({ output }) => output);
    assert.equal(outputs.filter((output) => output.startsWith('true')).length, 1, outputs.join());
    assert.equal(new Set(outputs.map((output) => output.replace(/^\w+ /, ''))).size, 1);
    assert.deepEqual(readdirSync(inside()).sort(), ['authority-1.pem', 'ca.pem']);
  });

  it('is replaced before it ends, and what it vouched for with it', async () => {
    const before = await openLocalAuthority(directory);
    const server = await before.certificateFor([]);
    const old = readFileSync(before.path, 'utf8');
    assert.equal((await openLocalAuthority(directory, later(4.5 * 365))).made, false);
    const after = await openLocalAuthority(directory, later(4.9 * 365));
    assert.ok(after.made);
    const now = new X509Certificate(readFileSync(after.path, 'utf8'));
    assert.notEqual(now.toString(), old);
    const { cert } = await after.certificateFor([]);
    assert.notEqual(cert, server.cert);
    assert.ok(belowIn((await after.certificateFor([])).cert).verify(now.publicKey));
    assert.ok(!readdirSync(inside()).includes('authority-1.pem'));
  });

  it('gives a server one certificate for 90 days at most, and another one in time', async () => {
    const { certificateFor } = await openLocalAuthority(directory);
    const first = await certificateFor([]);
    const { validFromDate, validToDate } = new X509Certificate(first.cert);
    assert.ok(validToDate.getTime() - validFromDate.getTime() <= 90 * DAY);
    assert.deepEqual(await (await openLocalAuthority(directory, later(20))).certificateFor([]), first);
    const second = await (await openLocalAuthority(directory, later(31))).certificateFor([]);
    assert.notEqual(second.cert, first.cert);
    assert.ok(new X509Certificate(second.cert).validToDate > validToDate);
  });

  it('names localhost, its addresses and the names that were asked for', async () => {
    const { certificateFor } = await openLocalAuthority(directory);
    const plain = await certificateFor(['localhost', '[::1]']);
    const more = await certificateFor(['Login.localhost', '127.0.0.2']);
    const named = ({ cert }: ServerCertificate) => new X509Certificate(cert).subjectAltName?.split(', ').sort();
    assert.deepEqual(named(plain), ['DNS:localhost', 'IP Address:0:0:0:0:0:0:0:1', 'IP Address:127.0.0.1']);
    assert.deepEqual(named(more), [
      'DNS:localhost',
      'DNS:login.localhost',
      'IP Address:0:0:0:0:0:0:0:1',
      'IP Address:127.0.0.1',
      'IP Address:127.0.0.2',
    ]);
    assert.deepEqual(await certificateFor(['::1']), plain);
    assert.ok(new X509Certificate(plain.cert).checkPrivateKey(createPrivateKey(plain.key)));
  });

  for (const host of [
    'example.com',
    '192.168.1.5',
    '128.0.0.1',
    '::2',
    'localhost.example.com',
    'evil-localhost',
    '*.localhost',
    'localhost.',
    '',
  ])
    it(`refuses ${host || 'nothing'}, which is not this machine`, async () => {
      const { certificateFor } = await openLocalAuthority(directory);
      await assert.rejects(certificateFor([host]), /vouches for this machine alone/);
    });

  it('is believed by who was told to trust it, and by nobody else', async () => {
    const { certificateFor, path } = await openLocalAuthority(directory);
    await serving(await certificateFor(['login.localhost']), async (port) => {
      const ca = readFileSync(path, 'utf8');
      for (const name of ['localhost', '127.0.0.1', '::1', 'login.localhost']) assert.equal(await believing(port, name, ca), 'TLSv1.3');
      await assert.rejects(believing(port, 'localhost'), /unable to get local issuer certificate/);
      await assert.rejects(believing(port, 'other.localhost', ca), /ERR_TLS_CERT_ALTNAME_INVALID|does not match/);
      const client = `console.log(await (await fetch('https://127.0.0.1:${port}/')).text())`;
      const { output } = await finished(startModule(client, { NODE_EXTRA_CA_CERTS: path }));
      assert.equal(output, 'hello\n');
    });
  });

  it('is good for this machine alone, even in the hands of somebody else', async () => {
    const { path } = await openLocalAuthority(directory);
    const stolen = readFileSync(inside('authority-1.pem'), 'utf8');
    const ca = readFileSync(path, 'utf8');
    await serving(forged(stolen, { dns: 'localhost' }), (port) => believing(port, 'localhost', ca));
    await serving(forged(stolen, { dns: 'bank.example.com' }), (port) =>
      assert.rejects(believing(port, 'bank.example.com', ca), /permitted subtree violation/),
    );
    await serving(forged(stolen, { ip: '192.0.2.1' }), (port) =>
      assert.rejects(believing(port, '192.0.2.1', ca), /permitted subtree violation/),
    );
  });

  it('keeps no key of what is trusted: what signs stands below it, with limits of its own', async () => {
    const { path } = await openLocalAuthority(directory);
    const kept = readFileSync(inside('authority-1.pem'), 'utf8');
    assert.ok(!new X509Certificate(readFileSync(path)).checkPrivateKey(createPrivateKey(kept)));
    const below = new X509Certificate(kept);
    assert.ok(below.checkPrivateKey(createPrivateKey(kept)));
    // 2.5.29.30: name constraints, critical.
    assert.ok(below.raw.includes(Buffer.from('0603551d1e0101ff', 'hex')));
  });

  it('is told to each kind of client by its file', async () => {
    const authority = await openLocalAuthority(join(directory, 'a b'));
    const lines = authority.trustLines();
    for (const word of [
      'NODE_EXTRA_CA_CERTS=',
      'REQUESTS_CA_BUNDLE=',
      'SSL_CERT_FILE=',
      '--cacert ',
      'update-ca-certificates',
      'add-trusted-cert',
      'addstore Root',
      'nssdb',
    ])
      assert.ok(
        lines.some((line) => line.includes(word)),
        word,
      );
    assert.ok(lines.some((line) => line.endsWith(`NODE_EXTRA_CA_CERTS="${authority.path}"`)));
    const toPaste = lines.filter((line) => /^ {2}(?:Go|Chrome)/.test(line));
    assert.deepEqual(
      toPaste.map((line) => line.endsWith(`"${authority.path}"`)),
      [true, true],
      'no remark behind a command',
    );
  });
});

/** The certificate that stands behind the first one. */
const belowIn = (cert: string): X509Certificate => new X509Certificate(cert.slice(cert.indexOf('-----BEGIN CERTIFICATE-----', 1)));

/** A certificate that whoever has the authority's key can make. */
function forged(stolen: string, name: { dns: string } | { ip: string }): ServerCertificate {
  const below = new X509Certificate(stolen);
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const extensions = [isAuthority(false), usage('digitalSignature'), serverUse(), names([name]), signerKey(below.publicKey)];
  const contents = { subject: 'x', publicKey, notBefore: new Date(Date.now() - DAY), notAfter: later(1)(), extensions };
  const der = signCertificate(contents, { name: below.subject.replace('CN=', ''), privateKey: createPrivateKey(stolen) });
  return { key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), cert: `${new X509Certificate(der)}${below}` };
}

async function serving(tls: ServerCertificate, work: (port: number) => Promise<unknown>): Promise<void> {
  const server = createServer(tls, (_request, response) => response.end('hello')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await work((server.address() as AddressInfo).port);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

/** Connects to the port as if it were `host`, and gives the protocol. Throws when the server is not believed. */
async function believing(port: number, host: string, ca?: string): Promise<string | null> {
  const checkServerIdentity = (_host: string, certificate: PeerCertificate) => nameCheck(host, certificate);
  const name = isIP(host) ? {} : { servername: host };
  const socket = connect({ host: '127.0.0.1', port, checkServerIdentity, ...name, ...(ca && { ca }) });
  try {
    await once(socket, 'secureConnect');
    return socket.getProtocol();
  } finally {
    socket.destroy();
  }
}
