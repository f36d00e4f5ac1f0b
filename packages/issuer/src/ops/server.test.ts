import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { freePort } from '@safeconduct/test-support/ports';
import type { Handler } from './front.ts';
import { openLocalAuthority, type ServerCertificate } from './local-authority.ts';
import { type Listening, listen } from './server.ts';

const hello: Handler = async (_request, response) => void response.end('hello');

describe('a server with a certificate', () => {
  const directory = mkdtempSync(join(tmpdir(), 'safeconduct-server-'));
  let tls: ServerCertificate;
  let ca: string;
  before(async () => {
    const authority = await openLocalAuthority(directory);
    tls = await authority.certificateFor([]);
    ca = readFileSync(authority.path, 'utf8');
  });
  after(() => rmSync(directory, { recursive: true }));

  async function serving(handler: Handler, work: (port: number, server: Listening) => Promise<void>): Promise<void> {
    const port = await freePort();
    const server = await listen(handler, { host: '127.0.0.1', port, alsoLoopback6: true, tls });
    try {
      await work(port, server);
    } finally {
      await server.close(0);
    }
  }

  async function ask(port: number, host: string): Promise<string> {
    const asked = request({ host, port, ca, agent: false }).end();
    const [response] = await once(asked, 'response');
    return (await response.toArray()).join('');
  }

  it('speaks https at localhost, on both of its addresses', () =>
    serving(hello, async (port) => {
      for (const host of ['localhost', '127.0.0.1', '::1']) assert.equal(await ask(port, host), 'hello');
    }));

  it('takes TLS 1.2, and nothing older', () =>
    serving(hello, async (port) => {
      const options = { host: 'localhost', port, ca, ciphers: 'ALL:@SECLEVEL=0', minVersion: 'TLSv1' } as const;
      const newer = connectTls({ ...options, maxVersion: 'TLSv1.2' });
      await once(newer, 'secureConnect');
      assert.equal(newer.getProtocol(), 'TLSv1.2');
      newer.destroy();
      await assert.rejects(once(connectTls({ ...options, maxVersion: 'TLSv1.1' }), 'secureConnect'), /protocol version/);
    }));

  it('answers nobody who speaks plain http', () =>
    serving(hello, async (port) => {
      await assert.rejects(fetch(`http://127.0.0.1:${port}/`));
      assert.equal(await ask(port, 'localhost'), 'hello');
    }));

  it('R-149 finishes what it was asked before it ends', async () => {
    const asked = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<void>();
    const slow: Handler = async (_request, response) => {
      asked.resolve();
      await answer.promise;
      response.end('done');
    };
    await serving(slow, async (port, server) => {
      const running = ask(port, 'localhost');
      await asked.promise;
      const closing = server.close(10_000);
      await assert.rejects(ask(port, 'localhost'), /ECONNREFUSED/);
      answer.resolve();
      assert.equal(await running, 'done');
      await closing;
    });
  });

  it('ends in time, whoever connects and then says nothing', () =>
    serving(hello, async (port, server) => {
      const silent = connect(port, '127.0.0.1');
      const ended = once(silent, 'close');
      await once(silent, 'connect');
      assert.equal(await ask(port, 'localhost'), 'hello');
      await server.close(50);
      await ended;
    }));

  it('says so when its port is taken', () =>
    serving(hello, async (port) => {
      const options = { host: '127.0.0.1', port, alsoLoopback6: false, tls };
      await assert.rejects(
        listen(hello, options),
        new RegExp(`is taken by another program.*SAFECONDUCT_ISSUER=http://localhost:${port + 200} `),
      );
      const origin = `https://localhost:${port}`;
      await assert.rejects(listen(hello, { ...options, origin }), new RegExp(`${origin} another port.*add \`--port ${port + 100}\` to`));
    }));
});
