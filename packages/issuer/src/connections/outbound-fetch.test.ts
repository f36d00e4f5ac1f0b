import assert from 'node:assert/strict';
import type { LookupAddress } from 'node:dns';
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { after, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { createOutboundFetch, OutboundFailed, type OutboundFetch } from './outbound-fetch.ts';

const LOCAL = 'http://localhost:8080';
const PUBLIC = 'https://issuer.example';
const closing: (() => Promise<unknown> | unknown)[] = [];
after(async () => {
  for (const close of closing) await close();
});

async function serve(listener: RequestListener): Promise<{ readonly url: string; readonly port: number }> {
  const server: Server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, port };
}

function fetching(options: Partial<Parameters<typeof createOutboundFetch>[0]> = {}): OutboundFetch {
  const fetch = createOutboundFetch({ issuer: LOCAL, ...options });
  closing.push(() => fetch.close());
  return fetch;
}

const answering =
  (...addresses: string[]) =>
  async (): Promise<LookupAddress[]> =>
    addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));

const notSent = (error: unknown): boolean => error instanceof OutboundFailed && !error.sent;
const sent = (error: unknown): boolean => error instanceof OutboundFailed && error.sent;

describe('the fetch that goes out', () => {
  it('R-122 asks on a connection of its own: one that was kept may be closed there while the next request is on its way', async () => {
    const served = new WeakSet<object>();
    const { url } = await serve(({ socket }, response) => {
      if (served.has(socket)) return void socket.destroy();
      served.add(socket);
      response.end('{}');
    });
    const fetch = fetching();
    for (let turn = 0; turn < 3; turn++) assert.equal((await fetch(url, { method: 'POST', body: 'a=b' })).status, 200);
  });

  it('R-038 asks a third party and gives its answer', async () => {
    const { url } = await serve((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        response.writeHead(201, { 'content-type': 'application/json', 'set-cookie': ['a=1', 'b=2'] });
        response.end(JSON.stringify({ method: request.method, url: request.url, body, headers: request.headers }));
      });
    });
    const response = await fetching()(`${url}/token?x=1`, {
      method: 'POST',
      body: new URLSearchParams({ a: 'b c' }),
      headers: { accept: 'application/json' },
    });
    const seen = (await response.json()) as { body: string; url: string; headers: Record<string, string> };
    assert.equal(response.status, 201);
    assert.deepEqual(response.headers.getSetCookie(), ['a=1', 'b=2']);
    assert.equal(seen.url, '/token?x=1');
    assert.equal(seen.body, 'a=b+c');
    assert.equal(seen.headers['content-type'], 'application/x-www-form-urlencoded;charset=UTF-8');
    assert.equal(seen.headers['accept-encoding'], 'identity');
  });

  it('R-038 needs https, except on loopback in development', async () => {
    const { url } = await serve((_request, response) => response.end('{}'));
    assert.equal((await fetching()(url)).status, 200);
    await assert.rejects(fetching({ issuer: PUBLIC })(url), notSent);
    await assert.rejects(fetching()('http://calendar.example/'), notSent);
    for (const odd of ['ftp://calendar.example/', 'file:///etc/passwd', 'data:,x', 'gopher://127.0.0.1/', 'no url'])
      await assert.rejects(fetching()(odd), notSent);
  });

  it('R-038 refuses an address with a user name in it', async () => {
    await assert.rejects(fetching()('https://user@calendar.example/'), notSent);
    await assert.rejects(fetching()('https://calendar.example:secret@evil.example/'), (error: Error) => !error.message.includes('secret'));
  });

  it('R-038 SSR-02 refuses special-use addresses in every spelling that a URL has', async () => {
    const fetch = fetching({ issuer: PUBLIC });
    for (const host of [
      '127.0.0.1',
      '127.1',
      '2130706433',
      '0x7f.1',
      '0x7f000001',
      '017700000001',
      '0177.0.0.1',
      '127.0.0.1.',
      '①②⑦.0.0.1',
      '169.254.169.254',
      '0xa9fea9fe',
      '[::1]',
      '[::ffff:127.0.0.1]',
      '[::ffff:a9fe:a9fe]',
      '[64:ff9b::a9fe:a9fe]',
      '[2002:7f00:1::]',
      '[fd00:ec2::254]',
      '[::]',
      '0',
      '0.0.0.0',
      '10.0.0.1',
      '192.168.1.1',
    ])
      await assert.rejects(fetch(`https://${host}/`), (error) => notSent(error) && /not public/.test((error as Error).message), host);
  });

  it('R-038 SSR-03 refuses a name whose answer holds one address that is not public', async () => {
    for (const addresses of [['169.254.169.254'], ['93.184.216.34', '10.0.0.1'], ['2606:4700::1111', '::1'], ['fe80::1%2'], []])
      await assert.rejects(fetching({ issuer: PUBLIC, resolve: answering(...addresses) })('https://calendar.example/'), notSent);
  });

  it('R-038 SSR-03 refuses a name that leads to this machine, in development as well', async () => {
    const { port } = await serve((_request, response) => response.end('{}'));
    await assert.rejects(fetching({ resolve: answering('127.0.0.1') })(`https://calendar.example:${port}/`), notSent);
  });

  it('R-038 SSR-06 F-21 connects to the address that was checked, and asks for it once', async () => {
    const knocks: string[] = [];
    const server = createTcpServer((socket) => {
      knocks.push(socket.localAddress ?? '');
      socket.destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(() => server.close());
    let asked = 0;
    // A name server that changes its mind: first an address that is listed, then one that is not.
    const resolve = async () => {
      asked += 1;
      return [{ address: asked === 1 ? '127.0.0.1' : '127.0.0.2', family: 4 }];
    };
    const fetch = fetching({ issuer: PUBLIC, allowedNetworks: ['127.0.0.1/32'], resolve });
    const { port } = server.address() as AddressInfo;
    await assert.rejects(fetch(`https://calendar.example:${port}/`), OutboundFailed);
    assert.deepEqual([knocks, asked], [['127.0.0.1'], 1]);
    await assert.rejects(fetch(`https://calendar.example:${port}/`), notSent);
    assert.equal(knocks.length, 1);
  });

  it('R-038 SSR-04 follows no redirect', async () => {
    let followed = 0;
    const { url } = await serve((request, response) => {
      if (request.url === '/evil') followed += 1;
      response
        .writeHead(Number(request.url?.slice(1)) || 200, { location: request.url === '/302' ? 'http://169.254.169.254/latest' : '/evil' })
        .end();
    });
    for (const status of [301, 302, 303, 307, 308]) await assert.rejects(fetching()(`${url}/${status}`), sent);
    assert.equal(followed, 0);
  });

  it('R-038 SSR-05 lets go of an answer that is too large, with or without a length', async () => {
    let written = 0;
    const { url } = await serve((request, response) => {
      if (request.url === '/length') response.writeHead(200, { 'content-length': '1000000' });
      const more = () => {
        while (!response.destroyed && written < 5e7) {
          written += 16_384;
          if (!response.write('x'.repeat(16_384))) return response.once('drain', more);
        }
      };
      more();
    });
    for (const path of ['/length', '/endless']) await assert.rejects(fetching()(url + path, { maxBytes: 20_000 }), sent);
    assert.ok(written < 2e7, `${written} bytes were sent`);
  });

  it('R-038 SSR-05 undoes no encoding, so that nothing small becomes large', async () => {
    const bomb = gzipSync(Buffer.alloc(10_000_000));
    const { url } = await serve((_request, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb));
    await assert.rejects(fetching()(url), sent);
  });

  it('R-038 ends when the answer takes too long, whether it began or not', async () => {
    const { url } = await serve((request, response) => {
      if (request.url === '/begun') response.writeHead(200).write('{');
    });
    for (const path of ['/silent', '/begun']) {
      const begun = performance.now();
      await assert.rejects(fetching()(url + path, { timeout: 150 }), sent);
      assert.ok(performance.now() - begun < 2_000);
    }
  });

  it('R-038 F-21 ends when a name server does not answer, with nothing sent', async () => {
    const fetch = fetching({ issuer: PUBLIC, resolve: () => new Promise<never>(() => {}) });
    await assert.rejects(fetch('https://calendar.example/', { timeout: 150 }), notSent);
  });

  it('tells a connection that never was from one that broke', async () => {
    const broken = await serve((request) => request.socket.destroy());
    await assert.rejects(fetching()(broken.url, { method: 'POST', body: 'x' }), sent);
    const gone = createServer();
    await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve));
    const { port } = gone.address() as AddressInfo;
    await new Promise((resolve) => gone.close(resolve));
    await assert.rejects(
      fetching()(`http://127.0.0.1:${port}/`),
      (error) => notSent(error) && /ECONNREFUSED/.test((error as Error).message),
    );
  });

  it('names origin and path of what failed, and nothing secret', async () => {
    const { url } = await serve((_request, response) => response.writeHead(302, { location: '/' }).end());
    await assert.rejects(fetching()(`${url}/place?code=hidden`, { headers: { authorization: 'Bearer hidden' } }), (error: Error) => {
      assert.match(error.message, /\/place answered with a redirect/);
      return !JSON.stringify([error.message, String(error.cause)]).includes('hidden');
    });
  });

  it('takes a form or a text as a body, and says so', async () => {
    await assert.rejects(fetching()('https://calendar.example/', { method: 'POST', body: new Blob(['x']) }), TypeError);
  });
});
