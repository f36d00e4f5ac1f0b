/** Certificates (RFC 5280): of signing keys, for clients that take a key out of `x5c`, and of servers on this machine. */
import { createPublicKey, hash, type KeyObject, randomBytes, sign } from 'node:crypto';
import { AsnConvert } from '@peculiar/asn1-schema';
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  Certificate,
  type Extension,
  Extensions,
  Name,
  RelativeDistinguishedName,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
} from '@peculiar/asn1-x509';
import { authority, names, subjectKey, usage } from './certificates-extensions.ts';

export interface CertificateContents {
  /** Common name of whose key it is: at most 64 characters. */
  readonly subject: string;
  readonly publicKey: KeyObject;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly extensions: readonly Extension[];
}

/** Who signs a certificate: with an RSA key, or one on P-256. */
export interface CertificateSigner {
  /** Common name. */
  readonly name: string;
  readonly privateKey: KeyObject;
}

/** Makes a certificate of version 3. Gives its DER form. */
export function signCertificate(contents: CertificateContents, { name, privateKey }: CertificateSigner): Buffer {
  const signature = signatureAlgorithm(privateKey);
  const tbsCertificate = new TBSCertificate({
    version: Version.v3,
    serialNumber: bytes(serialNumber()),
    signature,
    issuer: commonName(name),
    validity: new Validity(contents),
    subject: commonName(contents.subject),
    subjectPublicKeyInfo: AsnConvert.parse(contents.publicKey.export({ type: 'spki', format: 'der' }), SubjectPublicKeyInfo),
    extensions: new Extensions([...contents.extensions]),
  });
  const signed = sign('sha256', Buffer.from(AsnConvert.serialize(tbsCertificate)), privateKey);
  return Buffer.from(
    AsnConvert.serialize(new Certificate({ tbsCertificate, signatureAlgorithm: signature, signatureValue: bytes(signed) })),
  );
}

/** A certificate of a signing key, in the two forms that a JWK has it in (RFC 7517, 4.7 and 4.8). */
export interface KeyCertificate {
  /** DER in base64, as in `x5c`. */
  readonly certificate: string;
  /** SHA-1 of its DER form in base64url: `x5t`. It names the key and protects nothing. */
  readonly thumbprint: string;
}

const DAY = 86_400_000;

/** Certifies a signing key of `issuer` by itself, for five years: longer than any key is published. */
export function certifyKey(issuer: string, privateKey: KeyObject, now = new Date()): KeyCertificate {
  const subject = issuer.length <= 64 ? issuer : (URL.parse(issuer)?.hostname ?? issuer).slice(0, 64);
  const publicKey = createPublicKey(privateKey);
  const extensions = [authority(false), usage('digitalSignature'), subjectKey(publicKey), names([{ uri: issuer }])];
  const der = signCertificate(
    // A day back, for clients whose clock is behind.
    { subject, publicKey, notBefore: after(now, -1), notAfter: after(now, 5 * 365), extensions },
    { name: subject, privateKey },
  );
  return { certificate: der.toString('base64'), thumbprint: hash('sha1', der, 'base64url') };
}

const after = (time: Date, days: number): Date => new Date(time.getTime() + days * DAY);

function signatureAlgorithm({ asymmetricKeyType }: KeyObject): AlgorithmIdentifier {
  if (asymmetricKeyType === 'rsa') return new AlgorithmIdentifier({ algorithm: '1.2.840.113549.1.1.11', parameters: null });
  if (asymmetricKeyType === 'ec') return new AlgorithmIdentifier({ algorithm: '1.2.840.10045.4.3.2' });
  throw new TypeError(`certificates are signed with RSA or EC keys, not ${asymmetricKeyType}`);
}

/** 126 random bits behind `01`, so that it is positive and always of one length. */
function serialNumber(): Buffer {
  const serial = randomBytes(16);
  serial.writeUInt8((serial.readUInt8(0) & 0x3f) | 0x40, 0);
  return serial;
}

function commonName(value: string): Name {
  const attribute = new AttributeTypeAndValue({ type: '2.5.4.3', value: new AttributeValue({ utf8String: value }) });
  return new Name([new RelativeDistinguishedName([attribute])]);
}

// A Buffer may be a window on a larger pool.
const bytes = (buffer: Buffer): ArrayBuffer => new Uint8Array(buffer).buffer;
