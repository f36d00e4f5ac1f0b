import { type KeyObject, X509Certificate } from 'node:crypto';

/** What a JWK may say about a certificate: RFC 7517 sections 4.7 to 4.9. */
export interface CertificateMembers {
  readonly x5c?: unknown;
  readonly x5t?: unknown;
  readonly 'x5t#S256'?: unknown;
}

/**
 * True unless the certificate that comes with a key says something else than the key: its first certificate must hold this very
 * key (RFC 7517 section 4.7), and a thumbprint must be that certificate's. Nothing is trusted because of a certificate.
 */
export function certificateAgrees(key: KeyObject, { x5c, x5t, 'x5t#S256': x5tS256 }: CertificateMembers): boolean {
  if (x5c === undefined) return true;
  const certificate = Array.isArray(x5c) ? parse(x5c[0]) : undefined;
  if (certificate === undefined || !certificate.publicKey.equals(key)) return false;
  return isThumbprint(x5t, certificate.fingerprint) && isThumbprint(x5tS256, certificate.fingerprint256);
}

// Plain base64 of DER, not base64url: RFC 7517 section 4.7.
function parse(text: unknown): X509Certificate | undefined {
  if (typeof text !== 'string' || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return undefined;
  try {
    return new X509Certificate(Buffer.from(text, 'base64'));
  } catch {
    return undefined;
  }
}

function isThumbprint(value: unknown, fingerprint: string): boolean {
  if (value === undefined) return true;
  if (typeof value !== 'string') return false;
  const hex = fingerprint.replaceAll(':', '');
  const bytes = Buffer.from(value, 'base64url');
  // Older tenants of Auth0 encode the hexadecimal text instead of the bytes.
  return bytes.toString('hex').toUpperCase() === hex || bytes.toString('latin1').toUpperCase() === hex;
}
