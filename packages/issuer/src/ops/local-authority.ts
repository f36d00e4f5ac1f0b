/**
 * A certificate authority of this directory, so that origins on this machine speak https: some vendors' clients take
 * nothing else. It can vouch for this machine alone, whoever trusts it. For development: in production, https is ended by
 * a proxy that has a certificate of its own.
 */
import { createPrivateKey, generateKeyPair, hash, type KeyObject, X509Certificate } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { isIP, isIPv4 } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Extension } from '@peculiar/asn1-x509';
import type { SubjectName } from '../secrets/certificates-extensions.ts';
import { keepFirst, readOwn, replaceFile } from './local-authority-files.ts';
import { trustLines } from './local-authority-trust.ts';

export interface LocalAuthority {
  /** File that clients are told to trust: its certificate, as PEM. */
  readonly path: string;
  /** Whether it was made just now, so that nothing trusts it yet. */
  readonly made: boolean;
  /**
   * Key and certificate of a server, both as PEM, for `localhost`, 127.0.0.1, [::1] and further names of this machine
   * (`*.localhost`, 127.0.0.0/8). Good for 60 days at least. Throws for any other name.
   */
  certificateFor(hosts: readonly string[]): Promise<ServerCertificate>;
  /** Lines that say how each kind of client is told to trust it. */
  trustLines(): string[];
}

export interface ServerCertificate {
  readonly key: string;
  readonly cert: string;
}

/** A private key, its certificate, and that of whoever signed it. */
interface Certified {
  readonly key: KeyObject;
  readonly certificate: X509Certificate;
  readonly signer: X509Certificate;
}

const DAY = 86_400_000;
const lifetime = { authority: 5 * 365 * DAY, server: 90 * DAY };
/** Replaced when less than this is left: no certificate of a server outlives its authority, or ends while a server runs that was started lately. */
const least = { authority: 100 * DAY, server: 60 * DAY };
/** Certificates begin earlier, for clients whose clock is behind. */
const EARLIER = DAY;
const alwaysNamed = ['localhost', '127.0.0.1', '::1'];

/** Opens the authority that is kept in `<directory>/local-authority`, or makes it. Any number of processes may do so at once. */
export async function openLocalAuthority(directory: string, now: () => Date = () => new Date()): Promise<LocalAuthority> {
  const folder = join(directory, 'local-authority');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await mkdir(folder, { recursive: true, mode: 0o755 });
  const { made, ...authority } = await currentAuthority(folder, now());
  const path = join(folder, 'ca.pem');
  await replaceFile(path, authority.signer.toString(), { mode: 0o644 });
  return Object.freeze({
    path,
    made,
    certificateFor: (hosts: readonly string[]) => certificateFor(authority, { folder, hosts, now: now() }),
    trustLines: () => trustLines(path),
  });
}

/** Each file is written once, under the next number: whoever is second uses what the first one wrote. */
async function currentAuthority(folder: string, now: Date): Promise<Certified & { readonly made: boolean }> {
  for (;;) {
    const newest = Math.max(0, ...(await numbersIn(folder)));
    const found = newest === 0 ? undefined : await readCertified(fileOf(folder, newest), folder);
    if (found && lasts(found, now, least.authority)) return { ...found, made: false };
    const made = await makeAuthority(now);
    if (!(await keepFirst(fileOf(folder, newest + 1), textOf(made)))) continue;
    if (newest > 0) await rm(fileOf(folder, newest), { force: true });
    return { ...made, made: true };
  }
}

const fileOf = (folder: string, number: number): string => join(folder, `authority-${number}.pem`);

async function numbersIn(folder: string): Promise<number[]> {
  const names = await readdir(folder);
  return names.flatMap((name) => /^authority-(\d{1,6})\.pem$/.exec(name)?.[1] ?? []).map(Number);
}

async function certificateFor(authority: Certified, { folder, hosts, now }: { folder: string; hosts: readonly string[]; now: Date }) {
  const named = [...new Set([...alwaysNamed, ...hosts.map(nameOnThisMachine)])].sort();
  const path = join(folder, `server-${hash('sha256', named.join(' '), 'hex').slice(0, 12)}.pem`);
  const found = await readCertified(path, folder).catch(() => undefined);
  const server = found && issuedBy(found, authority) && lasts(found, now, least.server) ? found : await makeServer(authority, named, now);
  if (server !== found) await replaceFile(path, textOf(server), { mode: 0o600 });
  return { key: keyText(server.key), cert: `${server.certificate}${server.signer}` };
}

