/** A stand-in for a vendor: its documents and keys under its own addresses, answered by a server on 127.0.0.1. */
import { createHash, createHmac, generateKeyPairSync, type KeyObject, sign as signBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Fetch } from '../protocol/fetch.ts';

export type Json = Record<string, unknown>;

/** A signing key with a certificate of its own. */
export interface SigningKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** `kty`, `n`, `e`. */
  readonly jwk: Json;
  /** Base64 of DER. */
  readonly certificate: string;
  /** SHA-1 thumbprint of the certificate, base64url. */
  readonly x5t: string;
}

export interface Vendor {
  /** Brings requests for `https://vendor/…` to this server. */
  readonly fetch: Fetch;
  /** `http://127.0.0.1:port`, under which every host is a folder. */
  readonly origin: string;
  /** What is answered, by address without scheme and query: a document, or a function of the form that was sent. */
  readonly documents: Map<string, Json | ((form: URLSearchParams, headers: Headers) => Json | number)>;
  /** Whole addresses in the order in which they were asked. */
  readonly asked: string[];
  close(): Promise<void>;
}

/** Starts an empty vendor. */
export async function startVendor(): Promise<Vendor> {
  const documents: Vendor['documents'] = new Map();
  const asked: string[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const address = (request.url ?? '').slice(1);
    asked.push(`https://${address}`);
    const document = documents.get(address.split('?')[0] ?? '') ?? (() => 404);
    const form = new URLSearchParams(Buffer.concat(chunks).toString());
    const body = typeof document === 'function' ? document(form, new Headers(request.headers as Record<string, string>)) : document;
    response.writeHead(typeof body === 'number' ? body : 200, { 'content-type': 'application/json; charset=utf-8' });
    response.end(typeof body === 'number' ? '{}' : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    documents,
    asked,
    fetch: (url, init) => fetch(url.replace(/^https:\//, origin), init),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Makes an RSA key with a self-signed certificate. */
export function newSigningKey(name: string): SigningKey {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const certificate = selfSigned(name, privateKey, publicKey);
  const x5t = createHash('sha1').update(certificate).digest('base64url');
  return {
    kid: x5t,
    x5t,
    privateKey,
    publicKey,
    jwk: publicKey.export({ format: 'jwk' }) as Json,
    certificate: certificate.toString('base64'),
  };
}

/** Signs claims with RS256 under a header of this very form. */
export function signed(key: SigningKey, header: Json, claims: Json): string {
  const text = compact({ alg: 'RS256', kid: key.kid, ...header }, claims);
  return `${text}.${signBytes('sha256', Buffer.from(text), key.privateKey).toString('base64url')}`;
}

/** A token with an HMAC over it whose key is public, as in an algorithm confusion. */
export function macOver(secret: string, header: Json, claims: Json): string {
  const text = compact({ alg: 'HS256', ...header }, claims);
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}

function compact(header: Json, claims: Json): string {
  return [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
}

/** A request with a bearer token. */
export function bearing(token: string): Request {
  return new Request('https://api.example/orders', { headers: { authorization: `Bearer ${token}` } });
}

const der = (tag: number, ...parts: readonly Uint8Array[]): Buffer => {
  const content = Buffer.concat(parts);
  const size = content.length < 128 ? [content.length] : [0x82, content.length >> 8, content.length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
};
const sequence = (...parts: readonly Uint8Array[]): Buffer => der(0x30, ...parts);
const bits = (content: Uint8Array): Buffer => der(0x03, Buffer.from([0]), content);

// RFC 5280 section 4.1, version 1: serial number, algorithm, issuer, validity, subject, key.
function selfSigned(name: string, privateKey: KeyObject, publicKey: KeyObject): Buffer {
  const sha256WithRsa = sequence(Buffer.from('06092a864886f70d01010b0500', 'hex'));
  const subject = sequence(der(0x31, sequence(Buffer.from('0603550403', 'hex'), der(0x0c, Buffer.from(name)))));
  const validity = sequence(der(0x17, Buffer.from('250101000000Z')), der(0x17, Buffer.from('450101000000Z')));
  const key = publicKey.export({ type: 'spki', format: 'der' });
  const content = sequence(der(0x02, Buffer.from([1])), sha256WithRsa, subject, validity, subject, key);
  return sequence(content, sha256WithRsa, bits(signBytes('sha256', content, privateKey)));
}
