/** For tests of the whole issuer: one on a free port, requests as they are written, and a wire that can be cut. */
import { mkdtempSync, rmSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { freePort } from '@safeconduct/test-support/ports';
import pg from 'pg';
import { createIssuer, type Issuer, type IssuerOptions } from './index.ts';
import { configuration } from './provider/shop.fixtures.test.ts';

export interface Started {
  readonly issuer: Issuer;
  readonly url: string;
  readonly port: number;
  readonly log: readonly string[];
}

export async function start(options: IssuerOptions = {}): Promise<{ started: Started; end(): Promise<void> }> {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'safeconduct-index-'));
  const port = options.port ?? (await freePort());
  const log: string[] = [];
  const logDestination = new Writable({
    write(line, _encoding, done) {
      log.push(String(line));
      done();
    },
  });
  const issuer = await createIssuer({ dataDirectory, issuer: `http://localhost:${port}`, logDestination, configuration, ...options });
  await issuer.listen();
  return {
    started: { issuer, url: issuer.url, port, log },
    async end() {
      await issuer.close(0);
      rmSync(dataDirectory, { recursive: true, force: true });
    },
  };
}

export async function withIssuer(work: (started: Started) => Promise<void>, options: IssuerOptions): Promise<void> {
  const { started, end } = await start(options);
  try {
    await work(started);
  } finally {
    await end();
  }
}

export interface Raw {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** Sends a request exactly as it is written: fetch would tidy it first. */
export function raw(
  port: number,
  { method = 'GET', path, headers = {}, body }: Raw,
): Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; body: string }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, method, path, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
    });
    request.on('error', reject).end(body);
  });
}

export async function kids(url: string): Promise<string[]> {
  const { keys } = (await (await fetch(`${url}/oauth2/jwks`)).json()) as { keys: { kid: string }[] };
  return keys.map(({ kid }) => kid);
}

export async function query(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(text);
  await client.end();
}

/** A database URL whose connections the test can cut, as a network or a server that dies would. */
export async function cuttable(databaseUrl: string): Promise<{ url: string; cut(): void; mend(): void; close(): Promise<void> }> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  let whole = true;
  const server = createServer((near) => {
    if (!whole) return void near.destroy();
    const far = connect(Number(target.port), target.hostname);
    for (const socket of [near, far]) sockets.add(socket.on('error', () => {}).on('close', () => sockets.delete(socket)));
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    cut() {
      whole = false;
      for (const socket of sockets) socket.destroy();
    },
    mend() {
      whole = true;
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