function nameOnThisMachine(host: string): string {
  const name = host.toLowerCase().replace(/^\[(.*)\]$/, '$1');
  const here =
    name === '::1' || (isIPv4(name) && name.startsWith('127.')) || /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*localhost$/.test(name);
  if (here) return name;
  throw new Error(
    `the local certificate authority vouches for this machine alone, not for ${host}: ` +
      'use localhost, or a name below it such as login.localhost; elsewhere let a proxy end https',
  );
}

const lasts = ({ certificate }: Certified, now: Date, milliseconds: number): boolean =>
  certificate.validToDate.getTime() - now.getTime() > milliseconds;

const issuedBy = ({ certificate }: Certified, authority: Certified): boolean =>
  certificate.checkIssued(authority.certificate) && certificate.verify(authority.certificate.publicKey);

const generate = promisify(generateKeyPair);
const subjectName = (name: string): SubjectName => (isIP(name) ? { ip: name } : { dns: name });

/**
 * A root that is trusted, and below it what signs. The root's key is forgotten: some clients do not look at the limits of
 * what they trust, but all look at those of what stands below it.
 */
async function makeAuthority(now: Date): Promise<Certified> {
  const { signCertificate } = await import('../secrets/certificates.ts');
  const { authority, namesWithin, signerKey, subjectKey, usage } = await import('../secrets/certificates-extensions.ts');
  const [root, below] = [await generate('ec', { namedCurve: 'P-256' }), await generate('ec', { namedCurve: 'P-256' })];
  // Names of their own, so that a client that trusts several finds the right one.
  const id = hash('sha256', root.publicKey.export({ type: 'spki', format: 'der' }), 'hex').slice(0, 8);
  const signer = { name: `Safeconduct on this machine ${id}`, privateKey: root.privateKey };
  const shared = [usage('keyCertSign'), namesWithin([{ dns: 'localhost' }, { ip: '127.0.0.0/8' }, { ip: '::1/128' }])];
  const certify = (subject: string, publicKey: KeyObject, extensions: Extension[]) =>
    new X509Certificate(
      signCertificate(
        { subject, publicKey, ...validity(now, lifetime.authority), extensions: [...shared, subjectKey(publicKey), ...extensions] },
        signer,
      ),
    );
  return {
    key: below.privateKey,
    certificate: certify(`Safeconduct servers ${id}`, below.publicKey, [authority(0), signerKey(root.publicKey)]),
    signer: certify(signer.name, root.publicKey, [authority(1)]),
  };
}

async function makeServer({ key, certificate }: Certified, named: readonly string[], now: Date): Promise<Certified> {
  const { signCertificate } = await import('../secrets/certificates.ts');
  const { authority, names, serverUse, signerKey, subjectKey, usage } = await import('../secrets/certificates-extensions.ts');
  const { publicKey, privateKey } = await generate('ec', { namedCurve: 'P-256' });
  const der = signCertificate(
    {
      subject: 'localhost',
      publicKey,
      ...validity(now, lifetime.server),
      extensions: [
        authority(false),
        usage('digitalSignature'),
        serverUse(),
        names(named.map(subjectName)),
        subjectKey(publicKey),
        signerKey(certificate.publicKey),
      ],
    },
    { name: certificate.subject.replace(/^CN=/, ''), privateKey: key },
  );
  return { key: privateKey, certificate: new X509Certificate(der), signer: certificate };
}

function validity(now: Date, milliseconds: number): { notBefore: Date; notAfter: Date } {
  const notBefore = new Date(now.getTime() - EARLIER);
  return { notBefore, notAfter: new Date(notBefore.getTime() + milliseconds) };
}

const keyText = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();
const textOf = ({ key, certificate, signer }: Certified): string => `${keyText(key)}${certificate}${signer}`;

/** Reads what `textOf` wrote; undefined when there is none. */
async function readCertified(path: string, folder: string): Promise<Certified | undefined> {
  const text = await readOwn(path, folder);
  if (text === undefined) return undefined;
  try {
    const [certificate, signer] = (text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).map(
      (pem) => new X509Certificate(pem),
    );
    const key = createPrivateKey(text);
    if (certificate?.checkPrivateKey(key) && signer && certificate.verify(signer.publicKey)) return { key, certificate, signer };
  } catch {
    // Told below.
  }
  throw new Error(`${path} is not what was written there: remove ${folder}, start again, and let clients trust the new ca.pem`);
}
